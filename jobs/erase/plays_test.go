package erase

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
)

// crowd is a lake in which seven people heard a track on 5 March, one of them twice and one in two copies, four on
// 6 March, and all ask for what they heard to be erased; one of the four asks twice.
func crowd(t *testing.T) *fixture {
	f := newFixture(t)
	var copies []copyOf
	var asks []ask
	n := 0
	hear := func(listen, user, event string) {
		n++
		copies = append(copies, play(n, listen, user, event))
	}
	for i := range 7 {
		user := fmt.Sprint("user-", i)
		hear("five-"+user, user, "2026-03-05 09:00:00")
		if i < 4 {
			hear("six-"+user, user, "2026-03-06 09:00:00")
		}
		asks = append(asks, ask{n: 100 + i, id: "r-" + user, user: user, received: "2026-03-20 00:00:00"})
	}
	hear("again", "user-0", "2026-03-05 10:00:00")
	hear("five-user-1", "user-1", "2026-03-05 09:00:00")
	f.ingest(-1, copies...)
	f.request(append(asks, ask{n: 200, id: "retry", user: "user-1", received: "2026-03-21 00:00:00"})...)
	return f
}

// playsErased are the entries of plays_erased.
func (f *fixture) playsErased() (list []string) {
	f.t.Helper()
	var state, text string
	d := f.Reading(f.t, "log", catalog.DeletionLog)
	err := d.EachText(f.t.Context(), "SELECT state, plays_erased FROM log WHERE plays_erased IS NOT NULL", nil, []any{&state, &text}, func() error {
		list = append(list, state+" "+text)
		return nil
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return list
}

func TestErasedPlaysAreOnRecordWhereTheyAreOfFivePeople(t *testing.T) {
	f := crowd(t)
	f.delete()
	want := []string{`rows_deleted [{"day":"2026-03-05","artist_id":"A","track_id":"t1","plays":8,"ms_played":8000}]`}
	if diff := cmp.Diff(want, f.playsErased()); diff != "" {
		t.Fatal(diff)
	}
}

func TestErasedPlaysOfARunThatEndedEarlyAreNotHalfOnRecord(t *testing.T) {
	for _, table := range []string{catalog.Listens, catalog.ListensCounted, catalog.DeletionLog} {
		f := crowd(t)
		commits := 0
		ctx, cancel := context.WithCancel(context.Background()) // else the job tries again for a minute
		defer cancel()
		killed := &laketest.Faults{Strike: func(step laketest.Step, name string) error {
			if step == laketest.BeforeCommit && name == table {
				if commits++; commits > 1 || table != catalog.DeletionLog { // the first step logged is located
					cancel()
					return laketest.ErrInjected
				}
			}
			return nil
		}}
		if _, err := Delete(ctx, f.job(f.With(killed))); !errors.Is(err, laketest.ErrInjected) && !errors.Is(err, context.Canceled) {
			t.Fatalf("%s: %v", table, err)
		}
		f.delete()
		if got := f.playsErased(); len(got) > 0 {
			t.Errorf("killed at %s: %s", table, got)
		}
	}
}
