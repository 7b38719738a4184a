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
// [Run] does two things in a row. It brings the ledger up to the newest snapshot of listens (package ledger). Then it
// recomputes the periods whose ledger rows, rules, pools or splits changed, as far as these bear on the month, replaces
// those of them that came out different as whole partitions, and writes one row a period to royalty_runs. A dry run
// ([Forecast]) says what it would do.
//
// Of a period that the same code published by the same rules, only the lines are counted anew of which the ledger
// gained or lost rows since, as its commits tell; the other lines are the published ones (lines_touched.go). Where the
// commits do not tell, or touched many rows, the whole period is counted. So it is on Trino. --full trusts no published
// line.
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
// from. Later runs still restate the lines of the period. What differs from the statement is posted to
// royalty_adjustments, signed, per line, payout and share:
//
//	statement (tag) + adjustments (by origin_period) + what waits = newest run, key by key, checked before every publication
//
// posted_period is the first open period after the closed one; a period that nothing else makes gets a run of its own,
// with no lines. cause tells the input that changed: late listens, deletions, rules, pools or splits. The way from the
// last run that posted to this one is walked input by input ([restatement]). Each statement in between is computed by
// the same code as any other.
//
// Differences by deletions never show a single person. A person counts for a line if the line came out different
// because of rows of that person which the ledger lost. The ledger's snapshots tell whose rows these were. Where the
// snapshots were purged, deletion_log tells, and the fewest people who can account for the rest are counted. Lines are
// posted when everyone who sees some of them (artist, label, party, or whoever shares a pool) sees lines of at least
// five people. The other lines wait, in no table: each run works them out as what statement and adjustments leave to
// the newest run. While lines wait, late listens, pools and splits are posted as if the listens were still in; changed
// rules, and splits that change within the month, wait with the lines. In royalty_runs, posted_run_id is the run whose
// inputs the posted differences account for, and settled_run_id the newest run whose differences are all posted.
//
// A run that planned before the close and published after it posted nothing: the next run notices, because what its row
// in royalty_runs says about the close is missing.
//
// # Invariants
//
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
// Lines are made a period at a time, in the order of the checksum; their text is summed in blocks, and lines out of
// order are an error. Periods whose sums differ from the published ones are replaced unseen; the others are compared.
//
// # Engines
//
// With Trino ([jobs.Env].Trino) lines and the recount of a proof are grouped there, over pinned snapshots of the ledger
// and of the archive; what comes back are lines. Everything after them is computed by DuckDB, and so are the small sets
// of listens that adjustments and shares judge again. Rules beyond 32 are in the text of the statement, up to some 900
// kB. Both engines give the same lines, in the same order. The recount goes in slices of the ids that fit in Trino's
// memory, as a build of the ledger does.
//
// # Caveats
//
// Late listens and deletions are told apart by the ledger's snapshots; when a whole retention passes between two runs
// of a closed period, all that changed in it counts as deletions if any were carried out, and waits for the batch. A
// run that was killed between its adjustments and its row leaves its steps merged in the same way.
package royalty
