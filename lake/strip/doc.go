// Package strip writes a data file anew without some of its rows.
//
// # Use
//
//  1. [File] writes the new file into the folder of its table and describes it, for lake.Lake.Rewrite.
//  2. [SumOf] reads a file back from the disk: it has the rows that were kept where the sums are equal.
//  3. [Moved] says where the rows are that were kept.
//
// # Design
//
// A Parquet file is read and written column by column, one row group after the other, with the values as they are:
// nothing is sorted, and no row is put together. So one way serves every table, whichever writer its files came from:
// columns keep their ids, encodings, compression, and whether they have statistics; rows keep their order; row groups
// stay apart, and one that loses all rows goes.
//
// A column whose values repeat (lists, maps) is lake.ErrUnsupported.
//
// # Sums
//
// The sum of a file has, for each column by its field id, a hash over the values in the order of rows, with those that
// are absent. It is taken from what is read on the one side and from what was written on the other, so two files with
// equal sums have the same rows in the same order.
//
// # Bounds
//
// In memory are 1,024 rows of a column and the pages of one column chunk that is written.
package strip
