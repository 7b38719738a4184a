// Package ledger keeps listens_counted and listens_duplicates: which copy of each listen counts, and which do not.
//
// # Use
//
//  1. [Update] brings both tables up to the newest snapshot of listens; [LookAhead] says what it would read.
//  2. [Settled] tells whether what was read of them still holds.
//  3. [PickWinners] finds the copies that count without the ledger, for a proof of it; [InSlices] has Trino do so.
//
// # What it reads and writes
//
// It reads listens: only the data files that were added since the snapshot which the ledger covers, and all of them
// when the changes cannot be told. It writes listens_duplicates, then listens_counted, each with the state that says
// so. Of listens_counted a span of three days with many new rows ([catalog.LedgerSpanRows]) gets a file of its own, so
// that a purge of few days rewrites few files.
//
// # Which copy counts
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
// Each snapshot of listens_counted that an update makes names the days in which another copy of a listen counts than
// before ([catalog.MovedDays]): a late copy may be smaller than the one that counted, and lie on another day. Whoever
// keeps sums of a day looks at it again then. What an erasure or another engine takes is not in it: its days are told
// by deletion_log and by the archive; that of the copy which takes its place is.
//
// # Trino
//
// Where the environment has a Trino (jobs.Env.Trino), it reads listens and the ledger whole. lakectl commits, in the
// same order, with the same pins and state.
//
// When all of the archive is read, for a first build or a rebuild, Trino makes both tables: a statement each, into a
// staging table (lake.Lake.CommitStaged) whose rows take the place of all rows. A run that ended between the two
// commits is done again from the start. The ids go in slices that fit in Trino's memory: what does not is halved until
// it does. Its files have whole months, without files of their own for spans of days.
//
// In a night Trino scans the ledger for the ids of the new copies, and for the ids of duplicates whose winner was
// erased. It is told the new files by their paths, and how many rows it sees in them must be what there is. The hits
// come to DuckDB, and all else is as without Trino. Nights with torn days are DuckDB's throughout: telling their copies
// takes a comparison row by row.
//
// What Trino reads it does not hold against the hashes of the files; what it writes is held against Trino's count and
// the footers of its files, and gets hashes.
//
// # Invariants
//
//   - listen_id is unique in listens_counted.
//   - An update with nothing new commits nothing.
//   - Two updates at once: every commit is pinned to the snapshot it was computed from, so one wins and the other ends
//     with lake.ErrFenced.
//
// # Bounds
//
// Ids are told contested by a hash, in slices of 64 million; a collision only has two ids ranked that need not be.
// Copies of contested ids are ranked in slices that fit in the memory limit. A night finds its ids in the ledger by one
// scan of two columns, and reads the rest from the files with hits alone.
package ledger
