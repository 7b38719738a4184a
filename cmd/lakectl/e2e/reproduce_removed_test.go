package e2e

import (
	"testing"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/audit"
	"github.com/lakectl/lakectl/jobs/royalty"
)

// What another engine takes away is gone for the runs before it, which is no reason to doubt them, nor one to call them
// proved. The run that took it in comes out the same. So it stays when the history expires.
func TestRunsBeforeAnotherEngineChangedRowsCannotBeProvedAnyMore(t *testing.T) {
	laketest.Long(t, "TestRunsThatCountedAnotherEnginesRowsReproduce is the short one")
	t.Parallel()
	a := newAudited(t)
	a.pools("2026-03,*,*,EUR,1001\n")
	a.ingest(play("l0", "u0", march))
	first := a.publish("2026-03")
	a.ingest(play("l1", "u1", march), play("l2", "u2", march), play("l3", "u3", march))
	whole := a.publish("2026-03")
	a.expect(whole, audit.Same)

	listens := a.l.Hand(t, catalog.Listens)
	listens.Delete(laketest.ByPosition, "listen_id = 'l1'")
	a.expect(whole, audit.InputsErased) // before the job has taken it in
	deleted := a.publish("2026-03")
	a.expect(deleted, audit.Same)

	listens.Update(laketest.WholeFiles, "listen_id = 'l2'", "CAST(7 AS INTEGER) AS ms_played")
	a.expect(deleted, audit.InputsErased)
	updated := a.publish("2026-03")

	listens.Rollback(1)
	a.expect(updated, audit.InputsErased)
	back := a.publish("2026-03")
	listens.Expire()
	for run, want := range map[string]audit.Outcome{
		first: audit.Same, whole: audit.InputsErased, deleted: audit.Same, updated: audit.InputsErased, back: audit.Same,
	} {
		a.expect(run, want)
	}
	if _, err := royalty.Run(t.Context(), a.env, royalty.Options{Full: true}); err != nil {
		t.Error(err)
	}

	// Who deletes after that is told from what the run did not see.
	a.ingest(play("l4", "u4", march))
	newest := a.publish("2026-03")
	a.rewrite(catalog.Listens, "SELECT * FROM now WHERE listen_id <> 'l4'")
	a.expect(newest, audit.Different)
}

// A run over a head behind which the history is gone is proved like any other.
func TestARunThatTookExpiredHistoryInIsProved(t *testing.T) {
	laketest.Long(t, "TestRunsThatCountedAnotherEnginesRowsReproduce is the short one")
	t.Parallel()
	a := newAudited(t)
	a.pools("2026-03,*,*,EUR,1001\n")
	a.ingest(play("l0", "u0", march), play("l1", "u1", march))
	a.publish("2026-03")
	listens := a.l.Hand(t, catalog.Listens)
	for _, copied := range []string{"x", "y"} {
		listens.Select("SELECT * EXCLUDE (_file, _pos) REPLACE ('" + copied + "' AS listen_id, '" + copied + "' AS source_topic) FROM rows WHERE listen_id = 'l0'")
	}
	listens.Expire()
	run := a.publish("2026-03")
	a.expect(run, audit.Same)
	a.rewrite(catalog.Listens, "SELECT * FROM now WHERE listen_id <> 'l1'")
	a.expect(run, audit.Different)
}

// Where the ledger has lost its state, nobody is called wrong for what another engine may have done.
func TestRunsBeforeTheLedgerLostItsStateCannotBeProved(t *testing.T) {
	laketest.Long(t, "a history of months, TestErasedDuplicatesLeaveARunTheSame is a short one")
	t.Parallel()
	a := newAudited(t)
	a.pools("2026-03,*,*,EUR,1001\n")
	a.ingest(play("l0", "u0", march), play("l1", "u1", march))
	whole := a.publish("2026-03")
	a.l.Hand(t, catalog.Listens).Delete(laketest.ByPosition, "listen_id = 'l1'")
	a.publish("2026-03")
	for _, table := range catalog.Ledger {
		a.l.Hand(t, table).Forget()
	}
	a.publish("2026-03")
	a.expect(whole, audit.InputsErased)
}
