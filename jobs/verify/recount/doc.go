// Package recount counts affected days and months anew from the ledger's files, and holds what was published against
// that.
//
// # Use
//
//  1. Call [Run] with the days and months that erasures touched.
//  2. [Report.Counts] has each table and day or month with what it says and what it should say.
//  3. An error that is jobs.ErrProof names the first that differs.
//
// [Canary] shows first that a difference would be seen.
//
// # Design
//
// It shares no code with what it checks: no SQL, no DuckDB, no statement of rollup or royalty. It decodes the Parquet
// files of listens_counted, takes away the rows that delete files name, as decoded here, and sums listens and
// milliseconds by the keys of plays_by_day, plays_by_hour, audience_by_day and royalty_lines; rules are judged here
// too. Then it decodes those tables.
//
// # Sums instead of keys
//
// The sum over all rows of hash(key), against the sum over all lines of hash(key) times the line's count, is equal if
// each key has its count, and else only by a chance of 1 in 2^64: hashes have a random seed for each process. So a day
// takes a few numbers however many artists, tracks and countries it has.
//
// # Which state
//
// A table says up to which snapshot of the ledger its exact days were compared; royalty_runs says it of the lines. The
// ledger is read at these snapshots. A day that is marked or provisional waits for its comparison by design: it is
// listed as such and not held against anything. A snapshot of the ledger that is gone is jobs.ErrProof.
//
// # What it leaves out
//
// Sketches of listeners, payouts and shares. Which copy of a listen counts is what package audit recomputes.
//
// # Bounds
//
// In memory are a batch of rows, the sums of the days and months, and the deleted positions of one table, 8 bytes each.
package recount
