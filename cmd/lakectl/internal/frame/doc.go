// Package frame is what is the same for every verb of a command line: parsing, help, configuration, logs, printing,
// exit codes.
//
// # Use
//
//  1. Declare each command as a [Verb] and put it into a [Group].
//  2. Call [Run] with the groups and the edges of the process; it returns the exit code.
//  3. A verb with flags is made by [Bind], which fills a struct of the verb; its run gets a [Call] and returns a
//     result; its Text, made by [Text] of a function that writes on a [Page], says it to people.
//
// # Reads and writes
//
// It reads the command line, the configuration through package config, and stdin only through verbs. Results go to
// stdout; errors, hints, logs and progress go to stderr.
//
// # Invariants
//
//   - No flag is ever ignored: one that stands behind an argument, or in front of a command that does not have it, is
//     refused.
//   - What has to be the same on every command is here; a [Verb] holds only what a verb may choose.
//   - With --json stdout is one JSON document: names in snake_case, lists that are nil as [], times in UTC, ids of
//     snapshots as strings.
//   - Text that came with an event cannot move the cursor of a terminal.
//   - Errors carry their class, never an exit code: [ExitCode] is the only place that turns one into the other.
//
// # Failure
//
// A panic ends with code 1, not with the 2 of the Go runtime, which would mean wrong usage. A result that cannot be
// printed is an error; what was done before stays done. A result that comes with an error is printed before it.
package frame
