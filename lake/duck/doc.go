// Package duck runs SQL over Iceberg snapshots with an embedded DuckDB.
//
// # Use
//
//  1. [Open] starts a DuckDB for one run; [DB.Close] ends it and removes what it spilled.
//  2. [DB.Bind] makes a view of a snapshot; [DB.ExecText], [DB.EachText] and [DB.OneText] run SQL over the views.
//  3. [DB.Write] writes a relation as data files of a table, for [lake.Lake.Commit]. A user's SELECT goes to [Analyze]
//     instead.
//
// # Design
//
// Reading: Go plans the files of a snapshot, DuckDB reads exactly these, columns by field id, minus the position
// deletes ([DB.Bind]). Writing: DuckDB writes Parquet files with field ids into the table's folder ([DB.Write]);
// package lake commits them. DuckDB itself never touches the catalog, so a crash leaves at most files that nobody
// refers to.
//
// What is bound is verified first, where [Options].Verify says so: the columns that the view has, once a process. So no
// statement of a job reads bytes that are not those that were written. Of what a user's query reads ([Analyze]) only
// the deletes are verified. How many rows a table has in all is told by its manifests, where these can
// ([lake.Snapshot.CountRows]), without a file.
//
// # Rules for statements
//
//   - Sums of integers are HUGEINT, and Parquet would store them as DOUBLE: cast every sum to BIGINT.
//   - `/` and avg give DOUBLE: divide money with // and % on integers.
//   - Strings compare bytewise, which is the order the specification asks for.
//   - The time zone is UTC, so a day or month of a timestamp is the UTC one. Functions of timestamps with zone are slow
//     (100 ns a row); those of make_timestamp(epoch_us(t)) give the same in UTC for a sixth of it.
//   - What is to leave out files or row groups by their statistics must be a constant in the text ([Between]): DuckDB
//     plans a statement before it has the parameters.
//   - A MERGE does not deduplicate its source: pick winners first. Window functions hold their rows in memory and do
//     not spill, so give them bounded slices; GROUP BY and joins spill.
//
// # Memory
//
// Each DB has a memory limit and spills to a folder of its own, up to a limit, removed on Close. A file in the folder
// is locked as long as the process lives: [Open] removes the folders whose processes were killed, and no other. One DB
// serves one run of one job; it is not for use by several goroutines at once.
package duck
