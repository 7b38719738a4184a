// Package jobs holds what every job is given and how a job ends.
//
// A job is a package below this one. It takes an [Env] and its own Options, works out a plan, writes files,
// commits through package lake and returns a report. Job packages never import each other: they meet in
// tables (rows and the state keys of package catalog), and package chain runs them in turn where one intent
// needs several.
//
// Every job can be killed at any instruction and run again: what it finished is in the tables, what it did
// not finish leaves at most files nobody refers to. A job that finds nothing to do commits nothing.
package jobs
