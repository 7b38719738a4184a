package e2e

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/audit"
	"github.com/lakectl/lakectl/jobs/chain"
	"github.com/lakectl/lakectl/jobs/compact"
	"github.com/lakectl/lakectl/jobs/maintain"
	"github.com/lakectl/lakectl/jobs/royalty"
)

// tidied compacts whatever is due, and what it rewrote is what a second run leaves alone. It adds to counts how many
// files it read of each table.
func (c *chained) tidied(counts map[string]int) {
	c.Helper()
	run := func() map[string]int {
		r, err := maintain.Run(c.Context(), c.env, maintain.Options{Files: &compact.Options{}})
		c.check(err)
		files := map[string]int{}
		for _, done := range append(r.Others, *r.Compaction, *r.Refused) {
			if len(done.Skipped)+done.Left+done.Lost > 0 {
				c.Errorf("compaction of %s: %+v", done.Table, done)
			}
			if done.Files > 0 {
				files[done.Table] = done.Files
			}
		}
		return files
	}
	for table, n := range run() {
		counts[table] += n
	}
	if again := run(); len(again) > 0 {
		c.Errorf("a second maintenance rewrote %v", again)
	}
}

// Compactions of all tables in between jobs change nothing that is published: a lake that has them every time holds
// what one without them holds, its runs reproduce, and no consumer starts over.
func TestCompactionsInBetweenJobsChangeNothing(t *testing.T) {
	laketest.Long(t, "a fortnight of all jobs")
	t.Parallel()
	const nights = 14
	c, twin := newChained(t), newChained(t)
	counts := map[string]int{}
	for n := 1; n <= nights; n++ {
		c.come(n)
		r, err := royalty.Run(t.Context(), c.env, royalty.Options{})
		c.check(err)
		if r.Ledger.Rebuilt {
			t.Fatalf("night %d: the ledger was made anew", n)
		}
		_, err = chain.CarryOut(t.Context(), c.env, chain.DeletionsOptions{})
		c.check(err)
		c.tidied(counts)
		c.check(c.work())
		c.tidied(counts)
		twin.come(n)
		if n == 1 || n == nights {
			twin.check(twin.work())
		}
	}
	if diff := cmp.Diff(twin.sums(), c.sums()); diff != "" {
		t.Errorf("(-without compactions +with them)\n%s", diff)
	}
	for _, table := range []string{catalog.ListensCounted, catalog.DeletionLog, catalog.ErasedFiles, catalog.Sources} {
		if counts[table] == 0 {
			t.Errorf("%s was never compacted: %v", table, counts)
		}
	}
	last, err := royalty.NewestRun(t.Context(), c.env, "2026-03")
	c.check(err)
	before := last.Checksum
	c.expect(last.RunID, audit.Same)
	if r, err := royalty.Run(t.Context(), c.env, royalty.Options{Full: true}); err != nil || !r.Full.Agrees {
		t.Errorf("full: %+v, %v", r.Full, err)
	}
	last, err = royalty.NewestRun(t.Context(), c.env, "2026-03")
	c.check(err)
	if last.Checksum != before {
		t.Errorf("checksum %s, was %s", last.Checksum, before)
	}
	idle, err := royalty.Run(t.Context(), c.env, royalty.Options{})
	if err != nil || idle.Ledger.Committed || len(idle.Periods) > 0 {
		t.Errorf("royalties without news: %+v, %v", idle, err)
	}
}
