// Package lake is the only place of lakectl that commits.
//
// # Use
//
//  1. [New] makes a [Lake] of an opened catalog; [Lake.Table] loads a table, and [Table.Current] is its newest
//     [Snapshot].
//  2. [Snapshot.Files], [Snapshot.Changes] and [Snapshot.State] tell what it holds, what came since another one, and
//     its state.
//  3. [Table.WriteRows] or lake/duck writes data files; [Lake.Commit] adds them and the state, exactly once.
//
// # Design
//
// It puts three things on top of iceberg-go: a table at one of its snapshots ([Snapshot]), what was added to a table
// between two snapshots ([Changes]), and one commit function ([Lake.Commit]) that every job uses.
//
// # Committing exactly once
//
// The caller writes its Parquet files once. Commit then repeats: load the table, ask the caller whether the base it
// computed from still holds, stage the files, pin main to the snapshot just seen (compare and swap), commit once. After
// any error it loads the table again and looks for its own commit id among main's ancestors. Found: the commit landed
// although its answer was lost. Not found and the base holds: the same files are staged again. Base moved: the caller
// gets its own error, usually [ErrFenced].
//
// The class of an error is never trusted before that look: the SQL catalog's conflicts have no type, and a timeout may
// have landed. After it, an error that cannot pass (no such file, no right, a full disk, a table that does not fit)
// ends the rounds. The library's own retry stays off whatever the table says (commit.retry.*, which is for other
// engines), because it replays without asking.
//
// Where the newest change of a table is more than a minute ahead of this machine's clock, nothing is changed:
// [ErrClock].
//
// A file that is in the table already is refused. Names that this process made and that nobody has tried to commit are
// not looked for, nor are they after an attempt as long as main comes from where that attempt was made.
//
// The live entries of the manifests that a lake reads are kept, up to a bound, for every table that it loads: who asks
// for the same files again reads only the list of manifests. Readers share the entries and change none.
//
// Errors of reading name the file ([NameFile]); the library does not say at which manifest it failed, so a second
// attempt reads them first. What to do follows from the cause where that lies outside of lakectl ([Hint]).
//
// # Tables that others have touched
//
// Every load holds a table of lakectl's against its spec ([Known]): columns by field id and type, the partition spec it
// was made with, format version, place below the warehouse. [Table.Columns] and [Table.Spec] say where the columns and
// the partition spec of lakectl are in the table; columns, names, order and default spec of others are theirs. What
// does not fit is [ErrUnfit], before anything is written. Field ids that are not their column's place in the spec lie
// in the table property lakectl.columns.
//
// Comments, key and sort order of a spec are for readers ([Lake.Describe]); no check and no job goes by them. Hashes of
// the words that lakectl wrote lie in the table property lakectl.words: others are another engine's, and stay.
//
// # State in snapshot summaries
//
// What a job must know to go on (positions in its sources, the snapshot of another table that it covers) lies in the
// summary of the same snapshot as the rows it belongs to, under keys that start with [StatePrefix]. Every commit
// through this package carries all state keys of the table forward, so the newest snapshot of ours has the whole state.
// Snapshots of other engines carry none: [Snapshot.State] walks back to the nearest of ours.
//
// Another engine may expire that one. So each commit also sets the table property [StateProperty], in the same metadata
// commit: the state, and the snapshot that it belongs to. A property and not a tag: a tag would do, for every engine
// spares what it names, but it would keep the files of its snapshot from being purged for as long as the table is not
// written to. The property is bounded as a summary is, and replaced by each commit.
//
// A property does not follow main, so it is believed only while main comes from the snapshot it names. Where the line
// of main breaks off at an expired snapshot ([Table.recall] finds out once for each load):
//   - the expired parent is that snapshot: so it is;
//   - an older metadata file that the table still lists tells how the line goes on, with the summaries of its
//     snapshots;
//   - a manifest of main has something that only that snapshot can have put there.
//
// Otherwise the state is unknown. Of most tables it is then as if never set, for whoever goes by it can start over
// ([Spec]); of the others it is [ErrExpired], and the table takes no commit but one that says [Commit.Forgets].
//
// The same record tells whether anyone else changed the rows of a table that only we write ([Table.Altered]). A commit
// of ours on top of such a change passes it on, until one mends the rows ([Commit.Mends]).
//
// # Rewriting files
//
// [Lake.Rewrite] commits files that replace others with the same rows, by the same loop. Each attempt looks at the
// deletes that came since: their rows are deleted in the new files too, in the same commit, so a deleted row is never
// seen again. The new files have the highest data sequence number of the old ones, and the summary has the lowest of
// their rows. So [Snapshot.Changes] tells whether all of a new file came after a base: then a reader that lags behind
// reads it like any other. Where only a part did, the partition is torn.
//
// A rewrite that keeps every row as it is says so ([Rewrite].Compacts), and commits computed before it hold on top of
// it ([IfUnmoved]) as long as the files that they remove or delete rows from are still there.
//
// [Lake.MergeDeletes] does the same with position delete files alone: a data file that several of them name gets one.
// Which data file one is of is told by the bounds of its paths ([ReferencedDataFile]): format version 2 as the library
// writes it has no column for that.
//
// # Staging tables
//
// Another engine never commits to a table of the lake. It fills a staging table, and [Lake.CommitStaged] takes the rows
// from there:
//
//	on record     a property of the table says which staging table there will be, where, since when and whose
//	made          in a namespace beside the lake's, below the table's folder, with the table's columns by id, its
//	              partition spec and how files are to be written
//	filled        the engine says how many rows it wrote; entries and footers must say the same
//	taken         files are copied to where those of the table lie, and sealed; their entries are made anew from the
//	              footers, for the engine may write bounds of columns that must have none
//	committed     by [Lake.Commit], with state and pin like any other, as long as the table is on record
//	dropped       first the row of the catalog, then all files, then the record
//
// Rows for a rewrite come the same way ([Lake.TakeStaged]): sorted as the table is, and committed by [Lake.Rewrite]
// ([Rewrite].From).
//
// Copies, because taking the hashes reads every byte anyway: what is committed has fresh names, so no file is ever
// added twice, and all that the engine wrote can go. A staging table that a dead run leaves stays until its record is
// older than the grace. Then the next run and maintenance drop it ([Lake.ClearStagings]); a run that still works on it
// is fenced. Until then sweeps leave its files alone; what an engine writes there later is an orphan of the table.
//
// # Clones
//
// Where rows lie in their files is a question that an engine answers by deleting them. [Lake.DeleteInClone] lets it do
// that in a clone: a staging table that starts with a snapshot of its table.
//
//	on record     like any staging table, and dropped and cleared like one
//	made          with a snapshot that has the files of the pinned one; its manifests are copies, so that no engine that
//	              expires or purges the clone takes a file of the table
//	deleted from  the engine says how many rows went
//	read          position deletes that came, and files that went whole: as many rows as the engine says, all in files
//	              of the pinned snapshot
//
// Nothing of the engine gets into the table: the job writes position deletes of its own. A table whose manifests name
// columns or partition specs by other numbers than a new table would have, or whose columns another engine renamed, is
// not cloned ([ErrUnsupported]).
//
// # Sealed files
//
// Every Parquet file of ours carries a seal ([Seal], and its layout in seal.go): a hash of each column chunk and of all
// else. The mark in its name promises the seal, so a file whose seal is damaged is never taken for one of another
// engine. Whoever turns files into numbers asks a [Verifier] first; what does not hold is [ErrDamaged].
//
// # Expiring
//
// [Lake.Expire] is the other commit: it changes no rows, takes snapshots out of the history and then deletes what
// nothing refers to any more. Which snapshots is for package maintain to say: whoever walks the parents of a snapshot
// ([Snapshot.Since], [Snapshot.Changes]) relies on there being no gap.
//
// A REST server cannot be asked that no tag is new, so one that is made within the milliseconds of the request goes
// with its snapshot. Expire looks for it in the metadata that its commit replaced before it deletes a file. A process
// that is killed right there leaves the files to the sweep of orphans.
//
// # Bounds
//
// [Lake.DropBounds] takes bounds of columns out of the manifests of main, whoever wrote them, and changes nothing else
// of an entry. Its snapshot of operation replace adds and removes no file.
//
// # Entries of removed files
//
// A manifest entry outlives its file: it says that the file was removed, and goes on telling of its rows.
// [Lake.DropRemoved] takes such entries out. What it commits stands in for the snapshots before it, back to the last
// that changed rows: its summary lists them. So whoever covers one of them goes on ([Snapshot.Since]) although all of
// them have expired, and who changed rows last is still told ([Snapshot.LastChangeBy]). [Lake.ForgetMetadata] then
// takes away the older metadata files that name expired snapshots.
//
// # Orphans
//
// Killed jobs and lost races leave files that nothing refers to. [Lake.PlanOrphans] lists them once they are older than
// a grace by the clock of the store, [Lake.SweepOrphans] deletes exactly such a plan. By then a file may belong to a
// commit that was under way all the time: of a process that was stopped, or of a machine that slept. Two things keep
// that commit from naming a file that is gone:
//   - A commit refuses files older than half the grace ([ErrStale]), by the same clock.
//   - A sweep sets [SweptProperty] before it deletes. Every commit requires that the property is what it was when the
//     table was loaded, and the catalog checks that within its compare and swap. So one that was prepared before the
//     sweep is not confirmed after it, and the next attempt looks at the files anew.
//
// Other engines look at neither. Their commits have to land within the grace.
//
// # Files that are not on this machine
//
// A table may lie at a [Remote] place. [LocalPath] is then where the copy of a file lies, [Fetch] and [Open] make it,
// [FetchColumns] one that may lack what its reader does not name, and [Put] stores a file that was written there,
// before it is committed. Times of files and lists of them come from the store ([Stat]). For a file: URI all of these
// do nothing, or what the file system does.
//
// # Caveats
//
// Exactly once means: the rows of one commit are in the table once, together with the state that says so. Two tables
// never change in one commit; jobs order their commits so that the last one publishes. A rollback of main rolls the
// state back with the rows. Files of a commit that lost are left behind as orphans. Only position deletes are
// read and written; a table holding equality deletes or deletion vectors is refused.
package lake
