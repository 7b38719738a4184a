// Package ingest carries records from a Kafka topic or from files into the archive, each exactly once.
//
// # Use
//
//  1. Open the topic with topic.Open and call [Kafka]; or call [Files] with paths. Both take the same [Options].
//  2. [StatusOf] says how far the archive is behind the topic.
//  3. [Quarantined] lists refused records; [Replay] decodes them again.
//
// # What it reads and writes
//
// [Kafka] consumes a topic, [Files] reads JSON Lines. Every record ends in exactly one place: a row of listens, a row
// of deletion_requests, a row of quarantine, or, for a listen that an earlier request covers, the count of suppressed
// ones. Rows carry where they came from: topic (or source name), partition, offset (or line).
//
// Records are decoded one after the other into a batch. A flush, by number of records, bytes or age, sorts it by day,
// user and time, writes one Parquet file a day and makes up to three commits:
//
//	quarantine, deletion_requests   only with rows of theirs
//	listens                         always, last, even without rows
//
// A batch without records commits nothing.
//
// # Exactly once
//
// Each of the three tables holds its own positions, committed with its rows. A run starts where listens is. Every
// commit requires that the source's positions in that table are the ones this ingester read or made itself; otherwise
// the batch is dropped with [lake.ErrFenced]. The positions are the fence, the consumer group is none: it is told the
// positions after each commit, for tools that show lag, and never asked.
//
// A run that was suspended for so long that its files may have been swept as orphans commits none of them
// ([lake.ErrStale]): the topic goes on from the positions of listens at once, a file with the next run.
//
// A run that is cut off between its commits leaves the small tables ahead of listens. The next one finds the rows there
// that listens has not passed and leaves the records where they are, whatever it would decide itself: limits may have
// changed in between.
//
// The first commit of a run to listens holds a position for every partition that it reads, also for those without
// records so far. A position outside of what the broker holds, another topic id, or another cluster under a known name
// stop the run. Nothing is clamped. [From] lets an operator go on after records that the broker has deleted; the commit
// that does so has the choice in its summary, and it never moves back, because records would be archived twice.
//
// # Sharing the work
//
// The members of a consumer group share the partitions. The group only says who reads what: whenever it is spread anew,
// a member commits what it has read while the others wait, and begins again at the positions of listens. A member that
// was thought dead (stopped, cut off, too slow) finds its positions moved when it commits, drops its batch and goes on
// with what the group gives it. One that is fenced again and again ends: somebody outside of the group reads the same
// partitions. Commits of several members to one table are tried again with pauses of random length; the files are
// staged again, never written again.
//
// # Files
//
// A file is named by its content, so its name in a folder does not matter and doing it twice changes nothing. A name
// that was given stands for one content all the same: another number of lines under a finished name is an error. As
// many lines of something else are not noticed. What is plainly no JSON Lines (an archive, another packing or encoding,
// an array) is refused by its form before anything of the command is read: as lines all of it would be in quarantine. A
// byte order mark in front of a line and zeros after a gzip member are no part of the text. A file is read twice: first
// whole, for the name and to see that it unpacks and holds lines. While it is being ingested its next line is in the
// positions; at the end a row in sources says so for ever, and the next commit to each table drops the entry. A run
// that finds no entry therefore asks sources as well, at every commit, after it has loaded the table: whoever takes an
// entry away has written the row before.
//
// An entry of sources names the snapshot of listens with the file's last rows and is believed while main comes from it:
// after a rollback of listens the file is read again. Its refused records and requests, which are still there, are left
// where they are.
//
// # Rolled back
//
// Each commit on listens names the snapshots of quarantine and deletion_requests that it was filtered through or made
// after ([catalog.CheckBeside]). A session does not begin where one of these tables does not come from that snapshot
// any more: what was in it would be lost without a word.
//
// # Positions that are lost
//
// Where another engine expired every snapshot of ours and nothing tells the state of listens, quarantine or
// deletion_requests any more (package lake), a run works it out, commits it, goes on from there and ends with
// [jobs.ErrPartial]; its report has the positions. They are the end of the rows in the table's files, rows deleted by
// position among them, and of listens never lower than what royalty_runs noted of it, what sources says, and, partition
// by partition, what the consumer group was told, which happens after each commit. The positions of quarantine and
// deletion_requests are no lower bound for those of listens: after a flush that was cut off they are ahead, and the
// listens of that flush would be passed. The rows of such a flush are left where they are.
//
// The property of listens may still name a commit of ours while nothing shows that main comes from it. Then listens may
// have been rolled back, and what runs and group know may be what was taken back, so the rows alone count. A file that
// sources calls read counts as read if listens shows its commit. Otherwise the file is refused: it is neither read
// again nor called read.
//
// Records that lie after the last row are read again. Records that were suppressed or erased are suppressed again, for
// the requests stand. A small table whose history is lost must show in its files that it comes from the snapshot that
// listens was filtered through; otherwise it counts as rolled back. Rows that others added under the name of a source
// of ours count as read.
//
// # Deletion requests
//
// Before the first record of a batch is decoded, new requests are read. The commit on listens names the snapshot of
// deletion_requests that filtered its rows ([catalog.RequestsThrough]); a request that was committed later may cover
// some of them, and the erasure looks for those. Requests decoded in a batch cover what follows them in it.
//
// A request that is younger than the delay (jobs.Erasure) covers nothing yet, and one that an operator holds or has
// withdrawn nothing either; before a batch the decisions in deletion_log are read as well. The commit names the
// requests that it left alone and that may be carried out later ([catalog.RequestsPassed]).
//
// # The wrong source
//
// Refused records never stop a run, unless nearly all are refused (Options.MaxRefusedPercent of some 10,000 in a row):
// then the batch is not committed and the run ends.
//
// # Replay
//
// [Replay] sends refused records through today's validation again. What passes keeps its place in the source and its
// received time; the row in quarantine says what became of it, and stays. The comment on Replay has the order of
// commits and how a replay that was cut off is found and finished.
//
// # Maintenance
//
// Every snapshot of listens makes each commit slower. Above Options.MostSnapshots of them, maintenance does not run or
// does not keep up: then a batch is due at four times the age, which is a metric, and logged when it begins and ends.
// Ingest never stops for it. [Status] has the snapshots, small files and delete files of the three tables.
//
// # Metrics
//
// [Metrics] are written by the ingester's goroutine under a lock that is taken once a chunk. Nothing depends on them.
//
// # Failure
//
// Killed at any instruction, a run leaves files that nobody refers to, and the next one goes on. When its context ends,
// Kafka commits what it has read and returns no error; Files does so too and returns [jobs.ErrPartial]. Memory is
// bounded by the batch (Options.FlushRows and FlushBytes, with some 250 bytes a listen on top of its strings), one
// answer of the broker a partition, and 60 bytes a deletion request.
package ingest
