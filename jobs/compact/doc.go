// Package compact rewrites files of the tables that collect small ones, so that there are few of them and none with
// many deleted rows. It changes no row.
//
// # Use
//
//  1. [Run] does the work of one maintenance, within a budget; the [Options] say from where consumers will walk on.
//  2. [Options].DryRun only says what would be done: the [Report] has it by day.
//  3. [PlanOf] is the choice alone, as a value.
//
// # What is rewritten
//
// Files are grouped by day, or by whatever a table is partitioned by, and by what its consumers have read: a group
// never has rows that one consumer has read and rows that it has not, so each takes the new file for read, or reads
// it whole (lake.Snapshot.Changes). What no consumer has read yet waits. First come files of which a tenth of the
// rows or more is deleted. Then small files, in tiers of eight times the size each: a tier is merged into the next
// when it has twelve files, with all that is smaller. So a row is written about once a tier, and a day keeps at most
// eleven files a tier, and 28 small files in all tiers: where there are more, five are enough for a tier. A file of
// three quarters of the target size is never small again. Nothing else is rewritten. Last, each data file that several
// delete files name gets one in their place (lake.Lake.MergeDeletes), whoever wrote them and whoever has read it: no
// row comes or goes by that.
//
// The ledger is partitioned by month, and still who purges few days of a listener should rewrite little. So a group of
// it becomes a file for each span of three days that has [catalog.LedgerSpanRows] rows or more, and one for all other
// days. A file of one span with so many rows is merged with others of that span alone, from four on: a span keeps at
// most three a tier. Bounds in the manifest say which span a file is of; one without them counts as of several.
//
// # Which tables
//
// Those in [Tables]: the archive, quarantine and the ledger, and of the small ones deletion_log, erased_files, sources
// and royalty_adjustments, which get a file with each commit. The others stay as they are:
//   - The tables of the dashboard are merged by the rollup, which adds up rows of the same key on the way: a partition
//     has some dozens of files at most.
//   - royalty_lines, royalty_payouts and royalty_shares are replaced by whole periods, tracks as a whole.
//   - In deletion_requests and royalty_runs the commit of a row says something: it is the request's number, which
//     ingest notes in the archive, and it tells which run is the published one. Another file would be another commit.
//   - royalty_rules, royalty_pools, royalty_splits and royalty_closes grow by what people decide. access_tokens merges
//     itself, run_lease has no rows.
//
// Of the ledger and the published tables, what another engine changed waits for the royalties job to put it back.
//
// # How
//
// Files of listens that are sorted, as ingest writes them, are merged as a stream; others are sorted in memory, where
// they are not too large. A stream goes over pages as they lie in the file: of a text in a dictionary it takes the
// index, so that a text of a file's row group is hashed and numbered once and not once a row. Rows are hashed and
// numbered in batches, column by column, before they are merged: what lies all over the memory is then fetched for many
// rows at once. Pages of kinds that ingest does not write are left to arrow-go. The rows are written by ingest's own
// writer (package dayfile), with its checks, encodings and hashes. Rows that it cannot hold, such as an empty text
// where lakectl has none, leave their files as they are.
//
// Rows of other tables are sorted and written by DuckDB, as those want them who read them: the ledger by listener
// within each file, adjustments by artist, refused records and notes as they came. Files with a column that another
// engine added to the table stay as they are, for its values would be lost.
//
// # Trino
//
// Where the environment has a Trino (jobs.Env.Trino), it writes groups of the archive anew that become files of the
// largest tier; below that the way to it and back is longer than the work. lakectl commits. The other tables stay with
// DuckDB: the small ones are little, and a group of the ledger becomes files by spans of days, which one insert cannot
// say.
//
//	read      the inputs are held against their hashes and read here, without deleted rows: their number, and the sum of
//	          a hash of each row over all columns
//	staged    Trino inserts the rows of these files, as the pinned snapshot has them, into a staging table with the sort
//	          order of the archive; lake.Lake.TakeStaged copies its files, seals them and makes their entries anew
//	proved    the new files are read back: number, sum, order and day are those that must be
//	committed by lake.Lake.Rewrite, as any group, as long as the staging table is on record; then that is dropped
//
// The inputs are read here although Trino reads them too. A sum that Trino makes of them would have saved that, and
// would say nothing of a byte that was damaged on the disk: Trino does not know the hashes of the files, so the new one
// would vouch for the damage, and the old one goes. The bytes have to come here for that; decoding them adds little,
// and then no count rests on Trino. What this machine is spared is merging, encoding and the memory of both: 0.83 us of
// CPU a listen are left of 1.11, and Trino takes 15.9 on one node (780,000 listens in 39 files). So this is for lakes
// whose nights are too long for one machine's memory and disks, not for saving work.
//
// Trino cannot say at which place of which file a row lay. Rows that were deleted meanwhile are found in the new files
// by what they are, once somebody asks: DuckDB numbers rows that are the same in all columns, and the first stands for
// the first. So a delete, ours or another engine's, does not cost Trino its work.
//
// lakectl writes the group itself, by the next plan, where Trino lacks the memory, writes many files instead of few, or
// lost it to whoever took a file away; and all groups where Trino does not sort, or its table cannot be made. A Trino
// that is lost ends the run, which goes on when it is run again. Killed in between, a run leaves a staging table on
// record, which hinders nobody but the purge, and goes after its grace.
//
// # Order
//
// Whoever asks for less goes first: a run ends when [Options].Free says so. Package maintain lets deletions go first.
//
// # Invariants
//
//   - The rows of a group, as they were merged, and those of its new file, read back from the disk, have the same
//     number and the same hash over all columns in the same order, or nothing is committed: jobs.ErrProof names the
//     files. Of groups that Trino writes it is the sum of these hashes, and the order by itself. Of tables that DuckDB
//     sorts each row is compared with what should be at its place.
//   - A row that was deleted at any time before the commit is not in the table after it (lake.Rewrite).
//   - A new file that holds rows which were deleted since it was begun is in erased_files before it is committed, for
//     the batch that deleted them, even if their delete files were merged meanwhile.
//   - After a run that left nothing, and that nobody asked to wait, a data file has one delete file at most.
//   - A run after one that left nothing for want of budget writes nothing, unless there were commits between.
//
// # Others at work
//
// Whoever takes a file of a group away wins, also a purge that has deleted it already: the group is planned again.
// After three such losses the groups of that day have half as many files. Appends are no matter, and ingest never waits
// for more than one commit.
//
// A job that computed from one snapshot of a table goes on over compactions (lake.IfUnmoved): what it adds is added.
// Where it removes a file that was rewritten, or deletes rows from one, it loses and finds the rows the next time.
//
// # Failure
//
// Killed at any instruction, a run leaves files that nobody refers to. Where rows have gone lies in a file in the
// temporary folder that has no name, so it is gone with the process.
//
// # Bounds
//
// Files that are read at the same time take 384 MiB at most by estimate, or half of the process's limit (GOMEMLIMIT)
// where that is less, the rows of a row group some 60 MiB, texts that repeat 64 MiB beside those of one row group, and
// the map of moved rows 4 bytes a row, on disk. A dictionary stays as its page has it, with 16 bytes for each text.
package compact
