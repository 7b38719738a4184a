package rollup_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/rollup"
	"github.com/lakectl/lakectl/lake"
)

func TestWhatAnotherEngineDidToTheDashboardIsUndone(t *testing.T) {
	laketest.Costly(t)
	w := newWorld(t)
	w.archive(heard("l1", "u1", "t1", at(1, 9)), heard("l2", "u1", "t1", at(1, 9)), heard("l3", "u2", "t2", at(1, 23)))
	w.rollup(plain)
	w.archive(heard("l4", "u1", "t1", at(2, 9)))
	w.royalties()
	w.rollup(plain)
	hand := w.Hand(t, catalog.PlaysByHour)
	for i, act := range []struct {
		name string
		do   func(laketest.Hand)
	}{
		{"update", func(h laketest.Hand) {
			h.InsertSelect("SELECT hour, artist_id, track_id, country, device, plays + 1000 AS plays, ms_played, listeners FROM altered")
		}},
		{"delete by row", func(h laketest.Hand) { h.DeleteRows("track_id = 't1'", false) }},
		{"delete by copy", func(h laketest.Hand) { h.DeleteRows("track_id = 't1'", true) }},
		{"rollback", func(h laketest.Hand) { h.Rollback(1) }},
		{"a day of its own", func(h laketest.Hand) {
			h.InsertSelect("SELECT hour - INTERVAL 20 DAY AS hour, artist_id, track_id, country, device, plays, ms_played, listeners FROM altered")
		}},
		{"truncate and expire", func(h laketest.Hand) { h.Truncate(); h.Expire() }},
	} {
		if i%laketest.Stride(2) != 0 {
			continue
		}
		act.do(hand)
		if r := w.rollup(plain); r.SnapshotID == 0 {
			t.Fatalf("%s: nothing was written: %+v", act.name, r)
		}
		w.mustShow(recount(w.copies))
		w.unchanged(plain)
	}
	w.Compact(t, catalog.PlaysByHour)
	w.unchanged(plain)
	hand.Expire()
	w.equal(w.rollup(plain).DaysRewritten, []string{}) // what the cut named is gone: it names what is there
	w.mustShow(recount(w.copies))
	w.unchanged(plain)
}

func TestWhatAnotherEngineDidToAnyTableOfTheDashboardIsUndone(t *testing.T) {
	laketest.Costly(t)
	w := newWorld(t)
	w.archive(heard("l1", "u1", "t1", at(1, 9)), heard("l2", "u2", "t1", at(1, 9)), heard("l3", "u2", "t2", at(2, 23)))
	w.rollup(plain)
	w.royalties()
	for n, table := range catalog.Compared {
		if n%laketest.Stride(3) != 0 {
			continue
		}
		hand := w.Hand(t, table)
		hand.DeleteRows("artist_id = 'A-1'", n%2 == 0)
		if r := w.rollup(plain); r.SnapshotID == 0 {
			t.Fatalf("%s: nothing was written: %+v", table, r)
		}
		w.mustShow(recount(w.copies))
		hand.Truncate()
		w.archive(heard("m"+table, "u3", "t3", at(3, n)))
		w.rollup(plain)
		w.mustShow(recount(w.copies))
		hand.Expire()
		w.rollup(plain)
		w.unchanged(plain)
	}
	w.royalties()
	w.rollup(trueUp)
	w.mustShow(recount(w.copies))
}

func TestTablesOfANewerVersionAreLeftAsTheyAre(t *testing.T) {
	laketest.Costly(t)
	t.Parallel()
	for _, table := range catalog.Compared {
		w := newWorld(t)
		w.archive(heard("l1", "u1", "t1", at(1, 9)))
		w.rollup(plain)
		w.Put(t, catalog.RollupJob, table, map[string]string{catalog.FormKey: "10"})
		w.archive(heard("l2", "u2", "t1", at(2, 9)))
		before := w.heads()
		if _, err := rollup.Run(t.Context(), envOf(w.Lake), plain); !errors.Is(err, lake.ErrUnsupported) || !strings.Contains(lake.Hint(err), "update") {
			t.Errorf("%s: got %v", table, err)
		}
		w.equal(w.heads(), before)
	}
}
