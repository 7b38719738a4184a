// Package ingest carries records from a Kafka topic or from files into the archive, each exactly once.
//
// # What it reads and writes
//
// [Kafka] consumes a topic, [Files] reads JSON Lines. Every record ends in exactly one place: a row of listens,
// a row of deletion_requests, a row of quarantine, or, for a listen that an earlier request covers, the count
// of suppressed ones. Rows carry where they came from: topic (or source name), partition, offset (or line).
//
// Records are decoded one after the other into a batch. A flush, by number of records, bytes or age, sorts it
// by day, user and time, writes one Parquet file a day and makes up to three commits:
//
//	quarantine, deletion_requests   only with rows of theirs
//	listens                         always, last, even without rows
//
// A batch without records commits nothing.
//
// # Exactly once
//
// Each of the three tables holds its own positions, committed with its rows. A run starts where listens is.
// Every commit requires that the source's positions in that table are the ones this ingester read or made
// itself; otherwise it ends with [lake.ErrFenced], and the batch is dropped. The consumer group is no fence: it is
// told the positions after each commit, for tools that show lag, and never asked.
//
// A run that is cut off between its commits leaves the small tables ahead of listens. The next one finds the
// rows there that listens has not passed and leaves the records where they are, whatever it would
// decide itself: limits may have changed in between.
//
// The first commit of a run to listens holds a position for every partition that it reads, also for those
// without records so far. A position outside of what the broker holds, another topic id, or another cluster under a known name stop
// the run. Nothing is clamped.
//
// # Files
//
// A file is named by its content, so its name in a folder does not matter and doing it twice changes nothing.
// A name that was given stands for one content all the same: another number of lines under a finished name is
// an error. As many lines of something else are not noticed.
// It is read twice: first whole, for the name and to see that it unpacks and holds lines. While it is being
// ingested its next line is in the positions; at the end a row in sources says so for ever, and the next
// commit to each table drops the entry. A run that finds no entry therefore asks sources as well, at every
// commit, after it has loaded the table: whoever takes an entry away has written the row before.
//
// # Deletion requests
//
// Before the first record of a batch is decoded, new requests are read. The commit on listens names the
// snapshot of deletion_requests that filtered its rows ([catalog.RequestsThrough]); a request that was
// committed later may cover some of them, and the erasure looks for those. Requests decoded in a batch cover
// what follows them in it.
//
// # Failure
//
// Killed at any instruction, a run leaves files that nobody refers to, and the next one goes on. When its
// context ends, Kafka commits what it has read and returns no error; Files does so too and returns
// [jobs.ErrPartial]. Memory is bounded by the batch (Options.FlushRows and FlushBytes, with some 250 bytes a
// listen on top of its strings), one answer of the broker a partition, and 60 bytes a deletion request.
package ingest
