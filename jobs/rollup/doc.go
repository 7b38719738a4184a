// Package rollup keeps the tables of the dashboard: minutes fresh, exact where they were compared with what counts.
//
// # Use
//
//  1. Call [Run]: it brings the tables up to date.
//  2. For a true-up bring the ledger up to date first, with ledger.Update; package chain does both.
//  3. [Prepare] and [Plan.Execute] are its two halves, for tests that come in between.
//
// # What it reads and writes
//
//	listens ───────────────────────────▶ deltas ─────────┐   plays_by_hour, audience_by_day, listeners_by_day,
//	listens_counted (the ledger) + ────▶ what counts  ───┴─▶ plays_changes, plays_by_day: a commit each, in this order
//	  listens it does not cover yet         ▲
//	deletion_log ──────────────────────▶ marked days
//
// One row is of a key: (hour, artist_id, track_id, country, device) in plays_by_hour, (day, artist_id, track_id) in
// plays_by_day, (day, artist_id, country, device) in audience_by_day, (day, artist_id, track_id) in listeners_by_day,
// there with an empty track_id for all tracks of the artist. A key may have several rows: readers sum plays and
// milliseconds, and unite listeners. plays_by_hour has the newest days of the archive ([Options].Hours), the others
// all.
//
// All is computed in one shape, which has the columns of every table ([shape], sql/rollup/nothing.sql). What differs
// from table to table is the statement that makes its rows, whether it has a partition a day or a month, and the order
// of its files.
//
// # Listeners
//
// A value of the column listeners is a sketch: the k smallest of the listeners' 64-bit hashes, ascending, 8 bytes each,
// most significant first, one after the other. k is 65,536 in listeners_by_day and 5 in the others, enough to tell few.
// Two sketches are united by merging them and keeping the k smallest; the order does not matter. Fewer than k hashes
// are counted exactly. k of them estimate (k-1) / (the largest / 2^64) listeners, with a relative standard error of
// 1/sqrt(k-2), 0.39 %.
//
// A hash is the first half of MD5(key in hex, user id), read with the least significant byte first. The key is derived
// from the subject key for this alone, so a hash tells nothing about a user without it and matches no subject. The
// column has no bounds in manifests, and a table that has it is personal (catalog.Personal).
//
// # The cut
//
// Each table says which snapshots of listens, deletion_log and the ledger it accounts for, and which of its days are
// marked. plays_by_day is committed last, with the snapshots of the others that belong to it (catalog.CutOf): a reader
// begins there, and whatever a run was doing in between, it reads figures of one state of the archive.
//
// A run that ends between two commits leaves some tables ahead. The next one puts tables in the same state together
// ([group]) and gives each group what it lacks. So it does where another engine changed one of the tables.
//
// # Deltas
//
// Each run adds the archive rows of the files that came after the snapshot of listens that a table includes, row
// deletes applied. Of the copies of a listen that come within 48 hours the first counts ([Options].RecentFolder,
// package recent). Older ones are not remembered, and without the folder none is, so a day is approximate until it is
// compared. The folder belongs to one machine and may be lost at any time: it is filled again from the archive. It is
// written after the last commit. Where it cannot be used the run says so, and every copy counts.
//
// # Marked days
//
// A day is marked when a late row reaches it (received two or more UTC days after its play), or when a row of
// deletion_log with state rows_deleted names it. Marks are state of a table and survive runs that cannot resolve them.
//
// A day is also marked when another engine deleted, changed or rewrote rows of listens in it (lake.Changes.Torn). Such
// a day is compared at once, also before the ledger has followed. It is compared with the ledger's rows that the
// archive still has, plus the archive rows that neither the ledger nor listens_duplicates has. It stays marked until
// the ledger is settled.
//
// # Comparing
//
// A comparison holds the rows of days, new deltas among them, against what counts: the ledger's rows of the day, plus
// the archive rows of the day in files that the ledger does not cover, copy by copy but for those that are remembered
// as later ones. So each archived copy counts through one of the two at most. This needs a settled ledger: built to its
// end, not touched by an erasure since, and covering an archive snapshot whose successors can be told. Keys that
// differ, in a sum or in a sketch, get their standing rows deleted by position and one row instead; a sketch cannot
// forget, so it is made anew. In plays_by_hour all files of the day are replaced.
//
// A day is marked too when it is exact and the ledger says that another copy of a listen counts in it, or one less
// (catalog.MovedDays), since the snapshot that the marked days were last compared with: a smaller copy came that lies
// on another day, or one takes the place of what went. So a run looks at what moved, and at every day only where a
// snapshot in between does not say. Days that are not exact wait for the true-up.
//
// The marked days are compared when the ledger is settled and either
//   - it is at another snapshot than the one the marked days were last compared with, or
//   - deletion_log has named days since the last run.
//
// So a marked day is compared once for each state of the ledger and once for each erasure, and written only where that
// changes something. After the comparison it stays marked only while late rows that the ledger does not cover are in
// it. A day that is not compared stays marked.
//
// A marked day that is exact can differ only for artists of which the ledger gained or lost rows since it was last
// compared with (touched.go). So only these are compared: of the other artists' rows none is looked at, except that
// plays_by_hour takes them over into the new files of the day. This needs the commits on the ledger since, each of them
// and the one before it; where one is gone, or took whole files away, the day is compared whole. So are days that are
// not exact, and torn ones. A day of an erasure is not exact where the ledger may have lost its rows before it was last
// compared with: an erasure logs that rows are gone after they are, and may die in between.
//
// The true-up ([Options].TrueUp) compares every day, whether marked or not; in plays_by_hour it also rewrites days with
// several rows a key. The true-up trusts nothing it did before, so it also repairs days that nobody marked. Without a
// settled ledger it is an error. Days are compared a few at a time, so that what is held at once does not grow with the
// archive.
//
// When the archive files added since the covered snapshot cannot be told (it expired, was rolled back, or newer files
// were compacted with older ones), the run has no deltas and compares every day. Without a settled ledger it compares
// with the raw archive then, and marks every day that has rows.
//
// A day is exact unless it is provisional (catalog.ProvisionalDays): new archive rows make it so, also those that are
// left out as later copies, and a comparison with a ledger that has all its rows ends it. The state of each table says
// which days are. Readers take a marked day for one that is not exact. So an exact day is what an independent count of
// the copies says that the ledger has had. A copy that the ledger has not had may take a listen from an exact day. That
// is not known until the ledger is brought up to date: to find the day is to look every new listen up in all of it.
//
// Days are compared by DuckDB also where Trino computes ([jobs.Env].Trino): a sketch needs the key of the hashes, which
// a statement for a server would have to name. Whoever reads the server's history could then ask a sketch about a user
// who was erased.
//
// # Changes
//
// plays_changes says what a run changes in plays_by_day, in days that had ended when plays_by_day was last written, by
// the clock and by the newest event of a topic that it accounts for: before that nobody was shown the day as ended. The
// cause late has the new copies. The rest of the difference is corrections, duplicates and erasures together, so that
// no row is about an erasure of few people. It is split where deletion_log has erasures of the key since the ledger was
// last compared with, which are of at least five people (plays_erased): these become erasures, as far as the difference
// goes. What is then left is called duplicates, but only where a single step of deletions came since and no other
// engine took rows away: else erasures of few may be in it. The difference of a day that was exact is called duplicates
// where the ledger moved it and lost no row otherwise since ([group.movedAlone]). Neither is while an erasure has begun
// and not logged that its rows are gone.
//
// The rows of a key sum to the difference between any two states of the day. They are committed before plays_by_day has
// them. What came after the changes that plays_by_day names was not published: its run ended in between, or lost the
// race for plays_by_day to another. The next run deletes it and works it out again. Where the loser deleted rows of the
// winner, which it took for dead, they are written again.
//
// # Files
//
// Every file is sorted by artist first and has small row groups. Small files are merged in commits of their own, which
// change nothing else (tidy.go has the rule): those of plays_by_day after its commit, those of the others before, so
// that it publishes the result.
//
// # Invariants
//
//   - Deltas, rows written anew, marks and the snapshots they account for are one commit of a table, pinned to its
//     snapshot they were computed from. A key that is written anew gets no delta in it.
//   - Inputs are loaded in the order tables of the dashboard, plays_changes, deletion_log, the ledger, listens. So
//     plays_by_day names no plays_changes that is newer than the one a run names in its place. An erasure and a run
//     of royalties write in the opposite order, so a mark is never resolved by a ledger older than the erasure, and the
//     archive is never older than what the ledger or a table covers.
//   - Nothing new and nothing to resolve: no commit. Another settled ledger is news also where no figure changes: its
//     snapshots are needed from the one on that a table has seen (package maintain), and a purge waits until none is
//     needed that has erased rows.
//
// # Failure and running again
//
// A run killed anywhere leaves tables of which each is right for the snapshot it names, and files that nobody refers
// to; the next run finds the work that is left. Two runs at once: of each table one commits, the other is fenced, plans
// again on what the first left, and gives up with lake.ErrFenced after [Run] did so three times.
package rollup
