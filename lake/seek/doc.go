// Package seek reads the rows of one key out of sorted tables, in milliseconds and without an engine.
//
// # Use
//
//  1. [New] makes a [Reader], one for a process.
//  2. [Reader.Open] makes a [View] of a snapshot: of which column the keys are, and which columns are wanted.
//  3. [View.Rows] visits the rows of a key; [File.Each] those of many, file by file.
//  4. [Reader.Keep] keeps what was made of a file, for files never change.
//
// # Design
//
// A page asks for one artist, and asks often. DuckDB needs ten milliseconds of two cores for that, most of it for
// opening files. The Reader keeps the footers of the files in memory, finds the row groups whose bounds may hold the
// key, decodes these with arrow-go and keeps them decoded, and apart from them the rows of the keys that were asked
// for: what was used last, up to [Options].CacheBytes. So the cost of a key is that of the row groups it lies in: few
// where the files are sorted by the key and their row groups small. Files that are not sorted are read right, only
// slower.
//
// # What it reads and writes
//
// It reads data files and position delete files of tables, columns by field id. It writes nothing.
//
// # Invariants
//
//   - Every byte that becomes a value was held against its hash (lake.Chunks), but for files of other engines, which
//     have none.
//   - A View is one snapshot: what is committed later does not show. Views share what is decoded, for files never
//     change.
//   - A column that a file lacks, or a null, reads as "" or 0.
//
// # Bounds
//
// Decoded row groups take a fourth of CacheBytes at most, rows of keys and what Keep keeps the rest, and what is being
// read comes on top. A footer takes about 1
// KB a row group and column; footers count too. Positions of deleted rows are in memory for as long as a View that
// needs them, 8 bytes each.
//
// # Failure
//
// lake.ErrDamaged names the file. A file that is gone (its snapshot expired while the View was held) is fs.ErrNotExist:
// open a newer snapshot. Types that no table of ours has are lake.ErrUnsupported.
package seek
