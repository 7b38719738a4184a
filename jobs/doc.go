// Package jobs holds what every job is given and how a job ends.
//
// # Use
//
//  1. Fill an [Env] once: the opened lake, the options of DuckDB, the subject key, a log, a clock.
//  2. Pass it to the function of a job, such as rollup.Run or erase.Delete, with the job's own Options.
//  3. Print the report also when there is an error: [ErrPartial] and the other errors here say how the job ended.
//
// # Design
//
// A job is a package below this one. It takes an [Env] and its own Options, works out a plan, writes files, commits
// through package lake and returns a report. Job packages never import each other: they meet in tables (rows and the
// state keys of package catalog), and package chain runs them in turn where one intent needs several. A job runs the
// statements of package sql by name, on the [Session] that [Env.Open] gives it.
//
// Every job can be killed at any instruction and run again: what it finished is in the tables, what it did not finish
// leaves at most files nobody refers to. A job that finds nothing to do commits nothing.
package jobs
