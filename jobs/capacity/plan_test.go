package capacity

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// testBook has round numbers.
func testBook(t *testing.T) Book {
	t.Helper()
	b, err := Parse(text(t, "constants"), text(t, "assumptions"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func text(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestAPlanIsWhatItsArithmeticSays(t *testing.T) {
	cases := strings.Split(text(t, "cases"), "\nload: ")[1:]
	for _, c := range cases {
		lines := strings.Split(c, "\n")
		b, l := testBook(t), parseLoad(t, lines[0])
		var err error
		for _, line := range lines[1:] {
			if set, is := strings.CutPrefix(line, "set: "); is {
				name, value, _ := strings.Cut(set, "=")
				if b, err = b.Set(name, value); err != nil {
					t.Fatal(err)
				}
			}
		}
		p, err := New(l, b)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range lines[1:] {
			checkLine(t, p, lines[0], line)
		}
	}
	if len(cases) < 6 {
		t.Errorf("%d cases were read", len(cases))
	}
}

func parseLoad(t *testing.T, line string) Load {
	t.Helper()
	f := strings.Split(line, ", ")
	if len(f) != 7 {
		t.Fatalf("%q has %d fields", line, len(f))
	}
	var n [7]float64
	for _, i := range []int{0, 1, 3, 4, 5} {
		var err error
		if n[i], err = strconv.ParseFloat(f[i], 64); err != nil {
			t.Fatal(err)
		}
	}
	flush, err := time.ParseDuration(f[2])
	if err != nil {
		t.Fatal(err)
	}
	return Load{ListensPerSecond: n[0], Days: int(n[1]), Flush: flush, FlushRows: int64(n[3]), FlushBytes: int64(n[4]), Share: int(n[5]), Catalog: f[6]}
}

// checkLine holds a plan against one line of a case.
func checkLine(t *testing.T, p Plan, load, line string) {
	t.Helper()
	if beyond, is := strings.CutPrefix(line, "beyond: "); is {
		want := strings.Fields(strings.TrimPrefix(beyond, "none"))
		slices.Sort(want)
		if diff := cmp.Diff(want, beyondOf(p)); diff != "" && len(want)+len(beyondOf(p)) > 0 {
			t.Errorf("%s: beyond what was measured: %s", load, diff)
		}
		return
	}
	what, number, is := strings.Cut(line, " = ")
	if !is || line[0] == '#' {
		return
	}
	want, err := strconv.ParseFloat(number, 64)
	if err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	got, found := valueOf(p, what)
	if !found || math.Abs(got-want) > 1e-9*math.Max(1, math.Abs(want)) {
		t.Errorf("%s: %s is %v (found: %t), want %v", load, what, got, found, want)
	}
}

func valueOf(p Plan, what string) (float64, bool) {
	for _, f := range p.Figures {
		if f.Part+", "+f.What == what {
			return f.Value, true
		}
	}
	for _, l := range p.Limits {
		if l.Stage+": used" == what {
			return l.Used, true
		}
	}
	for _, r := range p.Rooms {
		if fmt.Sprintf("room of %s at %v s", r.Catalog, r.Seconds) == what {
			return r.Ingesters, true
		}
	}
	return 0, false
}

// beyondOf are the constants that a plan uses beyond what was measured.
func beyondOf(p Plan) (names []string) {
	for _, f := range p.Figures {
		names = append(names, f.Past...)
	}
	for _, l := range p.Limits {
		names = append(names, l.Past...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func TestTheLimitReachedFirstIsTheFirst(t *testing.T) {
	p, err := New(parseLoad(t, "4000, 10, 10s, 1000000, 100000000, 1, postgres"), testBook(t))
	if err != nil {
		t.Fatal(err)
	}
	var stages []string
	for _, l := range p.Limits {
		stages = append(stages, l.Stage)
	}
	if diff := cmp.Diff([]string{"job royalties", "job rollup", "job maintain", "commits to listens"}, stages); diff != "" {
		t.Error(diff)
	}
	if p.Binding().Stage != "job royalties" || p.Over() != 1 {
		t.Errorf("the limit is %s, %d stages fall behind", p.Binding().Stage, p.Over())
	}
	if fits := p.Binding().Fits; math.Abs(fits-750) > 1e-6 { // 6,000 x 0.5 for 6 of 24 hours
		t.Errorf("it is full at %v listens a second", fits)
	}
}

func TestARoomSaysWhereItIsExtrapolated(t *testing.T) {
	p, err := New(parseLoad(t, "4000, 10, 10s, 1000000, 100000000, 1, postgres"), testBook(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range p.Rooms {
		if beyond := len(r.Past) > 0; beyond != (r.Ingesters > 100) { // committers that were measured
			t.Errorf("%+v", r)
		}
	}
}

func TestTooManyCommitsComeWithWhatToDo(t *testing.T) {
	p, err := New(parseLoad(t, "500000, 1, 15s, 1000, 268435456, 1, sqlite"), testBook(t))
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(p.Limits, func(l Limit) bool { return l.Stage == "commits to listens" })
	// 250 times too many: 250 times 2 s, or 250 members a commit.
	if help := p.Limits[i].Help; !strings.Contains(help, "every 500 s instead of every 2 ") || !strings.Contains(help, "let 250 ingesters share a commit") {
		t.Error(help)
	}
}

func TestALoadThatMakesNoSenseIsRefused(t *testing.T) {
	for _, c := range []struct{ load, says string }{
		{"0, 1, 15s, 1, 1, 1, sqlite", "0 listens a second: at least 1e-06"},
		{"-5, 1, 15s, 1, 1, 1, sqlite", "-5 listens a second"},
		{"NaN, 1, 15s, 1, 1, 1, sqlite", "NaN listens a second"},
		{"Inf, 1, 15s, 1, 1, 1, sqlite", "+Inf listens a second"},
		{"2e9, 1, 15s, 1, 1, 1, sqlite", "2000000000 listens a second: at most 1000000000"},
		{"1, 0, 15s, 1, 1, 1, sqlite", "0 days: from 1 to 36600"},
		{"1, 36601, 15s, 1, 1, 1, sqlite", "36601 days"},
		{"1, 1, 0s, 1, 1, 1, sqlite", "a flush every 0s: from 1s to 24h"},
		{"1, 1, 15s, 0, 1, 1, sqlite", "a flush at 0 rows and 1 bytes"},
		{"1, 1, 15s, 1, 1, 0, sqlite", "0 members a commit"},
		{"1, 1, 15s, 1, 1, 1, mysql", `catalog "mysql": one of [sqlite postgres rest]`},
	} {
		if _, err := New(parseLoad(t, c.load), testBook(t)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %s", c.load, err, c.says)
		}
	}
}

// Whoever reads a plan by a program finds a list where nothing is beyond what was measured, too.
func TestAPlanHasAListWhereverThereMayBeOne(t *testing.T) {
	for _, load := range []string{"4, 10, 10s, 1000000, 100000000, 1, postgres", "400000, 1000, 1s, 1000000, 100000000, 1, rest"} {
		p, err := New(parseLoad(t, load), testBook(t))
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		if i := bytes.Index(text, []byte(":null")); i >= 0 {
			t.Errorf("%s: no list in ...%s", load, text[max(0, i-200):i+5])
		}
	}
}
