// Package maintain thins the history of the tables, so that a commit costs the same whether it is the hundredth or the
// ten thousandth, deletes the files that nothing refers to, and has small files compacted.
//
// # Use
//
//  1. Call [Run] now and then, also while other jobs run: it keeps what they need.
//  2. [Options] with a dry run says what would go, and changes nothing.
//  3. The [Report] names what could not go, and the job to run first.
//
// # Design
//
// Every snapshot is about 1 KB of the table's metadata, which each commit reads and writes as a whole. An ingester that
// flushes every 15 s makes 5,760 a day.
//
// # What it keeps
//
// Of every table:
//   - the current snapshot, and the ones below it down to the newest of ours, which has the state, and to the newest
//     that changed rows (lake.Snapshot.Footing);
//   - whatever a tag or a branch names;
//   - the newest 30 ([newest]), of quarantine only those within the retention;
//   - the newest of each UTC hour, and the first of all, while younger than [Options].Retention; and the one that was
//     current when the retention began;
//   - what a royalty run names, for so long after the run finished; lines, payouts, shares and adjustments of the
//     published run of each period and of those that were closed without end, because their statements are read from
//     there;
//   - what the holds below ask for.
//
// Everything else goes, with the files that nothing else refers to. So a time in the past is answered by the newest
// kept snapshot before it (lake.Table.AsOf), at most an hour older than what was current then.
//
// # Holds
//
// A consumer walks the parents of the current snapshot back to the one it covered last (lake.Snapshot.Since) and starts
// over when one is missing. The table consumers lists who covers what. Of a table, nothing is removed from the oldest
// such base on; the base stays too. A consumer that never ran starts from everything and holds nothing. One whose base
// is gone, or no longer below main, has to start over too; for it everything of the last six hours stays ([rebuild]),
// so that it finds the snapshot it starts from when it is done. An ingester remembers snapshots of deletion_requests
// and sources that it has read; where they are missing it reads the tables whole.
//
// Of the tables of the dashboard, what plays_by_day names stays, for a reader takes it as one state: what its newest
// snapshot names, and for a quarter of an hour ([served]) what those before it name.
//
// Of a published table (catalog.Published) that another engine changed, the snapshot that the royalties job puts back
// stays until it has.
//
// What consumers need of a base is its state, so the base keeps its footing as the current snapshot does.
//
// # Compaction
//
// Last, package compact rewrites small files of one table after the other, each with what those before it left to
// spend. It is told from which snapshots the consumers of a table will walk on, and merges only what they all have read
// or not read. While a deletion request waits to be carried out it does nothing. A table that cannot be compacted keeps
// no other from it.
//
// # Erasures
//
// The newest rows_deleted row of deletion_log names the snapshot of listens through which all requests are swept. A
// later run of the job deletions searches only files that came after it, by commits that did not know a request: it
// finds them through the snapshot that added them, and takes the rows of an expired one for searched. Hence, with a
// request's sequence that of the snapshot of deletion_requests which holds it:
//
//   - A request that has reached rows_deleted relies on this. A snapshot of listens after the swept one stays unless it
//     says that its rows were filtered through the highest sequence of all such requests. (A compaction counts as
//     filtered through the least of what is between the swept snapshot and it.) Commits of ingest all pass, but for
//     those that were under way when a request came; so thinning goes on however long nothing slips past.
//   - A request that was never worked on is searched for in everything, whatever is expired. But such a search may be
//     under way: it loaded the request first, then the archive, and will log that archive snapshot as swept. What it
//     can miss was committed after the request and does not know it. Such snapshots stay until the request has been
//     worked on. When the request was committed is known to the hour (it is thinned as well), hence [margin].
//   - A commit may say that it left requests alone that it knew (catalog.RequestsPassed): they were held, or young. It
//     stays like one that did not know them once one of them is carried out, and before that for [longestSearch], in
//     which a search that found them due may be under way.
//   - While a request is located, nothing is removed from the four tables that lose rows: which deletes have landed is
//     read from their snapshots.
//   - While rows are deleted and not yet recomputed, the snapshots of listens_counted that the requests name hold like
//     the base of a consumer: the order between them and what was published decides.
//   - The swept snapshot stays while it is younger than the retention, and while any older one is there. Its
//     descendants are thinned around it; that main still descends from it is told by lake.Snapshot.DescendsFrom, here
//     and in package erase. Where main does not (it was rolled back), nothing of listens is removed until the archive
//     has been swept anew. Once it is gone all that is left is newer, and judged as above.
//
// The tables are loaded before the requests, the log and the states that decide about them, listens first, and
// snapshots made after that stay. So a request that is not seen here was committed after every snapshot that may go.
//
// # Refused records
//
// A day of quarantine goes as a whole once all of it is older than [Options].Quarantine: by the time its records were
// received, and by the age of its files, so that what was refused lately can be looked at however old it is. One commit
// takes the days out, with the deletes on them. Their files go when the last snapshot expires that has them, so within
// [Options].Retention unless a tag holds them. While a deletion is located nothing is taken out.
//
// # Bounds of personal columns
//
// Tables of ours say that manifests have no bounds of personal columns (catalog.PersonalColumns), but other engines may
// not look, and a manifest entry keeps its bounds after its file was removed. Each run reads the manifests of main, and
// writes those that have such bounds anew without them (lake.Lake.DropBounds). What they were stays in older snapshots
// until these expire.
//
// # Orphans
//
// Runs that were killed, commits that lost and expiries that were cut off leave files in the folders of the tables that
// nothing refers to. Those older than the grace of the lake go (lake.Lake.PlanOrphans says what counts as referred to,
// and why a writer that was suspended for days commits no missing file all the same). Each run lists the folders; the
// manifests of old snapshots are read only where some file is not accounted for. A table whose files lie outside of its
// folder, or that shares the folder with another table, keeps its orphans, and the run ends with an error after it has
// done the rest.
//
// # Staging tables
//
// A run that had another engine compute and was killed leaves its staging table. Once that has been on record for
// longer than the grace of the lake it goes, with its files (lake.Lake.ClearStagings).
//
// # What it reads and writes
//
// Reads all tables' metadata, deletion_requests, deletion_log, royalty_runs, royalty_closes. Writes table metadata,
// without the snapshots that go, and deletes files; package compact writes data files. Of the rows
// it takes out only days of quarantine. Nothing to do, nothing written but a probe in each table's folder, which tells
// the time by the clock of the store and is taken away again.
//
// # Failure and running again
//
// One table after the other; each is one metadata commit, then files are deleted (lake.Lake.Expire). Killed before the
// commit, nothing has happened. Killed after it, files stay that nothing refers to: data that was replaced long ago,
// manifests, manifest lists. Runs after it do not find those; they are orphans, and go with these. Two runs at once
// choose the same and tolerate that the other was faster. A commit of another job in between makes it choose again.
//
// # Limits
//
// In memory are the metadata of all tables, one of them twice; per table the descriptions of its manifests, about 1 KB
// each; and 200,000 paths of data files at a time. Where something goes, every manifest list is read, in about a
// millisecond each, the manifests that go, and those of the current snapshot; those of the others only as long as some
// file that might go is not accounted for.
//
// # Caveats
//
// A job that started from a snapshot which is not held, and ran while more than 30 commits and a maintenance passed,
// finds its base expired: it is fenced, or starts over the next time, and counts nothing twice. Snapshots that main was
// rolled back from are thinned like all others; tag one to come back to it. The table's own log of what was current is
// cut by an expiry, so other engines answer a question about a time only back to there.
package maintain
