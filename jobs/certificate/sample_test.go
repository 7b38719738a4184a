package certificate

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "make the sample in testdata anew")

// sample is a certificate of one request, entered under the first key of a log that has a second, with all that
// belongs to it. The secret halves of its keys are nowhere.
const sample = "testdata/sample"

func sampleEvidence(t testing.TB) Evidence {
	read := func(name string) []byte { return must[[]byte](t)(os.ReadFile(filepath.Join(sample, name))) }
	key := read("key.pub")
	return Evidence{Certificate: read("certificate.txt"), Log: read("log.txt"), Opening: read("opening.json"), Key: string(key[:len(key)-1])}
}

// A certificate is good for as long as somebody keeps it, so later versions read what this one wrote.
func TestTheSampleOfAnEarlierVersionVerifies(t *testing.T) {
	if *update {
		w := begin(t)
		w.issue(t, 6)
		w.issue(t, 1)
		w.rotate(t)
		w.issue(t, 2)
		e := w.evidence(t, 0)
		for name, text := range map[string][]byte{"certificate.txt": e.Certificate, "log.txt": e.Log, "opening.json": e.Opening, "key.pub": []byte(e.Key + "\n")} {
			if err := os.WriteFile(filepath.Join(sample, name), text, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	e := sampleEvidence(t)
	r, err := Verify(e)
	if err != nil || !r.KeyKnown || r.LogLines != 5 || r.Rotations != 1 || r.Opened == nil || r.Certificate.Counts.People != 6 {
		t.Errorf("%+v, %v", r, err)
	}
}
