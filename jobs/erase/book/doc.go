// Package book keeps what erasures write down for the steps after them: which data files held the rows that went, and
// what operators decided about requests.
//
// # Use
//
//  1. [OpenFiles] reads the table erased_files, and makes it in a lake of an earlier version.
//  2. [Files.Note] writes down files before their rows go, [Files.Settle] with which snapshot they went. [Carry] does
//     so for files into which a rewrite takes such rows along.
//  3. [ReadFiles] gives everything on record to whoever rewrites these files; [Decisions] says whose are held.
//     [NoteKept] notes what a purge found to keep them, [ReadKept] says it again; [NoteCleared] and [ReadCleared] do so
//     for when requests were cleared that still wait for orphans.
//
// # Files
//
// A row of erased_files is a data file of listens, quarantine, listens_counted or listens_duplicates that held rows of
// a batch of requests, and how many. No user, no request: the steps of deletion_log with the same time are of the
// batch, and so is the delete, whose summary has it (lakectl.deletions.located). Tables of the dashboard hold hashes of
// listeners, not rows of theirs, and the rollup writes the days of deletion_log anew; their files are not on record.
//
// A row is committed before the rows of its file go, so every file is on record whenever the run dies. A run that
// finds the files of a cut-off one again notes them in place of that one's: of a file there is one row for each delete
// that landed, and at most one without a snapshot, of a delete that may never have. A file without a snapshot held
// the rows all the same. So there may be too many, never too few.
//
// Rows may have been in other files before: compaction put them where the erasure found them. Snapshots that still
// have such a file show the rows as well, so it is on record with the others, with no rows of its own. Where nobody
// knows what a file was made from, all older files of its partition are on record that a snapshot still has.
//
// A rewrite that is under way while rows are deleted has them in its new file. The delete is applied to that file when
// the rewrite commits, but their bytes are there: the file goes on record before. If the rewrite loses after all, there
// is a row too many. These rows are appended, and do not fence an erasure.
//
// Paths are kept below the place of their table, so they hold after the lake was moved.
//
// # Bounds
//
// In memory are the files of one batch, and those of batches that were cut off.
package book
