package e2e

import (
	"testing"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/audit"
)

// Rows that another engine appended are paid, so the run that paid them must come out the same, and the ones before it
// too.
func TestRunsThatCountedAnotherEnginesRowsReproduce(t *testing.T) {
	laketest.Costly(t)
	t.Parallel()
	a := newAudited(t)
	a.pools("2026-03,*,*,EUR,1001\n")
	a.ingest(play("l1", "u1", march), play("l2", "u2", march))
	before := a.publish("2026-03")
	listens := a.l.Hand(t, catalog.Listens)
	backfill := func(prefix, columns string) {
		listens.Select("SELECT * EXCLUDE (_file, _pos) REPLACE ('" + prefix + "' || listen_id AS listen_id" + columns + ") FROM rows WHERE listen_id IN ('l1', 'l2')")
	}
	backfill("b", ", 'backfill' AS source_topic")
	backfill("c", "") // under source positions that ours have
	backfill("d", ", source_offset + 100 AS source_offset")
	paid := a.publish("2026-03")
	a.ingest(play("l3", "u3", march))
	backfill("e", ", 'backfill' AS source_topic")
	after := a.publish("2026-03")
	for range 2 {
		a.expect(paid, audit.Same)
		a.expect(after, audit.Same)
		listens.Expire()
	}
	a.expect(before, audit.Same)
}
