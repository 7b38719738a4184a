// Package catalog says what the tables of a lake are and what they say to each other: their names, the specification of
// each, the state keys and properties in their summaries, the jobs that commit to them. It opens nothing and links no
// database; that is package open below.
//
// # Use
//
//  1. [Specs] is the list of all tables: open.Init creates them, and a table's name is a constant such as [Listens].
//  2. [Personal] and [Judged] say what a table may be used for, before it is tagged or read.
//  3. [WatermarksOf], [CheckBeside] and the state keys read what one job left for another in the summary of a snapshot.
//
// # What tables say to readers
//
// The specs have a sentence for each table and column (table property comment, doc of the column), the key of listens
// (identifier fields; columns must be required for that, and nobody is held to it), and the order in which ingest
// writes its files (sort order; other files of the table need not be sorted). They have no part in what jobs do.
//
// # Table properties
//
// Every table is format version 2 with merge-on-read position deletes, and:
//   - commit.manifest-merge.enabled, metadata cleanup and gzip: commit time stays flat over thousands of commits;
//   - metrics mode none for columns that name people or their listens: a manifest entry keeps the bounds of a file
//     after its rows were erased.
//
// # People
//
// The columns that say who listened to what are one list in the specs. [Personal] is made from it: an erasure must
// reach such a table, and only a table that is not personal may keep a snapshot under a tag without a limit
// ([IsStatementTag]).
package catalog
