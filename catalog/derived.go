package catalog

import "slices"

// Published are the tables with what is paid, in the order in which a run of the royalties job writes them. Nobody else
// writes rows there, and they hold no user ids, so what another engine did to them can be put back.
var Published = []string{RoyaltyLines, RoyaltyPayouts, RoyaltyShares, Adjustments, RoyaltyCloses, RoyaltyRuns}

// Ledger are the tables that are made from listens and hold user ids: what another engine did to them is counted anew from
// listens as it is, for their old files may hold what was erased since.
var Ledger = []string{ListensCounted, Duplicates}

// Judged are the tables that the proofs of package royalty and audit stand on.
func Judged() []string { return slices.Concat(Ledger, Published) }
