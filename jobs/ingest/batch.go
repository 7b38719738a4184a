package ingest

import (
	"cmp"
	"slices"
	"strings"

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
	rows      rows
	refused   []refused
	deletions []deletion
	counts    Report        // of the records in it
	bytes     int64         // as they came
	next      map[int]int64 // where the source stands after the batch, for the partitions it read
	requests  int64         // sequence number of the deletion requests that filtered it
}

func (b *batch) reset() {
	b.rows.reset()
	clear(b.refused)
	clear(b.deletions)
	b.refused, b.deletions = b.refused[:0], b.deletions[:0]
	b.counts = Report{Quarantined: map[listen.Reason]int64{}}
	b.bytes, b.next = 0, map[int]int64{}
}

// archived is one row of listens.
type archived struct {
	listen.Listen
	partition int32
	offset    int64
}

// rows are the listens of a batch. They lie in blocks, which never move and are used again by the next batch.
type rows struct {
	blocks [][]archived
	n      int
}

const blockRows = 4096

// add returns a row to fill. It may hold the values of an earlier batch.
func (r *rows) add() *archived {
	if r.n == len(r.blocks)*blockRows {
		r.blocks = append(r.blocks, make([]archived, blockRows))
	}
	r.n++
	return r.at(uint32(r.n - 1))
}

func (r *rows) at(i uint32) *archived { return &r.blocks[i/blockRows][i%blockRows] }

// reset forgets the rows and lets go of their strings.
func (r *rows) reset() {
	for i := range (r.n + blockRows - 1) / blockRows {
		clear(r.blocks[i])
	}
	r.n = 0
}

// place is a row in the order of the archive. Sorting moves these 32 bytes, not the row.
type place struct {
	day   int
	user  uint64 // eight bytes of the user id, after what all user ids of the batch begin with
	event int64
	row   uint32
}

// sorted gives the order in which rows are written: by day, then user id, then event time. Rows of one user
// lie together, which makes the files smaller and lets an erasure skip most of a file.
func (r *rows) sorted() []place {
	shared := r.sharedPrefix()
	order := make([]place, r.n)
	decided := true // the eight bytes hold all that tells user ids apart
	for i := range order {
		row := r.at(uint32(i))
		rest := row.UserID[shared:]
		decided = decided && len(rest) <= 8
		order[i] = place{day: dayOf(row.EventTime), user: leading(rest), event: row.EventTime, row: uint32(i)}
	}
	slices.SortFunc(order, func(a, b place) int {
		if a.day != b.day {
			return cmp.Compare(a.day, b.day)
		}
		if a.user != b.user {
			return cmp.Compare(a.user, b.user)
		}
		if !decided {
			if c := strings.Compare(r.at(a.row).UserID, r.at(b.row).UserID); c != 0 {
				return c
			}
		}
		if a.event != b.event {
			return cmp.Compare(a.event, b.event)
		}
		return cmp.Compare(a.row, b.row)
	})
	return order
}

// sharedPrefix is the length of what all user ids begin with.
func (r *rows) sharedPrefix() int {
	if r.n == 0 {
		return 0
	}
	prefix := r.at(0).UserID
	for i := 1; i < r.n && prefix != ""; i++ {
		id := r.at(uint32(i)).UserID
		for !strings.HasPrefix(id, prefix) {
			prefix = prefix[:len(prefix)-1]
		}
	}
	return len(prefix)
}

// leading reads the first eight bytes so that numbers compare as the strings do. A shorter string is filled
// up with zeros: user ids hold no control characters, so no other string reads the same.
func leading(s string) uint64 {
	var n uint64
	for i := range min(len(s), 8) {
		n |= uint64(s[i]) << (56 - 8*i)
	}
	return n
}

// dayOf is the value of Iceberg's day transform for a time in microseconds.
func dayOf(micros int64) int {
	day := micros / listen.MicrosPerDay
	if micros%listen.MicrosPerDay < 0 {
		day--
	}
	return int(day)
}
