// Package open makes, opens and moves the Iceberg catalog of a lake. It is the one package that links database drivers;
// jobs are given tables that are open already.
//
// # Use
//
//  1. [Init] makes what the lake lacks, and may be repeated.
//  2. [Connect] opens it; [Catalog.Lake] and [Catalog.SubjectKey] are what jobs need, and [Catalog.Close] ends it.
//  3. [Relocate] and [Restore] come before Connect, when a lake was copied or moved, or its catalog lost.
//
// # Design
//
// Init writes two things: the tables, once, and the key of the subject hash, once. An existing table is left as it is,
// except that columns which came with a newer version are added at its end, optional and empty, and that it is
// described to readers ([lake.Lake.Describe]) where another engine has not described it otherwise. So Init may be
// repeated and may run while jobs of the same version do.
//
// # Identity and place
//
// Init gives a lake an id, which lies in every table and in a file of the warehouse. [Connect] holds the place of the
// tables against the warehouse, and who writes is refused on a warehouse that belongs to another catalog. [Relocate]
// makes a lake that was copied or moved at home where it lies, [Restore] brings an old or lost catalog to the newest
// state of its tables. Both move the catalog's pointers last, so a run that was killed is run again. A warehouse that
// was copied alone is never given the original's catalog, and a folder that is mounted twice is one lake.
//
// # Catalogs
//
// sqlite (one machine, the default) and postgres are served here. Their rows follow the JDBC catalog of Iceberg, so
// Spark, Trino and PyIceberg open the same lake under the same catalog name. rest is any server of Iceberg's REST
// protocol (type remote): its tables lie below the configured warehouse like those of the others, and requirements
// that the protocol lacks are held right before a request. The warehouse is a folder or lies on S3 (package
// lake/store); Relocate and Restore are for folders, and for the two catalogs whose rows are in reach.
//
// On a SQL catalog a process keeps the newest metadata of each table parsed (type parsed says how that stays true), or
// a commit would spend most of its time reading what it has just written.
package open
