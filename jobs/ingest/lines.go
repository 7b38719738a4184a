package ingest

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/lakectl/lakectl/lake"
)

const (
	// maxLine bounds what one line may hold in memory. No event is near it.
	maxLine = 16 << 20
	// maxWindow bounds what a zstd frame may ask for: as much as 'zstd --long' makes without further flags.
	maxWindow = 128 << 20
)

// input is an opened file of JSON Lines.
type input struct {
	path   string
	source string // named by content
	lines  int64
	file   *os.File
	size   int64
}

// openInput reads the file once: for the hash that names it, and to know before anything is ingested that it
// unpacks to its end and holds lines.
func openInput(path string) (*input, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open file: %w", err)
	}
	in := &input{path: path, file: f}
	if err := in.inspect(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return in, nil
}

func (in *input) inspect() error {
	info, err := in.file.Stat()
	if err != nil {
		return fmt.Errorf("read %s: %w", in.path, err)
	}
	if !info.Mode().IsRegular() {
		return lake.WithHint(fmt.Errorf("read %s: not a file that can be read twice", in.path),
			"pipe it: 'lakectl ingest file --source NAME - < %s'", in.path)
	}
	in.size = info.Size()
	hash := sha256.New()
	lines, err := newLines(in.path, io.TeeReader(in.content(), hash))
	if err != nil {
		return err
	}
	defer lines.close()
	for {
		_, err := lines.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
	}
	in.lines = lines.number
	in.source = "file:" + hex.EncodeToString(hash.Sum(nil))[:32]
	return nil
}

// content reads the file as it was when it was opened. What is appended later belongs to another source.
func (in *input) content() io.Reader { return io.NewSectionReader(in.file, 0, in.size) }

// lines splits a stream, unpacked if need be, into lines.
type lines struct {
	name   string
	number int64 // of the line that next returned last, 1 for the first
	r      *bufio.Reader
	long   []byte // a line that is longer than r's buffer
	close  func()
}

func newLines(name string, r io.Reader) (*lines, error) {
	l := &lines{name: name, close: func() {}}
	packed := bufio.NewReaderSize(r, chunkBytes)
	magic, _ := packed.Peek(4) // an error comes back from the first read
	packedAs := func(start []byte, ending string) bool {
		return bytes.HasPrefix(magic, start) || len(magic) > 0 && strings.HasSuffix(name, ending)
	}
	switch {
	case packedAs([]byte{0x1f, 0x8b}, ".gz"):
		z, err := gzip.NewReader(packed)
		if err != nil {
			return nil, l.unreadable(err)
		}
		l.r = bufio.NewReaderSize(z, chunkBytes)
	case packedAs([]byte{0x28, 0xb5, 0x2f, 0xfd}, ".zst"):
		z, err := zstd.NewReader(packed, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, l.unreadable(err)
		}
		l.r, l.close = bufio.NewReaderSize(z, chunkBytes), z.Close
	default:
		l.r = packed
	}
	return l, nil
}

func (l *lines) unreadable(err error) error {
	return lake.WithHint(fmt.Errorf("read %s after line %d: %w", l.name, l.number, err), "the file is damaged or cut off: transfer it again")
}

// next returns the next line without its end, valid until the following call; [io.EOF] after the last one.
func (l *lines) next() ([]byte, error) {
	l.long = l.long[:0]
	for {
		part, err := l.r.ReadSlice('\n')
		if len(l.long)+len(part) > maxLine {
			return nil, lake.WithHint(fmt.Errorf("read %s: line %d is longer than %d MiB", l.name, l.number+1, maxLine>>20),
				"give a file of JSON Lines: one event per line")
		}
		line := part
		if len(l.long) > 0 || errors.Is(err, bufio.ErrBufferFull) {
			l.long = append(l.long, part...)
			line = l.long
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(line) == 0:
			return nil, io.EOF
		case err != nil && !errors.Is(err, io.EOF):
			return nil, l.unreadable(err)
		}
		l.number++
		return bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r")), nil
	}
}

// waiting tells that the next line may have to be waited for.
func (l *lines) waiting() bool { return l.r.Buffered() == 0 }

func blank(line []byte) bool { return len(bytes.Trim(line, " \t\r")) == 0 }
