package erase

import (
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs/erase/book"
)

// A recomputed request is not done: its files are there until they are purged.
func TestDeadlineOfARecomputedRequestIsOfItsFiles(t *testing.T) {
	f := newFixture(t)
	f.ingest(-1, play(2, "a", "user-2", march5))
	f.request(ask{n: 1, id: "r1", user: "nobody", received: "2026-03-20 00:00:00"}) // to be done on April 19
	f.delete()
	env := f.job(f.Lake)
	if _, err := Confirm(t.Context(), env); err != nil {
		t.Fatal(err)
	}
	early, late := at("2026-04-10 00:00:00"), at("2026-04-20 00:00:00")
	for _, c := range []struct {
		name      string
		retention time.Duration
		now       time.Time
		kept      []book.Kept
		misses    string
	}{
		{"nothing keeps it", 0, early, nil, ""},
		{"nobody purged it", 0, late, nil, "late"},
		{"purged in time", 17 * 24 * time.Hour, early, nil, ""},
		{"purged too late", 19 * 24 * time.Hour, early, nil, "retention"},
		{"a tag", 0, early, []book.Kept{{Table: catalog.Listens, By: "tag x", Hint: "drop it"}}, "blocked"},
		{"orphans that go in time", 0, early, []book.Kept{{Table: catalog.Listens, By: "orphans", Until: &early}}, ""},
		{"orphans that go too late", 0, early, []book.Kept{{Table: catalog.Listens, By: "orphans", Until: &late}}, "orphans"},
		{"a job that has to read on", 0, early, []book.Kept{{Table: catalog.Listens, By: "plays_by_day", Waits: true}}, ""},
	} {
		if err := book.NoteKept(t.Context(), env, c.kept); err != nil {
			t.Fatal(err)
		}
		env.Erasure.Retention, env.Now = c.retention, func() time.Time { return c.now }
		all, err := List(t.Context(), env)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, c.name, all[0].Misses, c.misses)
		equal(t, c.name+": kept", all[0].Kept, c.kept)
		equal(t, c.name+": from", *all[0].PurgeFrom, all[0].DeletedAt.Add(c.retention))
	}
	f.hold("r1")
	equal(t, "held", f.listed("r1", 0).Misses, "held")
}

func TestWhatKeepsRequestsIsNotedOnce(t *testing.T) {
	f := newFixture(t)
	env := f.job(f.Lake)
	kept := []book.Kept{{Table: catalog.Listens, By: "branch x", Hint: "drop it"}}
	for _, note := range [][]book.Kept{kept, nil} {
		if err := book.NoteKept(t.Context(), env, note); err != nil {
			t.Fatal(err)
		}
		head := f.Snapshot(t, catalog.DeletionLog).Table().MetadataURI()
		if err := book.NoteKept(t.Context(), env, note); err != nil {
			t.Fatal(err)
		}
		log := f.Snapshot(t, catalog.DeletionLog)
		equal(t, "metadata", log.Table().MetadataURI(), head)
		got, err := book.ReadKept(log)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "kept", got, note)
	}
}
