// Package restcatalog is a read-only Iceberg REST catalog over the lake's own catalog, whichever kind that is, so that
// another engine attaches with one address.
//
// # Use
//
//  1. [New] makes the server from what a job is given; the environment needs no right to write and no subject key.
//  2. [Server.Run] serves until its context ends; [Server.Handler] is what it answers with.
//  3. Clients are given the address alone, and a token where one is needed: examples/engines.
//
// # Design
//
// A client asks the catalog where a table's metadata lies and what it is, and reads the files of the table by itself.
// So an answer is the metadata file as it lies there, unpacked, and no engine has to know which kind of catalog the
// lake has. The configuration names the five routes that read and none that writes: Spark and Trino then refuse to
// write by themselves. Who tries all the same is answered 403.
//
// The tag of an answer (ETag) is the location of the metadata file, which never changes under its name: a client that
// has it is answered 304. Answers are kept by that tag, 64 MiB at most; one table at a time is read and put together,
// of 128 MiB at most, which is some 100,000 snapshots.
//
// # Who may ask
//
// Package access decides, as on the dashboard: tokens of operators open the tables, and of analysts, which open nothing
// else. A token of an artist or label opens nothing here. As long as nobody was ever given access, this machine alone
// is answered.
//
// # What this protects, and what not
//
// The guard decides who finds the tables. It does not guard their files: who may read the warehouse's folder or bucket
// reads all rows, with or without this server, and clients bring their own right to it (no credentials are handed out).
// So give that right to those alone who may see who listened to what. Every table of the namespace is named, also those
// with user ids.
//
// # Erased rows
//
// Rows that were erased are gone from the newest snapshot at once, but until they are purged older snapshots still have
// the rows. `lakectl sql --as-of` leaves them out; another engine would show them. So of tables that have columns of
// single listeners the newest snapshot alone is named here: no older one, no tag, no branch, no log of them. The other
// tables have their whole history and all their tags. What the files of an older snapshot hold is still there until it
// is purged, for who may read them and knows their names.
//
// # What it reads and writes
//
// It reads the catalog, metadata files and the table access_tokens. It writes nothing.
//
// # Failure
//
// Errors have the form that the protocol says. What cannot be read now is 503 without a word about why, and with one in
// the log; one damaged table keeps nobody from the others. A server that was killed left nothing behind.
package restcatalog
