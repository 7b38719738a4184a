// Package store keeps local copies of the files of a lake on S3, for DuckDB and every other reader of this machine.
//
// # Use
//
//  1. [Open] reaches a warehouse by its s3:// URI and mounts it ([lake.Mount]): from then on [lake.LocalPath] is where
//     a copy lies, and [lake.Fetch] makes it. [Store.Close] ends that.
//  2. [Store.FS] is the storage that the Iceberg library reads and writes through.
//  3. [Store.Read] and [Store.Replace] are for the one small file that does change, the identity of the warehouse.
//
// # Design
//
// Files of a lake never change under their names, so a copy is good for as long as the file is there. A copy lies in
// the folder under the name that its key has in the bucket. What is written here is written as a copy first, then
// stored, then committed: a process that is killed between leaves an orphan, which the sweep of package lake deletes.
// Credentials come from the standard AWS chain and from nowhere else.
//
// # Copies
//
// A copy is written under another name, synced and renamed, so a reader sees all of it or none, also when the machine
// died: a name never outlives its bytes. It is held against the length that the store says. What is written here is
// synced before it is stored, for it counts as a copy then. A copy is read-only; what is still written is not, and
// stays for its writer. What is in a copy is verified where it is read: data and delete files carry their hashes, and
// a job checks those that it reads before the first use.
//
// # Columns
//
// Of a sealed file of [Options].WholeBelow bytes or more a copy has what is asked for: seal, footer and whatever else
// lies in no column, and the column chunks that a view names ([lake.FetchColumns]). Holes lie where the others are. A
// chunk is taken when its bytes have the hash of the seal. There is no record of what is there that could be wrong: a
// chunk is there if its first byte is not zero, for it begins with the header of a page, and no header begins so. A
// copy grows as a new file, with what the old one has, under a lock of its path: so whoever has it open reads on, each
// chunk is there as a whole or a hole, and of several processes none loses a column of another. The mode says that a
// copy is sparse ([lake.SparseCopy]), and goes when nothing is missing any more. Where a file system says so of all
// files, the chunks tell; where it cannot say so, copies are whole.
//
// A column that is not there is an error and never a value. The views of jobs have the columns alone that were
// fetched. A view of an analyst has all, and those are fetched that the query calls by name; DuckDB fails at the zeros
// of a hole, which are no page, then all columns are fetched and the query runs again. Whoever opens a file whole
// ([lake.Open]) gets a whole copy. Files without a seal, smaller ones, and those of which most is asked for are
// fetched whole.
//
// Several processes share a folder. Each use sets the time of a copy. When the folder holds more than its limit the
// copies that were not used for the longest time go, but none that was used within [inUse]: a view of DuckDB opens its
// files when it is queried. So the limit is passed where that much is in use at once. Of a sparse copy that counts
// which it takes on disk.
//
// # Erasure
//
// A file that is deleted here loses its copy at once, also one that grows in that moment. What other machines deleted
// goes with [Store.Sweep], which compares the folder with the bucket. Each process does it when it opens the store and
// for as long as the store is open, once in [sweepEvery] for each warehouse that has copies in the folder.
package store
