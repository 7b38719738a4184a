// Package royalty turns the archive into payouts: exact, incremental, reproducible.
//
// # Use
//
//  1. [ApplyRules], [ApplyPools] and [ApplySplits] store the inputs; [Run] counts and publishes every period that they
//     or new listens changed.
//  2. [Show], [Diff] and [Explain] read what was published.
//  3. [Close] makes the newest run of a month its statement; [Status] says where each month stands.
//
// # What it reads and writes
//
//	listens ──▶ listens_counted + listens_duplicates ──▶ royalty_lines ──▶ royalty_payouts ──▶ royalty_shares ──▶ royalty_runs
//	            (the ledger, one row a listen_id)         rules ─┘          pools ─┘            splits ─┘     ▲    (publishes)
//	                                                                        of closed periods: royalty_adjustments
//
// [Run] does two things in a row. It brings the ledger up to the newest snapshot of listens, reading only data files
// added since the snapshot the ledger covers. Then it recomputes the periods whose ledger rows, rules, pools or splits
// changed, as far as these bear on the month, replaces those of them that came out different as whole partitions, and
// writes one row a period to royalty_runs. A dry run ([Forecast]) says what it would do.
//
// # The ledger
//
// Among the copies of one listen_id the smallest counts, by (received_time, event_time, ms_played, track_id, artist_id,
// user_id, country, tier, device, track_ms), strings bytewise, an absent track_ms last: content decides, not transport.
// The published order ends with device; track_ms is added because a rule may judge by it. So restarts, replays and the
// order of arrival change nothing. Winners are inserted into listens_counted; a winner that a smaller copy replaces is
// deleted by position in the same snapshot. Copies that do not count are rows of listens_duplicates with the place of
// their winner, so that when a counted copy is erased, the search for the one that takes its place reads only the days
// named there.
//
// The MERGE states what both tables must hold for the ids it touches and writes the difference, with a copy told by its
// source position. So doing it again changes nothing: that is what makes two commits safe. Order: listens_duplicates,
// then listens_counted. A run starts from the older of the two states. Copies that take over from erased ones leave
// listens_duplicates in a third commit, when the ledger has them: they are on record nowhere else.
//
// Days in which another engine deleted, changed or rewrote rows of listens (lake.Changes.Torn) are compared row by row,
// by source position and content. Rows whose copy is gone leave both tables in commits of their own
// (catalog.RemovalsJob), as after an erasure, and a closed period takes them for deletions; what a changed copy says is
// a new copy.
//
// # Money
//
// A pool is shared over the qualified listens it covers, per (artist_id, track_id), and a track's payout among the
// parties of its splits by listens times basis points; both in integers, largest remainder first. Days of a month that
// no split covers weigh for the artist, and a payout without shares goes whole to its artist. Pools and splits are
// taken back by a version that names the month or track without any: a row of nulls ([RemovePools], [RemoveSplits]).
//
// What terms name and no counted listen of any published month has is said when a file is checked or stored and when
// periods are recomputed ([Unheard]): a blank or a capital too many otherwise pays somebody else in silence. It is
// never in the way.
//
// # Publishing
//
// royalty_lines, royalty_payouts, royalty_shares, royalty_adjustments, royalty_runs, in this order; the last one
// publishes: readers and tags use the snapshots its rows name. A crash before it leaves lines that no run names; the
// next run computes the same, finds them in place, and publishes them.
//
// # Closed periods
//
// [Close] writes a row to royalty_closes that makes the published run the statement, and tags the snapshots it is read
// from. From then on the lines of the period go on to be restated like those of any other, and what differs from the
// statement is posted to royalty_adjustments, signed, per line, payout and share:
//
//	statement (tag) + adjustments (by origin_period) + what waits = newest run, key by key, checked before every publication
//
// posted_period is the first open period after the closed one; a period that nothing else makes gets a run of its own,
// with no lines. cause tells the input that changed: the way from the last run that posted to this one is walked input
// by input ([restatement]), late listens, deletions, rules, pools, splits, each statement in between computed with the
// code that computes any other.
//
// Differences by deletions never show a single person. A person counts for a line that came out different because of
// them, by the rows the ledger lost (its snapshots, or deletion_log where these were purged: as the fewest who can
// account for what is left). Lines are posted when everyone who sees some of them, artist, label, party, or whoever
// shares a pool, sees those of at least five people. The others wait, in no table: they are what statement and
// adjustments leave to the newest run, worked out by each run. While something waits, late listens, pools and splits
// are posted as if the listens were still in; changed rules, and splits that change within the month, wait with them.
// royalty_runs says in posted_run_id through whose inputs differences are posted, and in settled_run_id the newest run
// of which none waits.
//
// A run that planned before the close and published after it posted nothing: the next run notices, because what its row
// in royalty_runs says about the close is missing.
//
// # Invariants
//
//   - listen_id is unique in listens_counted.
//   - The parts of a pool sum to the pool, or nobody earned it and it is reported as undistributed; the shares of a
//     payout sum to it. Checked before anything is committed; a run fails rather than publish otherwise.
//   - Published + adjustments + what waits = current, for every closed period.
//   - The same lines have the same checksum anywhere.
//   - No float touches money.
//   - A run with nothing new commits nothing.
//   - Two runs at once: every commit is pinned to the snapshot it was computed from, so one wins and the other ends
//     with lake.ErrFenced.
//
// # Bounds
//
// Up to 32 rules are one expression; more are tables in which a listen is looked up by its keys and its day
// ([judging]), so that neither planning nor judging grows with their number.
//
// Ids are told contested by a hash, in slices of 64 million; a collision only has two ids ranked that need not be.
// Copies of contested ids are ranked in slices that fit in the memory limit. A night finds its ids in the ledger by one
// scan of two columns, and reads the rest from the files with hits alone. Lines are made a period at a time, in the
// order of the checksum; their text is summed in blocks, and lines out of order are an error. Periods whose sums differ
// from the published ones are replaced unseen; the others are compared.
//
// # Caveats
//
// Late listens and deletions are told apart by the ledger's snapshots; when a whole retention passes between two runs
// of a closed period, all that changed in it counts as deletions if any were carried out, and waits for the batch. A
// run that was killed between its adjustments and its row leaves its steps merged in the same way.
package royalty
