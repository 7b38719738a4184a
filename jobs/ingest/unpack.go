package ingest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/lakectl/lakectl/lake"
)

// maxWindow bounds what a zstd frame may ask for: as much as 'zstd --long' makes without further flags.
const maxWindow = 128 << 20

const (
	gzipStart = "\x1f\x8b"
	zstdStart = "\x28\xb5\x2f\xfd"
)

// unpack returns the text of a stream, and what closes it. Gzip and zstd are told by how they start, or by the ending
// of the name; any other form that is no JSON Lines is refused by its name, before a line of it is read.
func unpack(name string, r io.Reader) (text *bufio.Reader, done func(), err error) {
	done = func() {}
	text = bufio.NewReaderSize(r, chunkBytes)
	start := startOf(text)
	packedAs := func(magic, ending string) bool {
		return strings.HasPrefix(start, magic) || start != "" && strings.HasSuffix(name, ending)
	}
	if err := refuse(name, start); err != nil {
		return nil, nil, err
	}
	if err := misnamed(name, start); err != nil {
		return nil, nil, err
	}
	unpacking := ""
	switch {
	case packedAs(gzipStart, ".gz"):
		z := &members{packed: text}
		if err := z.open(); err != nil {
			return nil, nil, damaged(name, 0, err)
		}
		text, unpacking = bufio.NewReaderSize(z, chunkBytes), "gzip -dc"
	case packedAs(zstdStart, ".zst"):
		z, err := zstd.NewReader(text, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, nil, damaged(name, 0, err)
		}
		text, done, unpacking = bufio.NewReaderSize(z, chunkBytes), z.Close, "zstd -dc"
	default:
		return text, done, nil
	}
	inside := startOf(text)
	if strings.HasPrefix(inside, gzipStart) || strings.HasPrefix(inside, zstdStart) {
		err = unfit(name, "a file that was packed twice", "unpack it once: '"+unpacking+" FILE | "+pipedIn+"'")
	} else {
		err = refuse(name, inside)
	}
	if err != nil {
		done()
		return nil, nil, err
	}
	return text, done, nil
}

// startOf is the start of a stream, as much as comes with the first read and no less than the marks of the forms. A
// read error comes back from the first read of a line.
func startOf(r *bufio.Reader) string {
	start, _ := r.Peek(10)
	if n := min(r.Buffered(), 512); n > len(start) {
		start, _ = r.Peek(n)
	}
	return string(start)
}

// misnamed refuses plain text that is named like a packed file.
func misnamed(name, start string) error {
	packed := strings.HasSuffix(name, ".gz") || strings.HasSuffix(name, ".zst")
	if packed && strings.HasPrefix(strings.TrimLeft(strings.TrimPrefix(start, byteOrderMark), " \t\r\n"), "{") {
		return lake.WithHint(fmt.Errorf("read %s: its name is that of a packed file, and it is plain text: %w", name, ErrUsage), "rename it")
	}
	return nil
}

// damaged is the error of a stream that ended in an error after a line. What follows from it depends on whose it is.
func damaged(name string, line int64, err error) error {
	wrapped := fmt.Errorf("read %s after line %d: %w", name, line, err)
	var disk *fs.PathError
	switch {
	case errors.Is(err, errAfterGzip):
		return lake.WithHint(wrapped, "if what follows is not needed, leave it out: 'gzip -dc < %s | %s'", name, pipedIn)
	case errors.As(err, &disk):
		return lake.WithHint(wrapped, "the file could not be read: check the disk it is on, then run the command again")
	}
	return lake.WithHint(wrapped, "the file is damaged or cut off: transfer it again")
}

// members reads the members of a gzip file as one stream. Zeros after a member are padding, as tapes and some file
// systems leave it.
type members struct {
	packed *bufio.Reader
	z      *gzip.Reader
}

func (m *members) open() (err error) {
	if m.z == nil {
		m.z, err = gzip.NewReader(m.packed)
	} else {
		err = m.z.Reset(m.packed)
	}
	if err == nil {
		m.z.Multistream(false)
	}
	return err
}

func (m *members) Read(p []byte) (int, error) {
	for {
		n, err := m.z.Read(p)
		if !errors.Is(err, io.EOF) {
			return n, err
		}
		if err := m.next(); err != nil {
			return n, err
		}
		if n > 0 {
			return n, nil
		}
	}
}

// errAfterGzip says that a gzip file goes on with something else, which may be rows that were to be read.
var errAfterGzip = errors.New("what follows its last gzip member is not gzip")

// next opens the member that follows, [io.EOF] where none does.
func (m *members) next() error {
	for {
		switch b, err := m.packed.ReadByte(); {
		case err != nil:
			return err
		case b == 0:
			continue
		case b != gzipStart[0]:
			return errAfterGzip
		}
		if err := m.packed.UnreadByte(); err != nil {
			return err
		}
		err := m.open()
		if errors.Is(err, gzip.ErrHeader) {
			return errAfterGzip
		}
		return err
	}
}

const pipedIn = "lakectl ingest file --source NAME -"

// form is a kind of content that is no JSON Lines.
type form struct {
	name   string
	starts []string
	unpack string // a command that makes lines of it; "" where none does
}

var forms = []form{
	{"a zip archive", []string{"PK\x03\x04", "PK\x05\x06", "PK\x07\x08"}, "unzip -p FILE"},
	{"a bzip2 file", []string{"BZh"}, "bzip2 -dc FILE"},
	{"an xz file", []string{"\xfd7zXZ\x00"}, "xz -dc FILE"},
	{"a 7z archive", []string{"7z\xbc\xaf\x27\x1c"}, "7z x -so FILE"},
	{"an lz4 file", []string{"\x04\x22\x4d\x18"}, "lz4 -dc FILE"},
	{"a lzip file", []string{"LZIP"}, "lzip -dc FILE"},
	{"a file of the program compress", []string{"\x1f\x9d"}, "gzip -dc FILE"},
	{"a snappy file", []string{"\xff\x06\x00\x00sNaPpY"}, "snzip -dc FILE"},
	{"a Parquet file", []string{"PAR1"}, ""},
	{"an Avro file", []string{"Obj\x01"}, ""},
	{"an ORC file", []string{"ORC"}, ""},
	{"UTF-32 text", []string{"\xff\xfe\x00\x00", "\x00\x00\xfe\xff", "{\x00\x00\x00", "\x00\x00\x00{"}, "iconv -f UTF-32 -t UTF-8 FILE"},
	{"UTF-16 text", []string{"\xff\xfe", "\xfe\xff"}, "iconv -f UTF-16 -t UTF-8 FILE"},
	{"UTF-16 text", []string{"{\x00"}, "iconv -f UTF-16LE -t UTF-8 FILE"},
	{"UTF-16 text", []string{"\x00{"}, "iconv -f UTF-16BE -t UTF-8 FILE"},
	{"a JSON text sequence", []string{"\x1e"}, `tr -d '\036' < FILE`},
}

// refuse names the form of a content that is no JSON Lines.
func refuse(name, start string) error {
	for _, f := range forms {
		for _, s := range f.starts {
			if strings.HasPrefix(start, s) {
				return f.refused(name)
			}
		}
	}
	text := strings.TrimLeft(strings.TrimPrefix(start, byteOrderMark), " \t\r\n")
	first, rest, _ := strings.Cut(text, "\n")
	switch {
	case len(start) > 262 && start[257:262] == "ustar":
		return form{"a tar archive", nil, "tar -xOf FILE"}.refused(name)
	case isArray(text):
		return form{"a JSON array", nil, "jq -c '.[]' FILE"}.refused(name)
	case strings.TrimRight(first, " \t\r") == "{" && strings.HasPrefix(strings.TrimLeft(rest, " \t\r\n"), `"`):
		return form{"JSON that takes several lines for an object", nil, "jq -c . FILE"}.refused(name)
	case strings.HasPrefix(text, "{") && strings.Contains(first, "}\r{"):
		return form{"text whose lines end with CR alone", nil, `tr '\r' '\n' < FILE`}.refused(name)
	}
	return nil
}

// isArray tells whether a text is an array of events. Any other array, such as [], is a record that is broken: what
// comes after it may be good.
func isArray(text string) bool {
	inside, is := strings.CutPrefix(text, "[")
	line := strings.TrimLeft(inside, " \t\r")
	return is && (line == "" || line[0] == '\n' || line[0] == '{')
}

func (f form) refused(name string) error {
	if f.unpack == "" {
		return unfit(name, f.name, "export its rows as JSON Lines: one event a line")
	}
	return unfit(name, f.name, "make lines of it: '"+f.unpack+" | "+pipedIn+"'")
}

func unfit(name, form, hint string) error {
	if name != "stdin" {
		hint = strings.ReplaceAll(hint, "FILE", name)
	}
	return lake.WithHint(fmt.Errorf("read %s: it looks like %s, not like JSON Lines: %w", name, form, ErrUsage), "%s", hint)
}

// byteOrderMark is what some programs put in front of UTF-8. It is no part of the text, also where files were put
// together and it stands in front of a later line.
const byteOrderMark = "\xef\xbb\xbf"

func withoutMark(line []byte) []byte {
	if len(line) == 0 || line[0] != byteOrderMark[0] {
		return line
	}
	return bytes.TrimPrefix(line, []byte(byteOrderMark))
}
