// Package relocate makes the metadata of a table that was copied or moved name the files where they are now.
//
// # Use
//
//  1. [Load] reads a metadata file of a table; [Walk] visits the files that it names.
//  2. [Table] writes the metadata of one table for its new place, and returns the metadata file to register.
//  3. [From], [Below] and [Canonical] compare the places. Package catalog/open calls all of them and switches the
//     catalog.
//
// # Design
//
// Iceberg stores absolute paths: in the metadata file, in every manifest list, in every manifest and in the rows of
// position delete files. After a copy all of them still point to the original, so that work in the copy would change
// and delete the original's files. [Table] writes each of these files anew, under another name, beside the one it came
// from; only what the table's metadata file names as its location and what lies below it is renamed. Data files stay as
// they are. Nothing else changes: snapshot ids, sequence numbers, times, parents, refs, schemas, statistics and the log
// of snapshots are those of the original. Only the list of older metadata files is dropped: they still name the old
// place, and a later cleanup deletes what that list names.
//
// # Invariants
//
// No file is written under a name that exists in the original, none is deleted, and nothing is committed: the caller
// lets the catalog name the new metadata file when all tables are done. The names of new files follow from the old ones
// and the new place, so a run that was killed is simply run again and writes the same files over.
//
// Manifests are copied field by field as the Avro file has them, so what this version does not know survives. Tables of
// format version 2 only; deletion vectors hold a path inside a Puffin file and are refused.
package relocate
