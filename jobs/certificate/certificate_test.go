package certificate

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestCountsAreSaidFromFivePeopleOn(t *testing.T) {
	w := begin(t)
	for people := 1; people <= 6; people++ {
		c := must[*Certificate](t)(parse(w.issue(t, people)))
		if said := c.Counts != nil; said != (people >= 5) {
			t.Errorf("%d people: counts %v", people, c.Counts)
		}
	}
}

// Nobody can hand a reader counts that Issue would not say, with a good signature either.
func TestADocumentThatIssueWouldNotWriteIsRefused(t *testing.T) {
	w := begin(t)
	good := must[*Certificate](t)(parse(w.issue(t, 6)))
	for name, spoil := range map[string]func(c *Certificate){
		"counts of four people":      func(c *Certificate) { c.Counts = &Counts{People: 4} },
		"more people than requests":  func(c *Certificate) { c.Counts = &Counts{People: 7} },
		"a count below 0":            func(c *Certificate) { c.Counts = &Counts{People: 5, Rows: -1} },
		"no request":                 func(c *Certificate) { c.Requests = nil },
		"a request twice":            func(c *Certificate) { c.Requests[1] = c.Requests[0] },
		"requests not sorted":        func(c *Certificate) { slices.Reverse(c.Requests) },
		"residuals not sorted":       func(c *Certificate) { slices.Reverse(c.Residuals) },
		"no list of residuals":       func(c *Certificate) { c.Residuals = nil },
		"a residual without a word":  func(c *Certificate) { c.Residuals[0].What = "" },
		"a residual of two lines":    func(c *Certificate) { c.Residuals[0].What = "a\nb" },
		"a residual too long":        func(c *Certificate) { c.Residuals[1].What = strings.Repeat("x", 201) },
		"a date in local time":       func(c *Certificate) { c.Residuals[1].Until = at(noon.In(time.FixedZone("", 3600))) },
		"a time finer than a second": func(c *Certificate) { c.IssuedAt = noon.Add(time.Millisecond) },
		"no lake":                    func(c *Certificate) { c.Lake = "" },
		"no verifier":                func(c *Certificate) { c.Verifier = "" },
		"objects without a root":     func(c *Certificate) { c.ObjectsRemoved.Root = rootOfNothing },
		"a root without objects":     func(c *Certificate) { c.ObjectsRemoved.Count = 0 },
		"the place of the first key": func(c *Certificate) { c.Log.Index = 0 },
		"schema 0":                   func(c *Certificate) { c.Schema = 0 },
		"a later schema":             func(c *Certificate) { c.Schema = 2 },
	} {
		c := *good
		c.Requests, c.Residuals = slices.Clone(good.Requests), slices.Clone(good.Residuals)
		spoil(&c)
		if _, err := encode(&c); err == nil {
			t.Errorf("%s: was written", name)
		}
	}
	if _, err := encode(good); err != nil {
		t.Errorf("the document that was spoiled: %v", err)
	}
}

// A signature over another spelling of a document is good, the document is not.
func TestADocumentHasOneSpelling(t *testing.T) {
	w := begin(t)
	file := w.issue(t, 5)
	text := string(file[:bytes.LastIndex(file, []byte("\n\n"))+1])
	for name, c := range map[string][2]string{
		"an unknown field":     {`"schema": 1,`, `"schema": 1, "note": "x",`},
		"a key twice":          {`"schema": 1,`, "\"schema\": 1,\n  \"schema\": 1,"},
		"a key in other case":  {`"schema": 1,`, `"Schema": 1,`},
		"a space more":         {`"schema": 1,`, `"schema":  1,`},
		"a number otherwise":   {`"schema": 1,`, `"schema": 1.0,`},
		"a letter escaped":     {`"lakectl v1.0.0"`, `"lakect\u006c v1.0.0"`},
		"UTC otherwise":        {`12:00:00Z",` + "\n  \"verifier", `12:00:00+00:00",` + "\n  \"verifier"},
		"bytes behind the end": {"}\n", "}\n{}\n"},
		"a newline less":       {"\n}\n", "}\n"},
	} {
		at := strings.LastIndex(text, c[0])
		if at < 0 {
			t.Fatalf("%s: no %q in\n%s", name, c[0], text)
		}
		other := text[:at] + c[1] + text[at+len(c[0]):]
		signed := must[[]byte](t)(w.key().sign([]byte(other)))
		refused(t, Evidence{Certificate: signed}, "%s", name)
	}
	signed := must[[]byte](t)(w.key().sign([]byte(text)))
	if !bytes.Equal(signed, file) {
		t.Error("the same document signed again is another file")
	}
}

// What is left once the openings are forgotten says nothing about who it was.
func TestACertificateNamesNobody(t *testing.T) {
	w := begin(t)
	file := string(w.issue(t, 6))
	for _, o := range w.openings[0] {
		commitment := must[Hash](t)(o.Commitment())
		if !strings.Contains(file, commitment.String()) {
			t.Errorf("no commitment of offset %d", o.SourceOffset)
		}
		again := must[Opening](t)(NewOpening(o.Request))
		if must[Hash](t)(again.Commitment()) == commitment {
			t.Error("the same request has the same commitment twice: it can be found by trying")
		}
		for _, secret := range []string{o.Subject, o.Random.String(), fmt.Sprintf(": %d,", o.SourceOffset)} {
			if strings.Contains(file, secret) || strings.Contains(string(w.Text()), secret) {
				t.Errorf("%q is in the certificate or the log", secret)
			}
		}
	}
}

func TestTheOrderOfABatchLeavesNoTrace(t *testing.T) {
	w := begin(t)
	b := must[*Certificate](t)(parse(w.issue(t, 6))).Batch
	slices.Reverse(b.Requests)
	slices.Reverse(b.Residuals)
	file, _, err := (*begin(t)).Issue(w.key(), b)
	if err == nil {
		t.Fatalf("a key of another log issued %s", file)
	}
	one := must[Log](t)(NewLog(w.key()))
	file, _, err = one.Issue(w.key(), b)
	if err != nil || !bytes.Equal(file, w.files[0]) {
		t.Errorf("the batch in another order is another certificate: %v\n%s", err, cmp.Diff(string(w.files[0]), string(file)))
	}
}

func TestAnOpeningThatIsNoneIsRefused(t *testing.T) {
	good := Request{SourceTopic: "listens", Subject: "ab", From: at(noon), To: at(noon.Add(time.Microsecond))}
	for name, spoil := range map[string]func(r *Request){
		"no topic":                        func(r *Request) { r.SourceTopic = "" },
		"no subject":                      func(r *Request) { r.Subject = "" },
		"a subject that is a name":        func(r *Request) { r.Subject = "ana" },
		"a subject in capitals":           func(r *Request) { r.Subject = "AB" },
		"a partition below 0":             func(r *Request) { r.SourcePartition = -1 },
		"an offset below 0":               func(r *Request) { r.SourceOffset = -1 },
		"an empty window":                 func(r *Request) { r.To = r.From },
		"a time finer than a microsecond": func(r *Request) { r.To = at(noon.Add(1500)) },
	} {
		r := good
		if spoil(&r); r == good {
			t.Fatalf("%s: nothing is spoiled", name)
		}
		if _, err := NewOpening(r); err == nil {
			t.Errorf("%s: was taken", name)
		}
	}
	o := must[Opening](t)(NewOpening(good))
	again := must[Opening](t)(ParseOpening(must[[]byte](t)(o.Text())))
	if diff := cmp.Diff(o, again); diff != "" {
		t.Error(diff)
	}
	if _, err := ParseOpening([]byte("{}\n")); !errors.Is(err, ErrAltered) {
		t.Errorf("an empty document: %v", err)
	}
}

// The roots of RFC 6962 over no leaf and over the leaf that is empty.
func TestTalliesAreRootsOfRFC6962(t *testing.T) {
	for root, list := range map[string][]string{
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855": nil,
		"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d": {""},
	} {
		got := must[Tally](t)(TallyOf(list))
		if hex.EncodeToString(got.Root[:]) != root || got.Count != int64(len(list)) {
			t.Errorf("%q: got %d, %s", list, got.Count, got.Root)
		}
	}
	one := must[Tally](t)(TallyOf([]string{"b", "a", "c", "a"}))
	if two := must[Tally](t)(TallyOf([]string{"c", "a", "b"})); one != two || one.Count != 3 {
		t.Errorf("the same set: got %v and %v", one, two)
	}
	if other := must[Tally](t)(TallyOf([]string{"c", "a", "d"})); one.Root == other.Root {
		t.Error("another set has the same root")
	}
}

func TestAKeyPrintsAsItsPublicHalf(t *testing.T) {
	k := must[Key](t)(NewKey())
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(format, k); got != k.Public() {
			t.Errorf("%s prints %s", format, got)
		}
	}
	if again := must[Key](t)(ParseKey(k.Secret() + "\n")); again.Public() != k.Public() {
		t.Errorf("read back as %s, want %s", again, k)
	}
	for _, text := range []string{"", "x", k.Public(), k.Secret()[1:], k.Secret() + "A"} {
		if _, err := ParseKey(text); err == nil || strings.Contains(err.Error(), "PRIVATE") {
			t.Errorf("%d bytes that are no key: %v", len(text), err)
		}
	}
}
