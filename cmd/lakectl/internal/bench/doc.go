// Package bench measures jobs on loads of their own against what the same work costs without them.
//
// # Use
//
//  1. [Ingest], [Royalties], [Rollup], [Commits], [Committers], [Metadata], [Maintain], [Away], [Deletions],
//     [Serve] and [Freshness] make a lake in a temporary folder, measure, and return a report; [Load] fills a topic for
//     others.
//  2. A job is measured as a process of its own, so that CPU and peak memory are its alone; a limit is measured in this
//     process.
//  3. Each figure that has a bound becomes a target of the report; nothing fails by one. [Freshness] and
//     [Committers] also count what they sent, and a listen too many or too few is jobs.ErrProof.
//
// # Reads and writes
//
// Lakes are made in the temporary folder of the system and removed. With brokers that were typed a topic is made there.
// [Away] stores a lake below the configured warehouse on S3, and removes it.
//
// # Bounds and caveats
//
// Wall times are comparable within one run only, and only when nothing else is at work on the machine. Compare ratios.
package bench
