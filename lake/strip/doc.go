// Package strip writes a data file anew without some of its rows.
//
// # Use
//
//  1. [File] writes the new file into the folder of its table and describes it, for lake.Lake.Rewrite.
//  2. [Stripped.ReadBack] reads it back from the disk: it has the rows that were kept where the sums are equal.
//  3. [Moved] says where the rows are that were kept.
//
// # Design
//
// A row group that loses no row is copied as the bytes that it is; only its places in the footer change. Indexes of
// its pages and Bloom filters, which lie elsewhere in a file, stay behind. So one listener of a large sorted file
// costs less than to read that file.
//
// Other row groups are read and written column by column, page by page, with values as they are encoded: rows are cut
// out of plain values, and of the indices of a dictionary, from which values go that no row has any more. An erased one
// is in no page. Columns with another encoding, and those whose dictionary their writer gave up half way, are decoded
// and encoded again, without a dictionary. Nothing is sorted, and no row is put together. So one way serves all tables,
// whichever writer their files came from: columns keep their ids, encodings, compression, and whether they have
// statistics; rows keep their order; row groups stay apart, and one that loses all rows goes.
//
// Lists and maps are copied by whole rows. Columns that another engine dropped from the table stay behind. The new file
// lies under the partition spec of the old one, in the same partition. An encrypted file, and one whose columns have no
// field ids, is lake.ErrUnsupported.
//
// # Sums
//
// The sum of a file has, for each column by its field id, a hash over the values in the order of rows, with those that
// are absent, and one over the bytes of what was copied. It is taken from what is read on the one side and from what
// was written on the other, found by the new footer. Every page of a copied column is opened too, and its values are
// counted. So two files with equal sums have the same rows in the same order. Where a file has a seal, each column
// chunk is held against it when it is read, on both sides.
//
// Statistics of a column that lack a bound are left out: beside bounds of other row groups they would make
// the bounds of the file too narrow.
//
// # Bounds
//
// In memory are a page of a column, or 1,024 decoded rows, the bytes of one column chunk that is read, the pages of one
// that is written, and 4 bytes for each of its rows where it has a dictionary.
package strip
