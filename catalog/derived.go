package catalog

import (
	"slices"

	"github.com/lakectl/lakectl/lake"
)

// Published are the tables with what is paid, in the order in which a run of the royalties job writes them. Nobody else
// writes rows there, and they hold no user ids, so what another engine did to them can be put back.
var Published = []string{RoyaltyLines, RoyaltyPayouts, RoyaltyShares, Adjustments, RoyaltyCloses, RoyaltyRuns}

// Ledger are the tables that are made from listens and hold user ids: what another engine did to them is counted anew
// from listens as it is, for their old files may hold what was erased since.
var Ledger = []string{ListensCounted, Duplicates}

// In the tables of [Ledger], which are partitioned by month, LedgerSpan days of event time get a file of their own from
// LedgerSpanRows rows on: a purge of few days then leaves the files of the others as they are. More files would cost a
// night that looks for its listens in a month.
const (
	LedgerSpan     = 3
	LedgerSpanRows = 4096
)

// LedgerSpanOf is the number of the span that a day lies in, both since 1970. The end of a month cuts a span.
func LedgerSpanOf(day int) int {
	if day < 0 {
		return (day+1)/LedgerSpan - 1
	}
	return day / LedgerSpan
}

// Judged are the tables that the proofs of package royalty and audit stand on.
func Judged() []string { return slices.Concat(Ledger, Published) }

// ChangedSince is when, as a sequence number of listens, another engine last took rows of it away or changed them, by
// the changes since the snapshot that tables made from it cover; 0 where nobody did. Where covered is 0 and a table has
// been written all the same, its state is lost, and with it who changed what: that counts as now.
func ChangedSince(archive lake.Snapshot, covered int64, changes lake.Changes, made ...lake.Snapshot) int64 {
	newest := archive.ChangedByOthers(changes)
	if covered == 0 && slices.ContainsFunc(made, func(s lake.Snapshot) bool { return s.ID() != 0 }) {
		newest = max(newest, archive.Sequence())
	}
	return newest
}
