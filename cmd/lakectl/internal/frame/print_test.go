package frame

import (
	"bytes"
	"encoding/json"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type lineResult struct {
	ArtistID string `json:"artist_id"`
	Listens  int64  `json:"listens"`
	Version  int    `json:"version"`
	Note     string `json:"note"`
}

type sampleResult struct {
	Table      string           `json:"table"`
	SnapshotID int64            `json:"snapshot_id,string"`
	Rows       int64            `json:"rows"`
	At         time.Time        `json:"at"`
	Missing    *int64           `json:"missing,omitempty"`
	Periods    []string         `json:"periods"`
	ByReason   map[string]int64 `json:"by_reason"`
	Lines      []lineResult     `json:"lines"`
	Inner      struct {
		Ratio float64 `json:"ratio"`
	} `json:"inner"`
	Hidden int `json:"hidden" text:"-"`
	Code   int `json:"code" text:"plain"`
}

func sample() *sampleResult {
	s := &sampleResult{
		Table: "listens", SnapshotID: 8512334455667788, Rows: 1234567, Code: 20260301,
		At:       time.Date(2026, 3, 1, 2, 0, 0, 0, time.FixedZone("CET", 3600)),
		Periods:  []string{"2026-02", "2026-03"},
		ByReason: map[string]int64{"unknown_type": 2, "malformed_json": 1000},
		Lines:    []lineResult{{"a1", 12, 1000, "x"}, {"a\x1b2", 1234, 2, ""}},
	}
	s.Inner.Ratio = 0.25
	return s
}

func TestTextIsAlignedAndEasyToRead(t *testing.T) {
	var b bytes.Buffer
	if err := PrintResult(t.Context(), &b, sample(), Form{}); err != nil {
		t.Fatal(err)
	}
	want := `
table        listens
snapshot id  8512334455667788
rows         1,234,567
at           2026-03-01T01:00:00Z
periods      2026-02, 2026-03
code         20260301

by reason:
malformed_json  1,000
unknown_type        2

lines:
artist_id  listens  version  note
a1              12     1000  x
a\x1b2       1,234        2  -

inner:
ratio  0.25
`
	if diff := cmp.Diff(strings.TrimPrefix(want, "\n"), b.String()); diff != "" {
		t.Fatal(diff)
	}
}

func TestJSONIsOneDocumentForScripts(t *testing.T) {
	var b bytes.Buffer
	s := sample()
	s.Periods, s.Lines, s.ByReason = nil, nil, nil
	if err := PrintResult(t.Context(), &b, s, Form{JSON: true}); err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	d := json.NewDecoder(&b)
	d.UseNumber()
	if err := d.Decode(&got); err != nil || d.More() {
		t.Fatalf("%v, more: %v", err, d.More())
	}
	want := map[string]any{
		"table": "listens", "snapshot_id": "8512334455667788", "rows": json.Number("1234567"),
		"at": "2026-03-01T01:00:00Z", "periods": []any{}, "by_reason": map[string]any{}, "lines": []any{},
		"inner": map[string]any{"ratio": json.Number("0.25")}, "hidden": json.Number("0"), "code": json.Number("20260301"),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatal(diff)
	}
}

func TestAnEmptyListSaysSo(t *testing.T) {
	for _, asJSON := range []bool{false, true} {
		var b bytes.Buffer
		if err := PrintResult(t.Context(), &b, []lineResult(nil), Form{JSON: asJSON}); err != nil {
			t.Fatal(err)
		}
		if want := map[bool]string{false: "none\n", true: "[]\n"}[asJSON]; b.String() != want {
			t.Errorf("got %q, want %q", b.String(), want)
		}
	}
}

func TestNoResultPrintsNothing(t *testing.T) {
	for _, v := range []any{nil, (*sampleResult)(nil)} {
		var b bytes.Buffer
		if err := PrintResult(t.Context(), &b, v, Form{JSON: true}); err != nil || b.Len() > 0 {
			t.Errorf("got %q, %v", b.String(), err)
		}
	}
}

func TestEveryFieldNeedsAJSONName(t *testing.T) {
	for _, v := range []any{
		struct{ Rows int }{},
		struct {
			Rows int `json:"rowsRead"`
		}{},
		[]struct{ Rows int }{{1}},
	} {
		if err := PrintResult(t.Context(), &bytes.Buffer{}, v, Form{JSON: true}); err == nil {
			t.Errorf("%T was printed", v)
		}
	}
}

func TestATableKeepsTheOrderOfItsColumns(t *testing.T) {
	huge, _ := new(big.Int).SetString("170141183460469231731687303715884105727", 10)
	v := Table{Columns: []string{"z", "a", "at"}, Rows: [][]any{
		{int64(12000), huge, time.Date(2026, 3, 1, 1, 0, 0, 0, time.FixedZone("CET", 3600))},
		{int64(1), nil, nil},
	}}
	var text, doc bytes.Buffer
	if err := PrintResult(t.Context(), &text, v, Form{}); err != nil {
		t.Fatal(err)
	}
	wantText := `
    z                                        a  at
12000  170141183460469231731687303715884105727  2026-03-01T00:00:00Z
    1  NULL                                     NULL
`
	if diff := cmp.Diff(strings.TrimPrefix(wantText, "\n"), text.String()); diff != "" {
		t.Error(diff)
	}
	if err := PrintResult(t.Context(), &doc, v, Form{JSON: true}); err != nil {
		t.Fatal(err)
	}
	var flat bytes.Buffer
	if err := json.Compact(&flat, doc.Bytes()); err != nil {
		t.Fatal(err)
	}
	wantDoc := `{"columns":["z","a","at"],"rows":[{"z":12000,"a":170141183460469231731687303715884105727,"at":"2026-03-01T00:00:00Z"},{"z":1,"a":null,"at":null}]}`
	if diff := cmp.Diff(wantDoc, flat.String()); diff != "" {
		t.Error(diff)
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", -1234567: "-1,234,567", -999: "-999", -1 << 63: "-9,223,372,036,854,775,808"} {
		if got := Thousands(n); got != want {
			t.Errorf("%d: got %s, want %s", n, got, want)
		}
	}
}

func TestWhatAnEventBroughtCannotSteerTheTerminal(t *testing.T) {
	for in, want := range map[string]string{
		"Sigur Rós": "Sigur Rós", "a\nb": `a\nb`, "\x1b]0;x\a": `\x1b]0;x\a`, "a\u202eb": `a\u202eb`, "\xff": `\xff`, "it's": "it's", "�": "�",
	} {
		if got := clean(in); got != want {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
	}
}

func TestListsAndObjectsOfATableArePrintedAsJSON(t *testing.T) {
	v := Table{Columns: []string{"list", "object"}, Rows: [][]any{
		{[]any{int32(1), nil, "<a>"}, map[string]any{"b": []any{}, "a": "\x1b"}},
		{[]any{}, nil},
	}}
	var text bytes.Buffer
	if err := PrintResult(t.Context(), &text, v, Form{}); err != nil {
		t.Fatal(err)
	}
	want := "list            object\n[1,null,\"<a>\"]  {\"a\":\"\\u001b\",\"b\":[]}\n[]              NULL\n"
	if diff := cmp.Diff(want, text.String()); diff != "" {
		t.Error(diff)
	}
	var doc struct {
		Rows []map[string]any `json:"rows"`
	}
	var b bytes.Buffer
	if err := PrintResult(t.Context(), &b, v, Form{JSON: true}); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b.Bytes(), &doc); err != nil || len(doc.Rows) != 2 {
		t.Errorf("%v: %s", err, b.String())
	}
}
