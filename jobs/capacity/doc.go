// Package capacity says what a stated load needs: ingesters, commits, files, requests, storage, money, and which stage
// is the first that does not take it.
//
// # Use
//
//  1. [Default] has the constants, each measured by a named command, and the assumptions; [Book.Set] overrides one.
//  2. [New] makes a [Plan] of a [Load].
//  3. [Plan.Binding] is the limit that is reached first; each [Figure] names the constants that it came from, and what
//     of it lies beyond what was measured.
//
// # Reads and writes
//
// Nothing: constants.txt and assumptions.txt are part of the program. There is no clock and no randomness, so a plan of
// the same load and book is the same.
//
// # Invariants
//
//   - A figure is computed with amounts that carry the names of what they came from, so its list of constants is not
//     written by hand.
//   - A constant is measured up to some size. A figure that uses it past that says so; one that was set by the caller
//     has no such size.
//   - What was not measured is in no figure: [Plan.NotModelled] names it.
//   - More listens never need fewer ingesters, files or bytes, nor fewer commits where each ingester makes its own.
//
// # Bounds and caveats
//
// Ingesters and commits are counted as evenly loaded. Stages that run as one process get one machine of the class that
// the constants were measured on; nothing says that a larger one is faster.
package capacity
