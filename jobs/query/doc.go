// Package query answers read-only questions over the tables, now or as of any time. It is no job: it commits nothing.
//
// # Use
//
//  1. [Tables] lists what can be read.
//  2. [Run] answers one SELECT, now or as of [Options].AsOf.
//  3. [Cut] finds the snapshots that an as-of means, for callers that bind them themselves.
//
// # Cuts
//
// An as-of is a time, a snapshot's id, a tag, or run: and a royalty run's id. A run's is the one consistent cut: what
// the run saw and made. The tag of a closed period gives the same cut of its run. Of a snapshot or another tag the
// tables that have it are pinned to it, and the others are as of the time of the latest of these. A table that the
// question does not name is never in the way: it may have expired or be damaged.
//
// # Erased rows
//
// Older snapshots have the rows of deletion requests until these are purged. An answer never has them: what a request
// covers that was carried out, or is being, is left out of every snapshot.
//
// # Failure
//
// A cut that is gone is an error with what is left in its hint, never another cut. What keeps the lake safe from a
// question, and the process from its answer, is package duck's (Analyze), and of a question to Trino package trino's
// (Answer). Both engines get the same snapshots and leave out the same rows.
package query
