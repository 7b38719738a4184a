// Package rollup keeps plays_by_hour, the dashboard's table: minutes fresh, exact where it was rewritten.
//
// # Use
//
//  1. Call [Run]: it brings plays_by_hour up to date.
//  2. For a true-up bring the ledger up to date first, with ledger.Update; package chain does both.
//  3. [Prepare] and [Plan.Execute] are its two halves, for tests that come in between.
//
// # What it reads and writes
//
//	listens ───────────────────────────▶ deltas ─────┐
//	listens_counted (the ledger) + ────▶ whole days ─┴▶ plays_by_hour, one commit a run
//	  listens it does not cover yet         ▲
//	deletion_log ──────────────────────▶ marked days
//
// A row of plays_by_hour is plays and milliseconds of (hour, artist_id, track_id, country, device); a key may have
// several rows, readers sum.
//
// # Deltas
//
// Each run adds the archive rows of the files that came after the snapshot of listens that the table covers, row
// deletes applied. Every copy counts, so a day is approximate until it is rewritten.
//
// # Marked days
//
// A day is marked when a late row reaches it (received two or more UTC days after its play), or when a row of
// deletion_log with state rows_deleted names it. Marks are state of the table and survive runs that cannot resolve
// them.
//
// A day is also marked when another engine deleted, changed or rewrote rows of listens in it (lake.Changes.Torn). Such
// a day is compared at once, also before the ledger has followed. It is compared with the ledger's rows that the
// archive still has, plus the archive rows that neither the ledger nor listens_duplicates has. It stays marked until
// the ledger is settled.
//
// # Rewrites
//
// A rewrite replaces all files of whole days by what counts: the ledger's rows of the day, plus the archive rows of the
// day in files that the ledger does not cover, copy by copy. So each archived copy counts through exactly one of the
// two. This needs a settled ledger: built to its end, not touched by an erasure since, and covering an archive snapshot
// whose successors can be told.
//
// The marked days are compared with what counts, and those that differ are rewritten, when the ledger is settled and
// either
//   - it is at another snapshot than the one the marked days were last compared with, or
//   - deletion_log has named days since the last run.
//
// So a marked day is compared once for each state of the ledger and once for each erasure, and written only if that
// changes a sum. After the comparison it stays marked only while late rows that the ledger does not cover are in it. A
// day that is not compared stays marked.
//
// The true-up ([Options].TrueUp) compares every day, whether marked or not, and rewrites those that differ or hold
// several rows a key. A day without rows goes. The true-up trusts nothing it did before, so it also repairs days that
// nobody marked. Without a settled ledger it is an error.
//
// When the archive files added since the covered snapshot cannot be told (it expired, was rolled back, or newer files
// were compacted with older ones), the run has no deltas and compares every day. Without a settled ledger it compares
// with the raw archive then, and marks every day that has rows.
//
// # Invariants
//
//   - Deltas, rewritten days, marks and the snapshots they account for are one commit, pinned to the snapshot of
//     plays_by_hour it was computed from. A rewritten day gets no delta in it.
//   - Inputs are loaded in the order plays_by_hour, deletion_log, the ledger, listens. An erasure and a run of
//     royalties write in the opposite order, so a mark is never resolved by a ledger older than the erasure, and the
//     archive is never older than what the ledger or the table covers.
//   - Nothing new and nothing to resolve: no commit.
//
// # Failure and running again
//
// A run killed anywhere leaves at most files that nobody refers to; the next run finds the same work. Two runs at once:
// one commits, the other is fenced, plans again on what the first left, and gives up with lake.ErrFenced after [Run]
// did so three times.
package rollup
