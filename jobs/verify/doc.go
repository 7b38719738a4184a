// Package verify decodes what is left of a lake and says whether a row that was erased is still in some file.
//
// # Use
//
//  1. Call [Look], for all purged requests or for one by its id. It commits nothing.
//  2. [Report.Leaks] names each file that still holds something, [Report.Checks] what was looked at.
//  3. An error that is jobs.ErrProof says that the proof does not hold: something was found, a file could not be
//     decoded, or a check missed its canary.
//
// # Design
//
// From the newest metadata file of each table the look follows every reference: snapshots, tags and branches among
// them, to manifest lists, manifests, data files, delete files and statistics. Then it walks the folders of the tables,
// and those of [Options].Folders, and looks at every file that nothing led to. A file is taken for what its first bytes
// say, not its name. So an orphan, an old metadata file and a temporary file are decoded like the others.
//
// # Checks
//
//   - data: each row of a Parquet file with a column user_id, row deletes not applied, against user and window of the
//     requests. Times that are missing are replaced as package erase does. Of a row of quarantine without a user the
//     record is searched for the id between quotes.
//   - deletes: paths of a position delete file against the files that held the rows (package book).
//   - manifests: bounds of user_id in every entry, removed ones too. A bound may be cut: 12 bytes at least
//     that an id starts with count as the id.
//   - metadata, statistics, others: the id as a word. In other files, of spill and local memory, the id anywhere, for
//     their formats have no room between values.
//   - staging: a staging table that stands (lake.Lake.CommitStaged), for a table with listeners, counts as a leak of
//     every request, by its folder, whatever is in it: another engine may be writing more.
//
// deletion_requests has the user ids of requests that are not verified yet, by design, and is left out.
//
// # Rows
//
// Of the newest snapshot of each table the rows that were decoded of each file are held against its manifest, and their
// sums, files and row deletes against the summary. A row delete beyond the end of its file counts as wrong, one that is
// named twice as one. Where files are unread this is left out. Totals of a summary are carried on from snapshot to
// snapshot, so one that another engine left out or got wrong before the oldest snapshot that is left is not held
// against those after it.
//
// # Recount
//
// Days and months from which rows went are counted anew by package recount, where no file holds anything any more: a
// day or month that says something else is jobs.ErrProof.
//
// # A verifier that can fail
//
// Before it looks, a file of each kind with an invented listener is written to a temporary folder and looked at, and
// another without: the first must be found, the second not. So are a file of one row whose manifest says two, and a
// small ledger with tables that count it rightly and wrongly (recount.Canary). Else jobs.ErrProof.
//
// # Failure and running again
//
// Nothing is written but the canaries, and the topic is only asked. A file that cannot be decoded is named in
// [Report.Unread], never skipped. One that vanishes in between was removed by somebody else; if something leads to it,
// it is named too, and the next run tells.
//
// # Every file is decoded in every run
//
// A file that was decoded before could be told by its hash and be left out, but too little would be gained. It may be
// left out only where each request that is looked for now was looked for in it then. Requests that are not found become
// verified and are wiped, so those of the next run are others: only repeating a run that failed could leave anything
// out. A path and a size prove nothing, nor does the seal that a file carries inside, so its bytes must be read and
// hashed anew: SHA-256 takes 0.77 to 0.92 of the CPU that decoding takes for files of listens, the ledger and the
// dashboard (1.0 to 1.2 GB/s and core decoded, 1.3 to 1.4 hashed, for one request), a third where a file has little
// beside the ids and 1,000 requests have rows in it (BenchmarkDataFile, BenchmarkHash). Small files would gain most: a
// manifest takes 1.4 ms, a metadata file 0.13 ms, hashed 0.02. And a record of what was looked for would have to be as
// safe as the proof itself, for it could say of a leak that it was looked at.
//
// # Bounds
//
// Files are looked at by as many workers as there are cores. In memory are the requests, the paths of all files, for
// each worker a column of a row group with its matches, one metadata or statistics file at a time, and the row deletes
// of one table, 8 bytes each.
//
// # What it cannot see
//
// [Report.Residuals] lists it, with dates as far as these are known: the topic, ingested files, exports, query engines,
// backups, other machines, spill that is compressed. Certificates name the same.
//
// Exports were made before the rows went from the tables, and so were the statements by which another engine searched
// for them, which name who is searched for: its history and its logs may keep them. Backups and copies were made before
// the last request was purged, or they hold none of the rows. Which record of the topic a row came from is not on
// record once it is erased. So each partition is held against what was archived when the last request was purged
// ([Report.Logs]): every erased row came from a record before that. Such a record was appended before the snapshot that
// says so, and goes as old as package topic says of the topic's retention. Producers whose clocks are ahead, and a
// retention that is changed, make it later; where a record is still there that should be gone, no date is given. A
// broker that does not answer, or another topic of the name, is a residual and no error: what it has is not of the
// lake.
package verify
