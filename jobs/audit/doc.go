// Package audit recomputes a published royalty run from the archive and says whether it comes out the same.
//
// # Use
//
//  1. Publish with royalty.Run; royalty.Runs lists the ids.
//  2. Call [Reproduce] with the id of a run, or with a period for its newest run.
//  3. Read [Result].Outcome: same, inputs erased, or different.
//
// # Design
//
// It shares no counting code and no statement with package royalty: the copies that count are found by another method,
// rules are judged as rows of a table instead of a compiled expression, and the lines, their checksum and the payouts
// are made here anew. It never reads listens_counted or listens_duplicates.
//
// # What it reads
//
// royalty_runs for the run and what it pinned; listens as it is now, row deletes applied; sources and quarantine for
// the cut; royalty_rules and royalty_pools at the versions of the run; royalty_lines and royalty_payouts at the
// snapshots of the run, as long as they are kept; deletion_log. It writes nothing.
//
// # The cut
//
// Snapshots of the archive expire, so a run also pins the position of every source (lake.Positions) in the snapshot of
// listens that its ledger covered, when that snapshot was committed, and how many replays it had. A row of today's
// archive was in it when
//
//   - it comes from a topic of the positions, and its offset is below the partition's next; or
//   - it comes from a file that was being read, and its line is below the next; or
//   - it comes from a file that table sources had as finished when the snapshot was committed; or
//   - it lies in a data file whose sequence number is not above that of the snapshot, whoever wrote it. So rows that
//     another engine appended belong to the runs that counted them, whatever source they name and whatever has expired.
//
// A replay of refused records brings rows in at the old offset, so where the archive has had replays since, what they
// brought is left out. Quarantine marks such records, all of one round at once and after they were brought in. The last
// round before the run may therefore be marked after it. So rounds are counted: if n rounds were marked since, the
// newest n marks are theirs. Records that a replay has brought in and, being cut off, not marked yet are those of
// quarantine without a mark. What earlier replays brought in was there, whatever its offset.
//
// Compaction moves rows and keeps their positions, so it changes nothing here; neither does expiry.
//
// # The recount
//
// If a listen has a copy in the period, all its copies in the cut are compared, of any month. The copies that were
// received first are kept. If several are left, copies with the same content become one, and then the published order
// decides column by column: a copy with more than the least value goes. The rules of the run's version are joined with
// the combinations of what they name; the first position decides. Rules that were applied later play no part.
//
// # Outcomes
//
// same: the lines have the checksum of the run, and the payouts are those that the lines and the run's pools give. Rows
// may be gone all the same, duplicates for instance. The checksum of the run is only compared with the checksum of
// lines that were recomputed from rows which are there, so nothing but equal lines is called same.
//
// inputs_erased: the lines differ, and deletion requests that were carried out since can explain it. The run pins how
// many copies of the period it saw. Let missing be that number less the copies there are now. Let erased be the number
// of copies that requests which touch the period have removed since. A copy that is gone takes at most one counted
// listen from one line. If it counted, in any month, at most one other copy takes its place, perhaps in this period. So
// erasures explain the difference only if
//
//	0 <= missing <= erased, and erased > 0
//	all losses of lines together <= missing, all gains together <= erased; the same for qualified listens.
//
// Losses and gains are taken line by line where the lines of the run are kept, otherwise from its sums. missing may be
// 0 because a copy of this period can take the place of an erased copy in another month.
//
// inputs_erased too: the lines differ, and another engine has taken rows of listens away or changed them since, or
// nobody can tell whether one did (a rollback, or history that expired before the royalties job had read it). The
// ledger keeps up to where that was (catalog.ChangedByOthers), also when snapshots expire. The number of rows does not
// matter: an engine that deletes can delete all.
//
// different: everything else. Rows that are gone without a request, rows that are too many, rows whose content has
// changed; published lines that do not have the checksum of their run; payouts that do not follow from lines and pools.
//
// Payouts are compared with what the lines of the run give: the recomputed ones if they are the same, the published
// ones with the run's checksum if inputs were erased. They are said to be expired when the snapshot of the payouts, or
// those lines, are gone.
//
// # Erased since
//
// Counts come from the rows_deleted rows of deletion_log, and from located ones that no rows_deleted row follows: an
// erasure may be under way. A rows_deleted row counts when it was logged after the run started, because royalties that
// start later read the archive without the rows. (The time of the archive snapshot does not tell: the snapshot that a
// run covers is often the very one that deleted the rows, and the log is written after it.) The log is read after the
// archive, so that what is gone is on record.
//
// # Bounds
//
// Nothing grows in Go with the archive. In DuckDB all work is scans, joins, GROUP BY and ORDER BY, which spill; ids
// with several earliest copies are compared some at a time.
//
// # Caveats
//
//   - The log has the number of removed copies. It does not say in which months they lay, nor which lay in the cut. If
//     a request also removed copies of other months or of later arrival, as many copies of this period could vanish by
//     other means and be put down to the request. The outcome is inputs_erased then, never same.
//   - A request logged between the moment a run read the ledger and the moment it started to compute, some tenths of a
//     second, counts as one that the run knew of. The run may then be called different although a request explains it.
//   - Where another engine has rewritten files with rows that it had appended itself, under a later sequence number,
//     nothing tells any more which runs saw these rows; a run that did is called different.
//   - Times of snapshots, of finished sources and of marks are clocks of the machines that wrote them. A file that was
//     finished on a machine whose clock is ahead by more than the time between two commits may be taken for a later
//     one.
//   - Rows of quarantine that went, by erasure or by age, no longer tell which rows a replay brought in. If rows are
//     too many then, the run cannot be proved (jobs.ErrInputsErased) instead of being called different.
//   - An ingester that was told to go back to earlier offsets (--from) makes rows that look old: the run is called
//     different.
package audit
