// Package topic reads and writes one Kafka topic the way an archive needs it.
//
// # Use
//
//  1. [Open] connects to a topic; [Topic.Partitions] and [Topic.Bounds] say what it has; [Topic.Close] ends it.
//  2. [Topic.Fetch] reads one partition from an offset; [Topic.Join] gives the partitions of a member of a group.
//  3. [NewProducer] and [Producer.Produce] write; [Create] makes a topic.
//
// # Reading
//
// Fetch asks the leader of one partition for what lies at an offset and hands over every committed record from there
// on, in order:
//
//   - Records of aborted or still open transactions and transaction markers are never delivered (isolation level
//     read_committed, plus the list of aborted transactions that a broker sends with each answer).
//   - A batch is believed only after its CRC-32C matches, its records fill it exactly, and their number and offsets
//     agree with its header.
//   - The next offset comes from the batch header, not from the last record, so markers, aborted batches and what
//     compaction removed are passed over and a reader always reaches the end of the log.
//   - An offset that the broker does not hold is an OutOfRangeError with the offset asked for and both bounds. Nothing
//     is ever skipped or clamped.
//   - Records are delivered only if the broker that served them says, after it served them, that the topic still has
//     the id it had at Open. A topic deleted and recreated under its name is a RecreatedError, before any record of the
//     new one is seen.
//
// The end of a partition (Bounds.End) is its last stable offset: the first offset of the oldest open transaction, or
// else the high watermark.
//
// # What is left
//
// [Topic.Retention] is what the topic is configured to, [Topic.Oldest] the time of the first record that is left. A
// record goes with its segment, when the newest record of that is old enough: so the two ages add up.
//
// # Failure
//
// What passes by itself (a leader that moved, a broker that restarts, a lost connection) is tried again with growing
// pauses until the context ends; each failure is logged, drops the cached layout of the cluster and has the topic's
// identity checked again. Open alone gives up after 30 seconds, so that a wrong address is an error. A topic that stays
// unknown for 3 seconds is an error, a batch that is damaged three times in a row too. Verdicts of this kind carry a
// hint: see the Hint methods.
//
// Fetch keeps no state: the caller owns the position, and fetching the same offset again delivers the same records
// again.
//
// # Groups
//
// Member takes part in a consumer group of the classic protocol, which gives it partitions (Assignment) until members
// come or go, die, or partitions are added. Joining is tried again like everything else; only what the brokers forbid
// is an error. A group says who should read what and nothing more: two readers of one partition are possible for
// moments, so what is read must be fenced elsewhere.
//
// # Writing
//
// Producer is at least once: a batch whose answer was lost is sent again.
//
// # Why not a Reader
//
// kafka-go's Reader delivers aborted records and moves a reader whose range is gone without a word. Its decoder of
// record batches drops the header's last offset and the timestamp type, so it can neither pass the tail of a compacted
// batch nor tell the time of a record on a log-append-time topic. Connections, authentication and routing are
// kafka-go's Transport; the Fetch and Metadata answers are taken apart here.
//
// # Limits
//
// Brokers from Kafka 0.11 on. Topic ids need 2.8: with older ones Identity has no topic id, Open logs that a recreated
// topic cannot be told, and only an offset out of range would give it away. After an unclean leader election other
// records may stand at offsets that were read before: noticed only while the log is shorter than the position. Record
// batches only (message format 2, the only one since Kafka 4). Memory: one answer (Options.MaxBytes, or one batch if
// that is larger) and one decompressed batch per Fetch under way.
package topic
