// Package run is everything at once: ingest, the jobs on their schedules, and the dashboard.
//
// # Use
//
//  1. [Main] runs what the configuration says until the context ends.
//  2. Or make a [Runner] with [New] of parts of one's own, and call [Runner.Run].
//  3. [Runner.Status] is how everything is; a Runner also serves it, and is a collector of metrics.
//
// # Reads and writes
//
// It reads the newest snapshots of listens, plays_by_day and listens_counted, to see what is new and how far the jobs
// are. It writes properties of run_lease: who leads (package lease), and which night a job has done. All else is the
// work of the parts.
//
// # Design
//
// Ingest and the dashboard run in this process. Jobs that use DuckDB are child processes of the same program, each the
// command line that a person would type: a job that is killed, or takes all the memory it may, takes nothing with it. A
// child dies with its parent. Its result is read from its stdout, its log is passed on, and its exit code decides when
// it runs again.
//
// Package schedule says what is due. One goroutine starts what is, the longest wait first, at most two at once and
// none beside one that works on the same tables: both would compute, and one would lose. So the memory of all
// processes together has a bound: a third of it is this process's, a third each of two children's.
//
// A new archive snapshot makes the rollup due. Ingest says when it has committed, so that no listen waits for the next
// look at the tables; what other processes write is seen within a second. What is left of a listen's way to the page is
// mostly its wait for ingest.flush_age, by 'lakectl bench freshness'. 15 s keep that way within its bounds; a shorter
// age makes as many more files, commits and rollups as it is shorter, each rollup with the fixed cost of a process.
//
// The engine is a child's own matter: where it is trino, deletions, royalties and the true-up compute there, and this
// process never asks Trino. A child that loses it ends with 3 and is a failure, tried again with growing pauses.
//
// Of several on one lake one leads (package lease): it ingests and runs the jobs. The others serve and wait.
//
// It lives beside the verbs and not among the jobs, because it runs command lines of the program, knows what their exit
// codes mean, and puts together what the configuration names.
//
// # Invariants
//
//   - One run of a job at a time. A job that fails is tried again with growing pauses and never stops another.
//   - Nothing depends on the order or the number of the runs: every job can be killed and run again.
//   - A failure of ingest or of a job is in the status, in the metrics and in the log, until it went well again.
//
// # Failure
//
// The context's end, which a signal brings about, stops the children with SIGTERM and later with SIGKILL; Run returns
// within 10 seconds whatever hangs. An address that cannot be listened at, and tables that are missing, end Run with an
// error. Killed at any moment it leaves what its parts leave, which is nothing that the next run does not see to.
package run
