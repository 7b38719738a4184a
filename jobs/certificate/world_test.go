package certificate

import (
	"fmt"
	"testing"
	"time"
)

// noon is when everything in these tests happens.
var noon = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

// must fails the test for an error.
func must[T any](t testing.TB) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// issued is a log with certificates, and what it took to make them.
type issued struct {
	Log
	keys     []Key // the newest last
	files    [][]byte
	openings [][]Opening // of each certificate
}

func begin(t testing.TB) *issued {
	t.Helper()
	k := must[Key](t)(NewKey())
	return &issued{Log: must[Log](t)(NewLog(k)), keys: []Key{k}}
}

func (w *issued) key() Key { return w.keys[len(w.keys)-1] }

// issue enters one more certificate, of as many people.
func (w *issued) issue(t testing.TB, people int) []byte {
	t.Helper()
	b := Batch{
		Lake: "0c5b8b1e5a6f4f1d", IssuedAt: noon, Verifier: "lakectl v1.0.0",
		Counts: &Counts{People: int64(people), Rows: 123, Plays: 100},
		Residuals: []Residual{
			{What: "orphans younger than the grace", Until: at(noon.Add(24 * time.Hour))},
			{What: "backups"},
		},
	}
	var openings []Opening
	for i := range people {
		o := must[Opening](t)(NewOpening(Request{
			SourceTopic: "listens", SourceOffset: int64(471100 + 1000*len(w.files) + i), Subject: fmt.Sprintf("%032x", i+1), To: at(noon),
		}))
		openings = append(openings, o)
		b.Requests = append(b.Requests, must[Hash](t)(o.Commitment()))
	}
	b.ObjectsRemoved = must[Tally](t)(TallyOf([]string{"listens/data/b.parquet", "listens/data/a.parquet"}))
	b.SnapshotsExpired = must[Tally](t)(TallyOf([]string{"listens 42"}))
	file, after, err := w.Issue(w.key(), b)
	if err != nil {
		t.Fatal(err)
	}
	w.Log, w.files, w.openings = after, append(w.files, file), append(w.openings, openings)
	return file
}

func (w *issued) rotate(t testing.TB) {
	t.Helper()
	next := must[Key](t)(w.key().Next())
	w.Log = must[Log](t)(w.Rotate(w.key(), next))
	w.keys = append(w.keys, next)
}

// evidence is all there is for one of the certificates.
func (w *issued) evidence(t testing.TB, i int) Evidence {
	t.Helper()
	return Evidence{
		Certificate: w.files[i], Log: w.Text(), Opening: must[[]byte](t)(w.openings[i][0].Text()), Key: w.key().Public(),
	}
}

func at(t time.Time) *time.Time { return &t }
