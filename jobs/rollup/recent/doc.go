// Package recent remembers which listens came in the last 48 hours, so that the rollup counts a copy once as it comes.
//
// # Use
//
//  1. [Open] the memory in its folder, and call [Memory.Follow] with the snapshot of listens that the table covers.
//  2. [Memory.Sift] tells which rows of the new archive files are later copies; [Memory.Counts] tells the same of files
//     that were seen before, for days that are compared.
//  3. Commit the table, then call [Memory.Keep] with the archive snapshot that the commit covers.
//
// A run that cannot tell which files are new (they are torn, or every day is compared) follows to the newest snapshot
// first. Sift and Counts then go by positions.
//
// # What it answers
//
// Of the copies of a listen that came into the archive within 48 hours, the first counts: rows come in the order of
// their file's sequence number, the file's path, and the row number. This depends on the archive alone. The memory is
// an index over it, so it may be thrown away at any time and gives the same answers when it is filled again. When a row
// came is told by the commit time of its snapshot: it grows, and a row cannot lie about it. So a file that is imported
// a second time is noticed whatever its received_time says.
//
// Ids are forgotten by whole segments, so some are remembered for up to 6 hours more. Of an id that is forgotten, the
// next copy counts. Beyond [Options].MostIDs the oldest go first: 500 million, by default, are 69 hours of 2,000
// listens/s.
//
// # Exact
//
// An id is remembered as 120 bits of the SipHash of listen_id, its position as the 64-bit SipHash of the offset under a
// key made of topic and partition. The key of all this is random, one a state, and never leaves the folder, so nobody
// can choose ids that meet. With 345 million ids remembered and 2,000 looked up each second, a listen is taken for
// another once in 10^16 years. A position is compared only where the id is equal already: with every listen sent twice,
// one copy in 10^19 is taken for the row that counts, and the true-up finds it. Of a row without listen_id nothing is
// remembered; it counts.
//
// # Files
//
// All lies in one folder that is the memory's own; other files in it are left alone.
//
//	state                   snapshot of listens, lake, key, segments. Replaced by renaming
//	ids-*.segment           sorted ids, never changed, see segment.go: 23.3 bytes an id
//	lock                    held by the process that has the memory open
//
// Each run writes one segment. Segments are merged in tiers, four to one, within eras of 6 hours; of an era that is
// over all are merged. A segment whose newest id is too old goes as a whole. So 48 hours are about 30 segments.
//
// # Cost
//
// A batch is sorted and looked up segment by segment, the newest first: 2 bytes an id (the marks) tell nearly always
// that an id is not there, and the marks of a small batch are read bucket by bucket, those of a large one in one sweep.
// In memory are the index of each segment (4 bytes for 128 ids or more: 11 MiB for 345 million), one batch of
// 393,216 rows (14 MiB), and what reading archive files takes. A larger batch is sifted in parts.
//
// CPU of sifting a fresh row, in microseconds, and by how much the process grows (BenchmarkSift):
//
//	ids remembered         0      10 million   100 million   345 million
//	of 1,000,000 rows      0.36   0.59         0.64          0.92            at most 54 MiB
//	of 30,000 rows         0.61   0.86         1.8           5.8             at most 10 MiB
//
// # Crashes
//
// The table commits first, the memory is kept after it. Why not the other way round: a memory ahead of the table would
// know rows that no table counts, and would have to be thrown away, which costs reading 48 hours again.
//
//	killed                             the state is           the next Follow
//	before the table's commit          at what it covers      finds nothing to do; Sift does it all again
//	between the table and the state    behind                 reads the files between, at the snapshot the table covers
//	while segments are written         behind                 the same; files that the state does not name are removed
//	after the state                    at what it covers      finds nothing to do
//
// In the second case the same rows are read in the same order, so the same copies count. A state that covers no
// ancestor of the table's snapshot (the table was rolled back, or the archive), one of another lake, and one from
// before another engine took rows of the archive away are thrown away and filled again. So is a damaged one: the state,
// each segment's header and index, and each bucket that is read carry a hash, with the identity of the file and the
// number of the bucket in it. Segments are on the disk before a state names them.
//
// # Two processes
//
// One has the folder; another waits as long as [Options].Wait says, then gets [ErrBusy] and can do without: it counts
// copies as they come. It should rather wait, for of two rollups at once only one commits. Each machine has its own
// folder; what another machine's run covered is read from the archive.
//
// # What it does not know
//
// A row that was erased after it counted is remembered still: until the ledger has followed, another copy of the same
// listen with other times, which the erasure did not reach, does not count. The hashes of erased listens go with their
// segments after 48 hours, and are of no use without the key.
package recent
