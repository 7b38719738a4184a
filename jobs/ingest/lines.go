package ingest

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/lakectl/lakectl/lake"
)

// maxLine bounds what one line may hold in memory. No event is near it.
const maxLine = 16 << 20

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
	f, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	in := &input{path: path, file: f}
	if err := in.inspect(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return in, nil
}

// checkPath refuses what cannot be ingested, by its kind and its first bytes, before anything else is.
func checkPath(path string) error {
	f, err := openRegular(path)
	if err != nil {
		return err
	}
	l, err := newLines(path, f)
	if err == nil {
		l.close()
	}
	return errors.Join(err, f.Close())
}

// openRegular opens a file that can be read twice. Anything else is not opened: that could wait for ever.
func openRegular(path string) (*os.File, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, lake.WithHint(fmt.Errorf("%w: %w", err, ErrUsage), "give paths of JSON Lines files, or - for stdin")
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, lake.WithHint(fmt.Errorf("read %s: it is a folder: %w", path, ErrUsage), "name the files in it: 'lakectl ingest file %s/*.jsonl'", strings.TrimSuffix(path, "/"))
	case !info.Mode().IsRegular():
		return nil, lake.WithHint(fmt.Errorf("read %s: not a file that can be read twice: %w", path, ErrUsage), "pipe it: '%s < %s'", pipedIn, path)
	}
	return os.Open(path)
}

func (in *input) inspect() error {
	info, err := in.file.Stat()
	if err != nil {
		return fmt.Errorf("read %s: %w", in.path, err)
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
	text, done, err := unpack(name, r)
	if err != nil {
		return nil, err
	}
	return &lines{name: name, r: text, close: done}, nil
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
			return nil, damaged(l.name, l.number, err)
		}
		l.number++
		return withoutMark(bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))), nil
	}
}

// waiting tells that the next line may have to be waited for.
func (l *lines) waiting() bool { return l.r.Buffered() == 0 }

func blank(line []byte) bool { return len(bytes.Trim(line, " \t\r")) == 0 }
