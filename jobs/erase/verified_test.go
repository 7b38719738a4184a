package erase

import (
	"testing"

	"github.com/lakectl/lakectl/catalog"
)

// Who asked is wiped by then: the subject alone finds the user.
func TestAVerifiedRequestSweepsWhatSlipsPastLater(t *testing.T) {
	f := newFixture(t)
	f.request(ask{n: 1, id: "r1", user: "user-1", received: "2026-03-20 00:00:00", wiped: true})
	f.ingest(1, play(1, "l1", "user-2", "2026-03-05 10:00:00"))
	f.delete()
	f.commit(catalog.DeletionLog, "deletions", [][]any{{"r1", string(Verified), at("2026-04-01 01:00:00"), "listens", 0, 1}}, nil)
	late, other := play(2, "l2", "user-1", "2026-03-06 10:00:00"), play(3, "l3", "user-2", "2026-03-06 10:00:00")
	f.ingest(0, late, other)
	f.refused(4, "user-1", at("2026-03-06 10:00:00"), at("2026-03-06 10:00:00"))
	f.royalties([]copyOf{play(1, "l1", "user-2", "2026-03-05 10:00:00"), late, other}, nil)
	f.delete()
	equal(t, "listens", f.left(catalog.Listens), []int64{1, 3})
	equal(t, "ledger", f.left(catalog.ListensCounted), []int64{1, 3})
	equal(t, "quarantine", len(f.left(catalog.Quarantine)), 0)
}
