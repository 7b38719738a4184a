// Package chain runs jobs one after the other where one intent needs several. It reads and writes no table itself; jobs
// meet in tables, so a chain that was killed anywhere is run again from its start, and each job finds what is left to
// do.
//
// # Use
//
//  1. Fill a jobs.Env, as for one job.
//  2. Call [CarryOut] for deletion requests, [Reapply] for those of a list in a restored lake, [Prove] for those
//     that are purged, or [RollUp] for the dashboard.
//  3. After [jobs.ErrPartial], or a kill, call it again.
//
// # Design
//
// [CarryOut] carries deletion requests to their end: delete, royalties, rollup, confirm. [Reapply] adds before it what
// a restored lake does not know, and logs after it the holds that came when rows were gone. [RollUp] brings the
// dashboard up to date, and for a true-up the ledger before it. [Prove] looks for purged requests in all files that are
// left, and has the certificate of those issued that it does not find. A chain of one job is that job's own Run.
//
// # Failure
//
// The first job that fails ends the chain with its error. From the first committed delete on, that error is
// [jobs.ErrPartial] too: rows are gone, and something derived from them waits. Requests that still wait after all jobs
// went well, because others wrote meanwhile, are [jobs.ErrPartial] as well.
package chain
