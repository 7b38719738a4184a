package recent

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/zeebo/xxh3"
)

// errDamaged says that a file of the memory is not what was written. All of it is thrown away then.
var errDamaged = errors.New("the memory of recent ids is damaged")

// A segment file holds ids sorted by hash, in buckets of those with the same first bits:
//
//	header · marks of bucket 0, check · ... · rests of bucket 0, check · ... · index
//
// The mark of an id are the 16 bits of its hash that follow those of the bucket: 2 bytes tell nearly always that an id
// is not there. Its rest are 21 bytes: the other bits of the hash (13 bytes) and the position (8 bytes). A check is
// XXH3 of the bytes before it, seeded with the number of the bucket and the seed of the file. The index has the number
// of ids before the end of each bucket, in 4 bytes. Numbers are little-endian.
const (
	segmentMagic = "LKRECNT1"
	headerBytes  = 64
	markBytes    = 2
	restBytes    = 21
	checkBytes   = 8
	indexBytes   = 4

	bucketIDs = 128 // on average, at least
	maxWidth  = 24
)

// segment is an open segment file. Only its index is in memory.
type segment struct {
	segmentState
	file  *os.File
	width int      // bits of the hash that number the bucket
	rests int64    // offset of the rests
	ends  []uint32 // ids before the end of each bucket
	bytes int64
}

// segmentState is what the state says of a segment.
type segmentState struct {
	Name  string    `json:"name"`
	Seed  uint64    `json:"seed,string"` // by which the checks of this file differ from those of others
	IDs   int64     `json:"ids"`
	From  time.Time `json:"from"` // when the oldest of its ids came into the archive
	Until time.Time `json:"until"`
}

// openSegment opens a file that a state names. What does not fit is errDamaged.
func openSegment(dir string, state segmentState) (*segment, error) {
	f, err := os.Open(filepath.Join(dir, state.Name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	if err != nil {
		return nil, err
	}
	s := &segment{segmentState: state, file: f}
	if err := s.load(); err != nil {
		return nil, errors.Join(fmt.Errorf("segment %s: %w", state.Name, err), f.Close())
	}
	return s, nil
}

// load reads header and index, and checks them and the length of the file.
func (s *segment) load() error {
	var header [headerBytes]byte
	if err := s.readAt(header[:], 0); err != nil {
		return err
	}
	h, err := parseHeader(header[:])
	if err != nil {
		return err
	}
	if h.seed != s.Seed || h.ids != s.IDs {
		return fmt.Errorf("%w: it is another file than the state names", errDamaged)
	}
	info, err := s.file.Stat()
	if err != nil {
		return err
	}
	s.width, s.rests = h.width, h.rests
	buckets := int64(1) << s.width
	at := s.rests + s.IDs*restBytes + buckets*checkBytes
	s.bytes = at + buckets*indexBytes
	if info.Size() != s.bytes {
		return fmt.Errorf("%w: %d bytes instead of %d", errDamaged, info.Size(), s.bytes)
	}
	index := make([]byte, buckets*indexBytes)
	if err := s.readAt(index, at); err != nil {
		return err
	}
	if xxh3.HashSeed(index, s.Seed) != h.index {
		return fmt.Errorf("%w: its index", errDamaged)
	}
	s.ends = make([]uint32, buckets)
	for b := range s.ends {
		s.ends[b] = binary.LittleEndian.Uint32(index[b*indexBytes:])
	}
	return nil
}

func (s *segment) readAt(into []byte, at int64) error {
	_, err := s.file.ReadAt(into, at)
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: segment %s ends too early", errDamaged, s.Name)
	}
	return err
}

// header is the first part of a segment file.
type header struct {
	seed  uint64
	ids   int64
	rests int64
	width int
	index uint64 // hash of the index
}

func (h header) encode() []byte {
	out := append(make([]byte, 0, headerBytes), segmentMagic...)
	for _, n := range []uint64{h.seed, uint64(h.ids), uint64(h.rests), uint64(h.width), h.index} {
		out = binary.LittleEndian.AppendUint64(out, n)
	}
	out = append(out, make([]byte, headerBytes-8-len(out))...)
	return binary.LittleEndian.AppendUint64(out, xxh3.Hash(out))
}

func parseHeader(b []byte) (header, error) {
	number := func(i int) uint64 { return binary.LittleEndian.Uint64(b[8*i:]) }
	h := header{seed: number(1), ids: int64(number(2)), rests: int64(number(3)), width: int(number(4)), index: number(5)}
	if string(b[:8]) != segmentMagic || number(headerBytes/8-1) != xxh3.Hash(b[:headerBytes-8]) || h.width > maxWidth {
		return h, fmt.Errorf("%w: its header", errDamaged)
	}
	return h, nil
}

func (s *segment) bucket(hi uint64) int { return int(hi >> (64 - s.width)) }

// span is the first id of a bucket and the one after its last, by number in the file.
func (s *segment) span(bucket int) (first, end int64) {
	if bucket > 0 {
		first = int64(s.ends[bucket-1])
	}
	return first, int64(s.ends[bucket])
}

// mark are the bits of a hash that follow those of the bucket.
func mark(hi uint64, width int) uint16 { return uint16(hi >> (48 - width)) }

// unmarked are the bits of a hash without those of the mark.
func unmarked(hi uint64, width int) uint64 {
	after := 48 - width
	return hi>>(64-width)<<after | hi&(1<<after-1)
}

// marked puts the mark back.
func marked(rest uint64, m uint16, width int) uint64 {
	after := 48 - width
	return rest>>after<<(64-width) | uint64(m)<<after | rest&(1<<after-1)
}

func appendRest(out []byte, e entry, width int) []byte {
	hi := unmarked(e.hi, width)
	out = binary.LittleEndian.AppendUint32(out, uint32(hi))
	out = binary.LittleEndian.AppendUint16(out, uint16(hi>>32))
	out = binary.LittleEndian.AppendUint32(out, uint32(e.lo))
	out = append(out, byte(e.lo>>32), byte(e.lo>>40), byte(e.lo>>48))
	return binary.LittleEndian.AppendUint64(out, e.pos)
}

// restHash are the hash bits of a rest, without the mark.
func restHash(b []byte) (hi, lo uint64) {
	hi = uint64(binary.LittleEndian.Uint32(b)) | uint64(binary.LittleEndian.Uint16(b[4:]))<<32
	lo = uint64(binary.LittleEndian.Uint32(b[6:])) | uint64(b[10])<<32 | uint64(b[11])<<40 | uint64(b[12])<<48
	return hi, lo
}

func restPosition(b []byte) uint64 { return binary.LittleEndian.Uint64(b[13:]) }

// column is one of the two parts of a segment's buckets.
type column int

const (
	marks column = iota
	rests
)

func (c column) width() int64 { return [...]int64{markBytes, restBytes}[c] }

func (c column) seed(s *segment, bucket int) uint64 { return checkSeed(s.Seed, c, bucket) }

func checkSeed(seed uint64, c column, bucket int) uint64 {
	return seed ^ (uint64(bucket)<<1 | uint64(c))
}

// extent is where the bytes of a bucket lie, its check included.
func (s *segment) extent(c column, bucket int) (at, length int64) {
	first, end := s.span(bucket)
	at = headerBytes
	if c == rests {
		at = s.rests
	}
	return at + first*c.width() + int64(bucket)*checkBytes, (end-first)*c.width() + checkBytes
}

// lookup reads buckets of one column in ascending order, those that lie close together at once.
type lookup struct {
	s      *segment
	c      column
	ahead  int64 // bytes to read at a time
	buf    []byte
	start  int64 // of buf in the file
	bucket int   // that was checked last
	body   []byte
}

const (
	readAhead = 64 << 10
	closeBy   = 2 << 10 // buckets with gaps no longer than this on average are read together: another call costs as much
)

// reset makes l read a column of s for n buckets between two.
func (l *lookup) reset(s *segment, c column, first, last, n int) {
	from, _ := s.extent(c, first)
	to, length := s.extent(c, last)
	*l = lookup{s: s, c: c, buf: l.buf[:0], bucket: -1}
	if (to+length-from)/int64(n)-length <= closeBy {
		l.ahead = min(readAhead, to+length-from)
	}
}

// read returns the checked bytes of a bucket, valid until the next call.
func (l *lookup) read(bucket int) ([]byte, error) {
	if bucket == l.bucket {
		return l.body, nil
	}
	at, length := l.s.extent(l.c, bucket)
	if at < l.start || at+length > l.start+int64(len(l.buf)) {
		n := max(length, min(l.ahead, l.s.bytes-at))
		if int64(cap(l.buf)) < n {
			l.buf = make([]byte, max(n, readAhead))
		}
		l.buf, l.start = l.buf[:n], at
		if err := l.s.readAt(l.buf, at); err != nil {
			l.buf = l.buf[:0]
			return nil, err
		}
	}
	all := l.buf[at-l.start:][:length]
	body, check := all[:length-checkBytes], binary.LittleEndian.Uint64(all[length-checkBytes:])
	if xxh3.HashSeed(body, l.c.seed(l.s, bucket)) != check {
		return nil, fmt.Errorf("%w: bucket %d of segment %s", errDamaged, bucket, l.s.Name)
	}
	l.bucket, l.body = bucket, body
	return body, nil
}

// slots are the ids of a bucket that have a mark, as a range. Marks are sorted, and spread evenly: the search begins
// where the mark would be then.
func slots(body []byte, m uint16) (first, end int) {
	n := len(body) / markBytes
	if n == 0 {
		return 0, 0
	}
	at := func(i int) uint16 { return binary.LittleEndian.Uint16(body[markBytes*i:]) }
	first = n * int(m) >> 16
	for first > 0 && at(first-1) >= m {
		first--
	}
	for first < n && at(first) < m {
		first++
	}
	for end = first; end < n && at(end) == m; end++ {
	}
	return first, end
}
