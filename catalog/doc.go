// Package catalog opens the Iceberg catalog of a lake and holds the specification of every table in it.
//
// It writes two things: the tables, once, in [Init], and the key of the subject hash, once, in [Init]. An
// existing table is left as it is, except that columns which came with a newer version are added at its end,
// optional and empty, and that it is described. So Init may be repeated and may run while jobs of the same version do.
//
// # What tables say to readers
//
// The specs have a sentence for each table and column (table property comment, doc of the column), the key of listens
// (identifier fields; columns must be required for that, and nobody is held to it), and the order in which ingest writes its
// files (sort order; other files of the table need not be sorted). Init gives them to tables of earlier versions too
// ([lake.Lake.Describe]). They have no part in what jobs do, and what another engine said instead stays.
//
// # Table properties
//
// Every table is format version 2 with merge-on-read position deletes, and:
//   - commit.manifest-merge.enabled, metadata cleanup and gzip: commit time stays flat over thousands of commits;
//   - metrics mode none for columns that name people or their listens: a manifest entry keeps the bounds of
//     a file after its rows were erased.
//
// # Identity and place
//
// Init gives a lake an id, which lies in every table and in a file of the warehouse. [Open] holds the place of the tables
// against the warehouse, and who writes is refused on a warehouse that belongs to another catalog. [Relocate] makes a lake
// that was copied or moved at home where it lies, [Restore] brings an old or lost catalog to the newest state of its tables.
// Both move the catalog's pointers last, so a run that was killed is run again.
// A warehouse that was copied alone is never given the original's catalog, and a folder that is mounted twice is one lake.
//
// # Catalogs
//
// sqlite (one machine, the default) and postgres are served here. Their rows follow the JDBC catalog of
// Iceberg, so Spark, Trino and PyIceberg open the same lake under the same catalog name. A process keeps the newest
// metadata of each table parsed (type parsed says how that stays true), or a commit would spend most of its time
// reading what it has just written.
package catalog
