package ingest

import (
	"math"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs/ingest/dayfile"
	"github.com/lakectl/lakectl/lake/listen"
)

// record is one record of a source. key and value lie in a chunk's buffer.
type record struct {
	offset     int64
	time       int64 // when it was sent, in microseconds since 1970
	hasTime    bool
	key, value []byte
}

// chunkBytes is when a reader hands over what it has: enough to make the hand-over cheap, little enough that
// the chunks on their way do not count.
const chunkBytes = 256 << 10

// chunk is a run of records of one partition, in order, in memory of its own.
type chunk struct {
	partition int
	next      int64 // the offset to go on from when all records are taken
	records   []record
	buffer    []byte
}

// add copies a record into the chunk.
func (c *chunk) add(r record) {
	n := len(r.key) + len(r.value)
	if cap(c.buffer)-len(c.buffer) < n {
		c.buffer = make([]byte, 0, max(n, chunkBytes)) // records keep the buffer they point into
	}
	r.key, r.value = c.copy(r.key), c.copy(r.value)
	c.records = append(c.records, r)
}

func (c *chunk) copy(b []byte) []byte {
	start := len(c.buffer)
	c.buffer = append(c.buffer, b...)
	return c.buffer[start:len(c.buffer):len(c.buffer)]
}

// full tells that another record of usual size may not fit.
func (c *chunk) full() bool { return len(c.buffer) > chunkBytes*7/8 }

// batch is what one flush commits.
type batch struct {
	rows      dayfile.Rows
	refused   []refused
	deletions []deletion
	counts    Report            // of the records in it
	bytes     int64             // as they came
	next      map[int]int64     // where the source stands after the batch, for the partitions it read
	requests  int64             // sequence number of the deletion requests that filtered it
	leftAlone catalog.Sequences // of those that were left alone
	latest    map[int]int64     // newest event time archived, by partition
	newest    int64             // the same of the run of records being taken; math.MinInt64 for none
	chosen    []choice          // starting points that the commit puts on record
}

func (b *batch) reset() {
	b.rows.Reset()
	clear(b.refused)
	clear(b.deletions)
	b.refused, b.deletions = b.refused[:0], b.deletions[:0]
	b.counts = Report{Quarantined: map[listen.Reason]int64{}}
	b.bytes, b.next, b.latest, b.chosen = 0, map[int]int64{}, map[int]int64{}, nil
	b.newest = math.MinInt64
}

// passed notes that the records of a partition up to next are in the batch.
func (b *batch) passed(partition int, next int64) {
	b.next[partition] = next
	if b.newest == math.MinInt64 {
		return
	}
	if was, ok := b.latest[partition]; !ok || b.newest > was {
		b.latest[partition] = b.newest
	}
	b.newest = math.MinInt64
}
