package topic

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
)

// maxAnswer bounds what a broken or foreign server can make us allocate.
const maxAnswer = 512 << 20

var (
	errMalformed = errors.New("answer does not follow the protocol")
	correlation  atomic.Int32
)

// readAnswer reads one answer into buf, growing it as needed, and returns what
// follows the correlation id.
func readAnswer(r io.Reader, id int32, buf []byte) ([]byte, error) {
	var head [8]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	size := int32(binary.BigEndian.Uint32(head[:4]))
	if size < 4 || size > maxAnswer {
		return nil, fmt.Errorf("%w: its size is %d", errMalformed, size)
	}
	if got := int32(binary.BigEndian.Uint32(head[4:])); got != id {
		return nil, fmt.Errorf("%w: correlation id %d instead of %d", errMalformed, got, id)
	}
	n := int(size) - 4
	if cap(buf) < n {
		buf = make([]byte, n)
	}
	buf = buf[:n]
	_, err := io.ReadFull(r, buf)
	return buf, err
}

// reader takes an answer apart. After the first field that does not fit, bad is
// set and every field reads as zero, so callers check once, and loops over a
// count stop on bad.
type reader struct {
	buf []byte
	bad bool
}

func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.buf) {
		r.bad, r.buf = true, nil
		return nil
	}
	b := r.buf[:n]
	r.buf = r.buf[n:]
	return b
}

func (r *reader) int16() int16 {
	if b := r.take(2); b != nil {
		return int16(binary.BigEndian.Uint16(b))
	}
	return 0
}

func (r *reader) int32() int32 {
	if b := r.take(4); b != nil {
		return int32(binary.BigEndian.Uint32(b))
	}
	return 0
}

func (r *reader) int64() int64 {
	if b := r.take(8); b != nil {
		return int64(binary.BigEndian.Uint64(b))
	}
	return 0
}

func (r *reader) uvarint() int {
	v, n := binary.Uvarint(r.buf)
	if n <= 0 || v > maxAnswer {
		r.take(-1)
		return 0
	}
	r.take(n)
	return int(v)
}

// varint reads a zigzag number.
func (r *reader) varint() int64 {
	v, n := binary.Varint(r.buf)
	if n <= 0 {
		r.take(-1)
		return 0
	}
	r.buf = r.buf[n:]
	return v
}

// bytes reads a field of a record: a zigzag length, -1 for null, and its bytes.
func (r *reader) bytes() []byte {
	n := r.varint()
	if n == -1 {
		return nil
	}
	if n < 0 || n > int64(len(r.buf)) {
		n = -1
	}
	return r.take(int(n))
}

// compactString reads "" for null too.
func (r *reader) compactString() string {
	n := r.uvarint()
	if n == 0 {
		return ""
	}
	return string(r.take(n - 1))
}

// compactCount is 0 for a null array too.
func (r *reader) compactCount() int { return max(0, r.uvarint()-1) }

func (r *reader) compactInt32s() {
	r.take(4 * r.compactCount())
}

// tags skips the tagged fields that end every structure of a flexible version.
func (r *reader) tags() {
	for n := r.uvarint(); n > 0 && !r.bad; n-- {
		r.uvarint()
		r.take(r.uvarint())
	}
}
