// Package royalty turns the archive into payouts: exact, incremental, reproducible.
//
// # What it reads and writes
//
//	listens ──▶ listens_counted + listens_duplicates ──▶ royalty_lines ──▶ royalty_payouts ──▶ royalty_runs
//	            (the ledger, one row a listen_id)         rules ─┘          pools ─┘            (publishes)
//
// [Run] does two things in a row. It brings the ledger up to the newest snapshot of listens, reading only
// data files added since the snapshot the ledger covers. Then it recomputes the periods whose ledger rows,
// rules or pools changed, replaces those of them that came out different as whole partitions, and writes one
// row a period to royalty_runs.
//
// # The ledger
//
// Among the copies of one listen_id the smallest counts, by (received_time, event_time, ms_played, track_id, artist_id,
// user_id, country, tier, device, track_ms), strings bytewise, an absent track_ms last: content decides, not transport.
// The published order ends with device; track_ms is added because a rule may judge by it. So restarts, replays
// and the order of arrival change nothing. Winners are inserted into listens_counted; a winner that a smaller
// copy replaces is deleted by position in the same snapshot. Copies that do not count are rows of
// listens_duplicates with the place of their winner, so that when a counted copy is erased, the search for
// the one that takes its place reads only the days named there.
//
// The MERGE states what both tables must hold for the ids it touches and writes the difference, with a copy
// told by its source position. So doing it again changes nothing: that is what makes two commits safe.
// Order: listens_duplicates, then listens_counted. A run starts from the older of the two states.
//
// # Publishing
//
// royalty_lines, royalty_payouts, royalty_runs, in this order; the last one publishes: readers and tags use
// the snapshots its rows name. A crash before it leaves lines that no run names; the next run computes the
// same, finds them in place, and publishes them.
//
// # Invariants
//
//   - listen_id is unique in listens_counted.
//   - The parts of a pool sum to the pool, or nobody earned it and it is reported as undistributed. Checked
//     before anything is committed; a run fails rather than publish otherwise.
//   - The same lines have the same checksum anywhere.
//   - No float touches money.
//   - A run with nothing new commits nothing.
//   - Two runs at once: every commit is pinned to the snapshot it was computed from, so one wins and the other
//     ends with lake.ErrFenced.
package royalty
