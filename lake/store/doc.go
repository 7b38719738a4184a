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
// A copy is written under another name and renamed, so a reader sees all of it or none, and it is held against the
// length that the store says. It is read-only; what is still written is not, and stays for its writer. What is in a
// copy is verified where it is read: data and delete files carry their hashes.
//
// Several processes share a folder. Each use sets the time of a copy. When the folder holds more than its limit the
// copies that were not used for the longest time go, but none that was used within [inUse]: a view of DuckDB opens its
// files when it is queried. So the limit is passed where that much is in use at once.
//
// # Erasure
//
// A file that is deleted here loses its copy at once. What other machines deleted goes with [Store.Sweep], which
// compares the folder with the bucket. Each process does it when it opens the store and for as long as the store is
// open, once in [sweepEvery] for each warehouse that has copies in the folder.
package store
