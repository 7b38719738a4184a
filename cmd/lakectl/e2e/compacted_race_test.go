package e2e

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/chain"
	"github.com/lakectl/lakectl/jobs/compact"
	"github.com/lakectl/lakectl/jobs/maintain"
	"github.com/lakectl/lakectl/jobs/purge"
	"github.com/lakectl/lakectl/jobs/royalty"
	"github.com/lakectl/lakectl/jobs/verify"
	"github.com/lakectl/lakectl/lake"
)

// nightly is a lake after twelve nights of royalties, so that the ledger has twelve files of one month.
func nightly(t *testing.T) *audited {
	t.Helper()
	a := newAudited(t)
	a.rules("rules:\n  - {id: default, min_ms_played: 30000}\n")
	for n := 1; n <= 12; n++ {
		a.ingest(play(fmt.Sprint("l", n), fmt.Sprint("u", n), fmt.Sprintf("2026-03-%02dT10:00:00Z", n)))
		a.publish("2026-03")
	}
	return a
}

// overtaken is the lake for a job whose first commit to each table comes right after a compaction of it.
func (a *audited) overtaken(rewrote map[string]int) jobs.Env {
	met := map[string]bool{}
	env := a.env
	env.Lake = a.l.With(&laketest.Faults{Strike: func(step laketest.Step, table string) error {
		if step != laketest.BeforeCommit || met[table] {
			return nil
		}
		met[table] = true
		for _, name := range compact.Tables {
			if name == table {
				r, err := compact.Run(a.Context(), a.env, compact.Options{Table: table})
				rewrote[table] += r.Files
				return err
			}
		}
		return nil
	}}).Lake
	return env
}

func (a *audited) counted(want int64) {
	a.Helper()
	var n int64
	a.check(a.l.Reading(a.T, "counted", catalog.ListensCounted).OneText(a.Context(), "SELECT count(*) FROM counted", nil, []any{&n}))
	if n != want {
		a.Errorf("%d listens are counted, want %d", n, want)
	}
	if r, err := royalty.Run(a.Context(), a.env, royalty.Options{Full: true}); err != nil || !r.Full.Agrees {
		a.Errorf("full: %+v, %v", r.Full, err)
	}
}

func TestRoyaltiesThatAddToTheLedgerGoOnOverACompactionOfIt(t *testing.T) {
	laketest.Long(t, "the races of compaction and the night at each commit")
	a := nightly(t)
	a.ingest(play("new", "u", "2026-03-20T10:00:00Z"))
	rewrote := map[string]int{}
	r, err := royalty.Run(t.Context(), a.overtaken(rewrote), royalty.Options{})
	if err != nil || r.Ledger.Rebuilt || r.Ledger.Counted != 1 || rewrote[catalog.ListensCounted] != 12 {
		t.Fatalf("%+v, %v; rewrote %v", r.Ledger, err, rewrote)
	}
	a.counted(13)
}

func TestRoyaltiesThatTakeRowsFromACompactedLedgerLoseAndRunAgain(t *testing.T) {
	laketest.Long(t, "package lake shows the commit that loses")
	a := nightly(t)
	a.ingest(play("l3", "u3", "2026-03-03T10:00:00Z", "received_time", "2026-03-03T09:59:00Z", "ms_played", 10)) // counts instead
	rewrote := map[string]int{}
	_, err := royalty.Run(t.Context(), a.overtaken(rewrote), royalty.Options{})
	if !errors.Is(err, lake.ErrFenced) || lake.Hint(err) == "" || rewrote[catalog.ListensCounted] != 12 {
		t.Fatalf("%v, hint %q; rewrote %v", err, lake.Hint(err), rewrote)
	}
	r, err := royalty.Run(t.Context(), a.env, royalty.Options{})
	if err != nil || r.Ledger.Rebuilt || r.Ledger.Replaced != 1 {
		t.Fatalf("%+v, %v", r.Ledger, err)
	}
	a.counted(12)
}

// Whatever is compacted right before each commit of an erasure, it ends, and its rows are gone.
func TestAnErasureEndsWhateverIsCompactedMeanwhile(t *testing.T) {
	laketest.Long(t, "package lake shows the commit that loses")
	a := nightly(t)
	a.ingest(leave("r1", "u3", "2026-03-21T10:00:00Z"), leave("r2", "u7", "2026-03-21T10:00:00Z"))
	rewrote := map[string]int{}
	env := a.overtaken(rewrote)
	carry := func(env jobs.Env) error {
		_, err := chain.CarryOut(context.WithoutCancel(t.Context()), env, chain.DeletionsOptions{})
		return err
	}
	if err := carry(env); err != nil && !errors.Is(err, lake.ErrFenced) {
		t.Fatal(err)
	}
	a.check(carry(a.env))
	if rewrote[catalog.ListensCounted] != 12 {
		t.Errorf("rewrote %v", rewrote)
	}
	var left int64
	a.check(a.l.Reading(t, "counted", catalog.ListensCounted).OneText(t.Context(), "SELECT count(*) FROM counted WHERE user_id IN ('u3', 'u7')", nil, []any{&left}))
	if left != 0 {
		t.Errorf("%d rows of who left are counted", left)
	}
	a.counted(10)
}

// What was erased from files of the ledger that were compacted later is purged, and nothing of it is found.
func TestAnErasureFromFilesThatAreCompactedIsPurgedAndVerified(t *testing.T) {
	laketest.Long(t, "purges of the archive have tests of their own")
	a := nightly(t)
	a.ingest(leave("r1", "u3", "2026-03-21T10:00:00Z"))
	a.erase()
	r, err := maintain.Run(t.Context(), a.env, maintain.Options{Files: &compact.Options{}})
	a.check(err)
	if len(r.Others) == 0 || r.Others[len(r.Others)-1].Table != catalog.ListensCounted {
		t.Fatalf("compacted %+v", r.Others)
	}
	done, err := chain.CarryOut(t.Context(), a.env, chain.DeletionsOptions{Purge: &purge.Options{Now: true}})
	a.check(err)
	if done.Purged.Requests != 1 {
		t.Fatalf("purged %+v", done.Purged)
	}
	found, err := verify.Look(t.Context(), a.env, verify.Options{})
	if err != nil || len(found.Requests) != 1 || len(found.Leaks) > 0 {
		t.Errorf("%+v, %v", found, err)
	}
	a.counted(11)
}
