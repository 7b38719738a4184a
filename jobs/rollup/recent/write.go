package recent

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/zeebo/xxh3"
)

const segmentPrefix, segmentSuffix = "ids-", ".segment"

// segmentWriter writes a segment of at most so many ids, which come sorted.
type segmentWriter struct {
	s            *segment
	bucket       int
	mark, rest   []byte // of the bucket
	marks, rests *bufio.Writer
}

func newSegmentWriter(dir string, most int64) (*segmentWriter, error) {
	var random [8]byte
	binary.LittleEndian.PutUint64(random[:], rand.Uint64())
	name := segmentPrefix + hex.EncodeToString(random[:]) + segmentSuffix
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	s := &segment{
		segmentState: segmentState{Name: name, Seed: rand.Uint64()}, file: f,
		width: min(max(bits.Len64(uint64(most/bucketIDs))-1, 0), maxWidth),
	}
	buckets := int64(1) << s.width
	s.rests, s.ends = headerBytes+most*markBytes+buckets*checkBytes, make([]uint32, 0, buckets)
	const buffer = 128 << 10
	return &segmentWriter{
		s:     s,
		marks: bufio.NewWriterSize(io.NewOffsetWriter(f, headerBytes), buffer),
		rests: bufio.NewWriterSize(io.NewOffsetWriter(f, s.rests), buffer),
	}, nil
}

func (w *segmentWriter) add(e entry) error {
	for b := w.s.bucket(e.hi); w.bucket < b; {
		if err := w.flush(); err != nil {
			return err
		}
	}
	w.mark = binary.LittleEndian.AppendUint16(w.mark, mark(e.hi, w.s.width))
	w.rest = appendRest(w.rest, e, w.s.width)
	w.s.IDs++
	return nil
}

// flush ends a bucket.
func (w *segmentWriter) flush() error {
	w.mark = binary.LittleEndian.AppendUint64(w.mark, xxh3.HashSeed(w.mark, checkSeed(w.s.Seed, marks, w.bucket)))
	w.rest = binary.LittleEndian.AppendUint64(w.rest, xxh3.HashSeed(w.rest, checkSeed(w.s.Seed, rests, w.bucket)))
	_, err := w.marks.Write(w.mark)
	if err == nil {
		_, err = w.rests.Write(w.rest)
	}
	w.s.ends = append(w.s.ends, uint32(w.s.IDs))
	w.mark, w.rest = w.mark[:0], w.rest[:0]
	w.bucket++
	return err
}

// finish ends the file. It is not on the disk yet, see [segment.sync].
func (w *segmentWriter) finish(from, until time.Time) (*segment, error) {
	s := w.s
	for w.bucket < 1<<s.width {
		if err := w.flush(); err != nil {
			return nil, w.abort(err)
		}
	}
	index := make([]byte, 0, len(s.ends)*indexBytes)
	for _, end := range s.ends {
		index = binary.LittleEndian.AppendUint32(index, end)
	}
	if _, err := w.rests.Write(index); err != nil {
		return nil, w.abort(err)
	}
	h := header{seed: s.Seed, ids: s.IDs, rests: s.rests, width: s.width, index: xxh3.HashSeed(index, s.Seed)}
	_, err := s.file.WriteAt(h.encode(), 0)
	if err := errors.Join(err, w.marks.Flush(), w.rests.Flush()); err != nil {
		return nil, w.abort(err)
	}
	s.From, s.Until = from.UTC(), until.UTC()
	s.bytes = s.rests + s.IDs*restBytes + int64(len(s.ends))*(checkBytes+indexBytes)
	return s, nil
}

// abort drops the file and returns why.
func (w *segmentWriter) abort(err error) error {
	return errors.Join(fmt.Errorf("write ids: %w", err), w.s.remove())
}

func (s *segment) sync() error { return s.file.Sync() }

// remove closes and deletes a segment.
func (s *segment) remove() error {
	return errors.Join(s.file.Close(), os.Remove(s.file.Name()))
}

func removeAll(segments []*segment) error {
	var errs []error
	for _, s := range segments {
		errs = append(errs, s.remove())
	}
	return errors.Join(errs...)
}
