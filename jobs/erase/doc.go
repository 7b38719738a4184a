// Package erase carries deletion requests through their states.
//
// # Use
//
//  1. Call [Delete]: it takes out the rows of open requests and says which periods and days are marked.
//  2. Run royalty.Run and rollup.Run, then [Confirm]; package chain does all of it.
//  3. [List] and [Show] say where requests are, [Foresee] what Delete will take. [NewPlan] and [Plan.Execute] are its
//     two halves.
//
// # Design
//
// A request names a user and a window of event time. It stands for ever: rows it covers go whether they arrived before
// it or after. Ingest keeps the later ones out; this job takes out the rest.
//
// # States
//
// One row of deletion_log is one step of one request row. Rows are only appended, each later than all before it. A
// request row is told by its source position: a retry with the same request id is another row, binds as well, and finds
// little left to do.
//
//	    row in deletion_requests
//	              │
//	          requested               no log row
//	              │
//	   Delete: find the rows of four tables, their days, the days of the other copies of the same listens
//	              │
//	              ▼
//	┌───────▶ located                 proves: what is affected is on record. Written before any delete,
//	│             │                   because after the first one nobody could find it again
//	│   the files that hold the rows go on record (package book)
//	│   row deletes, one commit a table:
//	│   listens ▶ quarantine ▶ listens_duplicates ▶ listens_counted
//	│             │
//	│             ▼
//	│       rows_deleted              proves: no current snapshot of the four tables shows a row that the
//	│             │                   archive held at listens_snapshot_id. Names the days and periods to
//	│             │                   recompute and the ledger snapshot from which to
//	│   royalties settle the ledger and publish, rollup rewrites the days
//	│   Confirm: have they?
//	│             │
//	│             ▼
//	│        recomputed               proves: dashboard, lines and payouts come from what is left
//	│             │
//	│             ▼
//	│     purged ▶ verified           later steps: the files that held the rows are gone, snapshots and manifests
//	│                                 included; what is left was decoded and holds none. The user id is
//	│                                 wiped from the request then, and its subject finds the user
//	│
//	└── from rows_deleted or beyond: rows that slipped past, refused records that came later
//
// # Delay, hold, withdrawal
//
// A request that is younger than the delay is left alone, and so is one that an operator holds or has withdrawn
// ([Hold], [Release], [Withdraw]). These decisions are rows of deletion_log, too (held, released, withdrawn), beside
// the states: a run that read the log before is fenced when it writes what it located, so no rows go after a decision.
// A request that says the same at another place is a retry and shares the decision; one that says something else
// binds. While its rows are being deleted a request can neither be held nor withdrawn; once they are gone a hold keeps
// the files.
//
// Ingest does not keep out what such a request covers, and its commits say which requests they left alone
// (catalog.RequestsPassed): their files are searched for these once they are carried out. A request that was held after
// its rows went is searched for in everything again when it is released.
//
// # What it reads and writes
//
// Reads deletion_requests, deletion_log, listens, quarantine, listens_counted, listens_duplicates; for Confirm also
// what the tables of the dashboard, royalty_lines and royalty_runs say they cover. Writes row deletes in the four
// tables, rows of deletion_log, and in erased_files which files held the rows. Never a user id in the log, in a
// summary, a file name or an error.
//
// The columns of deletion_log by state: located has what is about to go and the snapshots of the archive and of the
// ledger that were read; rows_deleted has what went since the last rows_deleted row, every day and period located since
// the request was last recomputed, the archive snapshot it is swept through and the ledger snapshot without the rows;
// recomputed has the archive snapshot the ledger covers and that ledger snapshot. A row that several requests cover
// counts for the first by position; its days are on record for each. The first rows_deleted row of a step also has the
// plays that all its requests took of a track on a day (plays_erased), where they are of at least five people: the
// dashboard then tells them from duplicates.
//
// # What slips past
//
// An ingester filters its rows against the requests it knows and says in its commit which these are
// (catalog.RequestsThrough). A request may be committed while such a batch is under way. So each run also reads the
// files that came after the last sweep by commits that did not know a request, and deletes what they hold. Every run
// does this for all requests, so the newest rows_deleted row says for all of them through which archive snapshot they
// are swept. Requests stand in quarantine in full each run: refused records are not filtered when they arrive.
//
// A rollback of the archive brings swept rows back. The history does not show the rollback once the swept snapshot has
// expired. Nor does it show a rollback that ends on the swept snapshot itself, which is older than the deletes. So each
// delete on the archive counts, in the archive's state, the deletes on its line, and the log notes the count with the
// sweep (catalog.Erasures). If the line has fewer deletes than the log says, everything is searched for every request.
// If nothing is found, the log notes that.
//
// A snapshot that has expired counts as swept. Maintenance must therefore keep three kinds of snapshots. First, a
// snapshot of listens that is newer than that of the newest rows_deleted row, unless its rows were filtered through
// every request that has reached rows_deleted. Second, a snapshot that was committed after an open request and does not
// know that request. Third, while a request is located, the snapshots of the four tables since then: without them the
// log counts too few rows. Package maintain keeps to this.
//
// # Trino
//
// Where the environment has a Trino, it searches listens and the ledger for the rows of open requests: it deletes them
// from clones (lake.Lake.DeleteInClone), which tells where they lie. DuckDB then reads these rows, in the files that
// have some, and says by its own rule that each is covered; all that comes after is the same. What slipped past lies in
// few files, quarantine is small, and users of wiped requests are found by a look at every user: DuckDB searches for
// these alone. A clone that stands may hold erased rows; like any staging table it blocks purge and proof until the
// next run or maintenance drops it. The statements name whom the requests are of: whoever may read the history of the
// server learns it for as long as that is kept, and a proof says so.
//
// # Others at work
//
// Ingest may append to listens and quarantine between the search and the delete; the delete holds as long as every file
// it names is live. On the derived tables any other commit fences it. A derived table gets a commit even when it loses
// no row, if the archive did: royalties that still compute from the archive as it was would otherwise bring the rows
// back after us; that commit fences them, because they read the ledger before the archive. When fenced, the job plans
// again, three times.
//
// # Running again
//
// A crash leaves requests at requested or located. The next run searches everything again, so the rows that are left
// go. Each commit names the located rows that it carries out, so the run knows what went before. The tables, the days,
// the periods and the counts come out as if nothing had happened. With nothing open and nothing slipped, nothing is
// written.
//
// # Bounds
//
// The addresses of rows to delete lie in a DuckDB that spills; a million positions at a time are in memory. The
// standing requests are all in memory.
package erase
