// Package dayfile collects listens and writes them as Parquet files, one a day. It knows the columns of listens and how
// they repeat, and nothing of where listens come from.
//
// # Use
//
//  1. [Rows.Add] for each listen, and fill in what it returns.
//  2. [Write] makes the files of all of them; lake.Commit adds these to the table.
//  3. [Rows.Reset] begins the next batch in the same memory. [NewStream] writes one file of rows that are sorted.
//
// # Invariants
//
//   - A file holds one UTC day of event time, sorted by user id, event time and arrival, in row groups of a bounded
//     number of rows.
//   - Columns are written by the ids of the table's fields, with the names and widths that the table has now. A table
//     that lacks one of lakectl's columns is refused.
//   - What is handed to Add is copied: nothing that its strings lie in is kept.
//   - The files hold what arrow-go would write from the same rows with the same settings, value by value, and bound by
//     bound of a column of a row group. The pages are made here; single pages say no bounds.
//
// # Bounds
//
// A row takes some 100 bytes, a text that repeats is kept once a batch, and two files are written at a time, each with
// the columns of one row group in memory. Files that a failed Write leaves are nobody's.
package dayfile
