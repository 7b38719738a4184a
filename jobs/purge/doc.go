// Package purge takes what was erased out of the files that still have it: requests come from recomputed to purged.
//
// # Use
//
//  1. Call [Run] after the rows of requests are gone from the tables and what was derived from them is recomputed.
//  2. What keeps a request from being purged stands in the [Report]: who blocks it, who has to read on, until when.
//  3. [Removed] lists the files that are gone, for a certificate.
//
// # Design
//
// Rows that an erasure deletes are hidden, not gone: their bytes stay in data files, and files stay in older snapshots.
// Package book has on record which files held rows. Live files that are not on record are looked at too where they have
// deleted rows: a listener may ask after another engine deleted rows, or after a job moved one to another table. These
// are put on record before they are rewritten. Requests are due when their rows have been gone for the retention, or at
// once where the caller says so; all of them travel as one batch, and each file is rewritten once.
//
//	recomputed
//	    │  rewrite: live files with deleted rows, without these (package strip, lake.Rewrite)
//	    │  drop bounds of personal columns and the entries of removed files from the manifests of main
//	    │  (lake.DropBounds, lake.DropRemoved)
//	    │  expire every snapshot that reaches a file on record which main has no more, or tells such bounds, whoever
//	    │  wrote them; their files go with them
//	    │  forget older metadata files, sweep orphans, forget the local memory of recent listens
//	    │  look for younger orphans once all else is done: they may have the rows
//	    ▼
//	purged      when nothing is left that blocks, waits or remains
//
// A file on record that is not live any more was compacted or replaced, which applied its deletes. Those that landed
// meanwhile moved to the new file, which is not on record: so files that rewrites of ours made count like
// those on record where they have deleted rows.
//
// Trino rewrites no file here. Package strip keeps the order of rows, so that positions are told without a search, and
// copies row groups without deleted rows byte by byte: 37 MB/s and core, some 0.6 us of CPU a listen, where Trino,
// which decodes, sorts and encodes every row, took 15.9 (package compact).
//
// # Who goes first
//
// A table is rewritten only when its consumers have read the deletes in question, and its snapshots expire only when
// they have read on to where the files were rewritten. The snapshot without removed entries stands in for the one
// before the rewrite, so a consumer that stands there need not run: only one that has rows to read. [Report].Waiting
// names the job. Whoever else needs a snapshot, as package maintain knows them, blocks: tags, branches, rollbacks that
// were not searched, a table that shares its files. Nothing of a table expires while one of its snapshots is needed:
// the swept one has most of the files, and once it is gone nobody can tell that older ones were searched. So these
// block all requests.
//
// A file that cannot be written anew, for it is encrypted, damaged or gone, keeps the requests whose rows it ever had,
// as package book has them on record, and no other. Where more rows are deleted in it than the record tells of, they
// may be anybody's, and it keeps all. The report names the file and its requests.
//
// A hold keeps the files of its request in the same way, and no other request. It keeps files, not snapshots: one that
// main has stays with its row deletes, and old snapshots go that have it too. One that main has no more, for it was
// compacted, is in old snapshots alone. So nothing of its table expires then, and the requests stay that have rows
// which these snapshots reach. The record tells of those that were carried out together, not whose rows of them a file
// had; these stay together.
//
// What published runs name does not block: a run whose inputs are purged can no longer be reproduced.
//
// # Orphans
//
// Files that nothing refers to may be of a run that died. They go once they are older than the grace, never before: a
// writer may be about to commit them. Until then the requests stay recomputed, and the report has a residual. Files
// that came more than a minute after a request was cleared do not keep it: their writers read tables without its rows.
// Cleared it is when the files with its rows were rewritten and no snapshot reaches them; package book notes the time
// of it while a request waits, so that each waits for the grace once, whoever asks and whatever dies after it. One that
// a file keeps is not cleared, and the note says so. Metadata without bounds of personal columns keeps nobody, as each
// commit that loses a race leaves some: it tells of files, not of rows.
//
// # Staging tables
//
// A staging table that stands may hold rows that were erased since it was filled, and bounds of them. So no request is
// purged while one stands for a table with personal columns: the report has a residual that names it. Its run drops it
// when it ends; one of a dead run goes here, once it has been on record for longer than the grace.
//
// # Invariants
//
//   - The rows of a file that are left, as they were read, and those of the new file, read back from the disk, have
//     equal sums over all columns (package strip), or nothing is committed: jobs.ErrProof names both files.
//   - A row that is deleted while its file is rewritten is deleted in the new file (lake.Rewrite), which is on record
//     before the commit.
//   - The rows purged are written last, those of a run in one commit. So none is ever there too early.
//
// # What it reads and writes
//
// Reads deletion_requests, deletion_log, erased_files and the metadata of listens, quarantine, listens_counted and
// listens_duplicates. Writes files of these four, their snapshots and metadata, and rows of deletion_log: listens and
// ledger snapshot are those that were current then. Which files are gone follows from erased_files and the tables at
// any time ([Removed]), so a certificate has its count and root also after a crash.
//
// # Running again
//
// Killed anywhere, the next run finds what is left: files that are live and on record, entries and snapshots that name
// them. What the dead one left behind nobody refers to, so it is a residual until it is older than the grace. Two runs
// at once: one loses a commit and looks again. With nothing due nothing is written. A request that is blocked is tried
// again by every run: of older snapshots it reads those that somebody needs, and no other.
//
// # Bounds
//
// In memory are the paths on record, the entries of one manifest, a path for each manifest of the table's history, and
// of each file that one commit rewrites its deleted rows, 8 bytes each.
package purge
