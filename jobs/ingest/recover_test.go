package ingest_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/ingest"
	"github.com/lakectl/lakectl/lake"
)

// forget makes tables forget their positions.
func (w *world) forget(tables ...string) {
	w.t.Helper()
	for _, table := range tables {
		s := w.lake.Hand(w.t, table).Forget()
		if _, err := s.Positions(); !errors.Is(err, lake.ErrExpired) {
			w.t.Fatalf("positions of %s: %v", table, err)
		}
	}
}

// recovers checks that a run worked out the positions of these tables, said so, and ended as partly done.
func (w *world) recovers(r ingest.Report, err error, tables ...string) {
	w.t.Helper()
	if !errors.Is(err, jobs.ErrPartial) || lake.Hint(err) == "" {
		w.t.Fatalf("got %v, hint %q", err, lake.Hint(err))
	}
	var got []string
	for _, done := range r.Recovered {
		got = append(got, done.Table)
	}
	if !slices.Equal(got, tables) {
		w.t.Fatalf("recovered %q, want %q", got, tables)
	}
	// How many were suppressed before is forgotten, and what was suppressed after the last row is so once more.
	if w.suppressed, err = w.lake.Snapshot(w.t, catalog.Listens).StateNumber(catalog.Suppressed); err != nil {
		w.t.Fatal(err)
	}
	w.check()
}

var positioned = []string{catalog.Listens, catalog.Quarantine, catalog.DeletionRequests}

func TestATopicIsReadOnFromItsRowsWhereThePositionsAreGone(t *testing.T) {
	laketest.Costly(t)
	k := newKafka(t, 3)
	k.produce(k.samples(60))
	k.mustIngest(ingest.Options{FlushRows: 16})
	for _, lost := range [][]string{{catalog.Listens}, {catalog.Quarantine}, {catalog.DeletionRequests}, positioned} {
		k.forget(lost...)
		k.produce(k.samples(20))
		r, err := k.ingest(t.Context(), k.lake, ingest.Options{})
		k.recovers(r, err, lost...)
		if r := k.mustIngest(ingest.Options{}); r.Records != 0 || len(r.Recovered) != 0 {
			t.Fatalf("lost %q: the next run says %+v", lost, r)
		}
		k.check()
		p, err := k.lake.Snapshot(t, catalog.Listens).Positions()
		if err != nil || len(p.Rows) != 0 || len(p.Topics) != 1 || len(p.Topics[0].Next) != 3 {
			t.Fatalf("lost %q: positions %s, %v", lost, p, err)
		}
	}
}

// The topic is told apart from another of its name as long as any table knows which it was.
func TestLostPositionsForgetNoTopic(t *testing.T) {
	k := newKafka(t, 1)
	k.produce(k.samples(10))
	k.mustIngest(ingest.Options{})
	k.forget(catalog.Listens)
	other := newKafka(t, 1)
	other.produce(other.samples(10))
	k.options = other.options
	if _, err := k.ingest(t.Context(), k.lake, ingest.Options{}); err == nil || errors.Is(err, jobs.ErrPartial) || !strings.Contains(err.Error(), "topic") {
		t.Fatalf("got %v", err)
	}
}

// A flush that was cut off left rows in the small tables: their records must not come in twice, nor may those after
// them be passed.
func TestLostPositionsOfACutOffFlush(t *testing.T) {
	for nth := 1; ; nth++ {
		k := newKafka(t, 1)
		k.produce(k.samples(20))
		k.mustIngest(ingest.Options{})
		k.produce(k.samples(20))
		faults, struck := crash(nth)
		if _, err := k.ingest(t.Context(), k.lake.With(faults), ingest.Options{}); err == nil {
			if !struck() && nth < 3 {
				t.Fatalf("only %d steps", nth)
			}
			return
		}
		k.forget(catalog.Listens)
		r, err := k.ingest(t.Context(), k.lake, ingest.Options{})
		k.recovers(r, err, catalog.Listens)
		nth += 5
	}
}

func TestAFileIsReadOnFromItsRowsWhereThePositionsAreGone(t *testing.T) {
	for _, lost := range [][]string{{catalog.Listens}, positioned} {
		w := newWorld(t)
		list := w.samples(40)
		path := w.file("all.jsonl", "half", list)
		var first strings.Builder
		for _, s := range list[:20] {
			fmt.Fprintln(&first, s.value)
		}
		cut := io.MultiReader(strings.NewReader(first.String()), iotest.ErrReader(errors.New("the pipe broke")))
		if _, err := ingest.Files(t.Context(), w.env(w.lake), []string{"-"}, cut, ingest.Options{Source: "half"}); err == nil {
			t.Fatal("half a file is a whole one")
		}
		done := w.file("done.jsonl", "done", w.samples(10))
		w.mustFiles(ingest.Options{Source: "done"}, done)
		w.forget(lost...)
		r, err := w.files(w.lake, ingest.Options{Source: "done"}, done)
		if !r.Files[0].Already {
			t.Fatalf("the finished file: %+v", r)
		}
		if len(r.Recovered) != len(lost) || !errors.Is(err, jobs.ErrPartial) {
			t.Fatalf("recovered %+v, %v", r.Recovered, err)
		}
		r = w.mustFiles(ingest.Options{Source: "half"}, path)
		if r.Records >= 30 {
			t.Errorf("%d records were read again", r.Records-20)
		}
		if w.suppressed, err = w.lake.Snapshot(t, catalog.Listens).StateNumber(catalog.Suppressed); err != nil {
			t.Fatal(err)
		}
		w.check()
	}
}

// noteRun is a royalty run that notes the positions of listens.
func (k *broker) noteRun() {
	k.t.Helper()
	p, err := k.lake.Snapshot(k.t, catalog.Listens).Positions()
	if err != nil {
		k.t.Fatal(err)
	}
	var row []any
	for _, c := range k.lake.Snapshot(k.t, catalog.RoyaltyRuns).Table().Columns() {
		value := any(nil)
		if c.Name == "positions" {
			value = p.String()
		}
		row = append(row, value)
	}
	k.lake.Hand(k.t, catalog.RoyaltyRuns).Insert(row)
}

// What was deleted lies after the last row of the topic, so the rows alone would have it read again.
func TestLostPositionsBringNothingBackThatWasDeleted(t *testing.T) {
	for name, c := range map[string]struct {
		group  string
		before func(*broker)
		delete func(*broker)
		again  bool // the refused record before it and the deleted one are read again; they end as they did
	}{
		"an erasure": {delete: func(k *broker) {
			k.mustFiles(ingest.Options{Source: "asked"}, k.write("asked.jsonl", []byte(deletionJSON("asked", "u9", day(12))+"\n")))
			k.want["asked/0/1"] = "deletion_requests asked"
			k.lake.Hand(k.t, catalog.Listens).Delete(laketest.WholeFiles, "user_id = 'u9'") // as an erasure and a purge leave it
		}, again: true},
		"by another engine, by position": {delete: func(k *broker) {
			k.lake.Hand(k.t, catalog.Listens).Delete(laketest.ByPosition, "user_id = 'u9'")
		}},
		"by another engine, a group was told": {group: "g", delete: func(k *broker) {
			k.lake.Hand(k.t, catalog.Listens).Delete(laketest.WholeFiles, "user_id = 'u9'")
		}},
		"by another engine, a royalty run counted": {before: (*broker).noteRun, delete: func(k *broker) {
			k.lake.Hand(k.t, catalog.Listens).Delete(laketest.WholeFiles, "user_id = 'u9'")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKafka(t, 1)
			k.produce(append(k.samples(5), sample{"u9", listenJSON("last", "u9", day(3), day(3)), "listens last"}))
			k.mustIngest(ingest.Options{Group: c.group})
			if c.before != nil {
				c.before(k)
			}
			c.delete(k)
			delete(k.want, "listens/0/5")
			lost := positioned[:2]
			if c.again {
				lost = positioned
			}
			k.forget(lost...)
			r, err := k.ingest(t.Context(), k.lake, ingest.Options{Group: c.group})
			k.recovers(r, err, lost...)
			if c.again != (r.Suppressed == 1) || c.again != (r.Records == 2) {
				t.Errorf("read %d records again and suppressed %d", r.Records, r.Suppressed)
			}
		})
	}
}

// A small table that was rolled back and forgot it is refused as one that remembers.
func TestLostPositionsHideNoRollback(t *testing.T) {
	w := newWorld(t)
	for i, text := range []string{deletionJSON("r0", "u8", day(1)), deletionJSON("r1", "u9", day(1))} {
		name := fmt.Sprint("s", i)
		w.mustFiles(ingest.Options{Source: name}, w.write(name, []byte(text+"\n"+listenJSON(name, "u", day(1), day(1))+"\n")))
	}
	w.lake.Hand(t, catalog.DeletionRequests).Rollback(1)
	w.forget(catalog.DeletionRequests)
	_, err := w.files(w.lake, ingest.Options{Source: "more"}, w.write("more", []byte(listenJSON("c", "u9", day(1), day(1))+"\n")))
	if !errors.Is(err, catalog.ErrRolledBack) || lake.Hint(err) == "" {
		t.Fatalf("got %v, hint %q", err, lake.Hint(err))
	}
}
