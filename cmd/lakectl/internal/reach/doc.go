// Package reach opens what the configuration names, for a verb: the lake and the topic.
//
// # Use
//
//  1. [WithEnv] opens the lake, hands it to a function of the verb and closes it; [WithReader] does so for verbs that
//     only read.
//  2. [Env] and [Reader] leave the closing to the verb, where one function is not enough.
//  3. [TopicOptions] and [CatalogOptions] say how to reach the topic and the catalog, for verbs that open these
//     themselves; [Trino] is the server that answers in the place of DuckDB.
//
// # Reads and writes
//
// It connects to the catalog and reads the key of the subject hash. [Init] alone makes tables, that key, and the key of
// certificates. DuckDB spills below the configured folder.
//
// # Invariants
//
//   - A reader takes no subject key and no right to write.
//   - Jobs get a Trino where the engine of the call's configuration is trino, which package frame leaves to those verbs
//     that Trino computes for.
//   - What a job reads is verified against the hashes it was written with, unless the configuration says otherwise;
//     closing logs how much.
//
// # Failure
//
// A catalog or a storage that this build cannot open, and a lake that lies elsewhere, are the caller's errors: package
// usage.
package reach
