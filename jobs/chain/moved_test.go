package chain_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/chain"
	"github.com/lakectl/lakectl/jobs/rollup"
	"github.com/lakectl/lakectl/jobs/royalty/ledger"
)

// heardOn is a listen of a day of March 2026 as it arrives.
func heardOn(id string, day int, received string) string {
	return fmt.Sprintf(`{"type":"listen","listen_id":%q,"user_id":"ana","track_id":"t1","artist_id":"A","device":"phone","event_time":"2026-03-%02dT19:00:00Z","ms_played":201000,"received_time":%q}`+"\n",
		id, day, received)
}

func TestTheLedgerTellsTheDashboardWhichDaysLostAListen(t *testing.T) {
	laketest.Costly(t)
	l := laketest.New(t)
	env := testEnv(l)
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	says := func(want ...string) {
		t.Helper()
		var got []string
		var row string
		d := l.Reading(t, "p", catalog.PlaysByDay)
		check(d.EachText(t.Context(), `SELECT strftime(day, '%d ') || sum(plays) FROM p GROUP BY day ORDER BY day`, nil, []any{&row}, func() error {
			got = append(got, row)
			return nil
		}))
		provisional, err := l.Snapshot(t, catalog.PlaysByDay).State(catalog.ProvisionalDays)
		check(err)
		if diff := cmp.Diff(want, append(got, "provisional "+provisional)); diff != "" {
			t.Fatalf("(-want +got)\n%s", diff)
		}
	}
	trueUp := func() { _, err := chain.RollUp(t.Context(), env, rollup.Options{TrueUp: true}); check(err) }
	ingestText(t, env, "first", heardOn("a", 1, "2026-03-04T12:00:00Z")+heardOn("b", 1, "2026-03-01T20:00:00Z")+heardOn("c", 2, "2026-03-02T20:00:00Z"))
	trueUp()
	says("01 2", "02 1", "provisional ")

	ingestText(t, env, "second", heardOn("a", 3, "2026-03-03T20:00:00Z")) // another copy, and smaller
	_, err := rollup.Run(t.Context(), env, rollup.Options{})
	check(err)
	says("01 2", "02 1", "03 1", "provisional 2026-03-03")
	_, err = ledger.Update(t.Context(), env)
	check(err)
	if text := l.Snapshot(t, catalog.ListensCounted).Property(catalog.MovedDays); text != "2026-03-01,2026-03-03" {
		t.Errorf("the ledger says that %q moved", text)
	}
	r, err := rollup.Run(t.Context(), env, rollup.Options{})
	check(err)
	if diff := cmp.Diff([]string{"2026-03-01"}, r.DaysRewritten); diff != "" {
		t.Errorf("days rewritten (-want +got)\n%s", diff)
	}
	says("01 1", "02 1", "03 1", "provisional 2026-03-03")
	trueUp()
	says("01 1", "02 1", "03 1", "provisional ")
}
