package lake

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"regexp"
	"slices"
	"sync"

	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/zeebo/xxh3"
)

// A sealed file has a seal right before its Parquet footer, where other readers see a gap:
//
//	column chunks · bloom filters · chunk table · rest · count · seal hash · "LAKESEAL" · footer · length · "PAR1"
//
// The chunk table has one entry a column chunk (see [chunk]) in the order of the file. rest is the hash of all bytes
// before the table that belong to no chunk. The seal hash covers the file's name, everything from the table to count,
// and everything from the footer to the end: so a reader that checks it and the chunks it needs trusts no byte that
// was not checked. Numbers are little-endian, hashes XXH3 of 64 bits.
const (
	sealMagic    = "LAKESEAL"
	sealEnd      = 8 + 4 + 8 + len(sealMagic) // rest, count, seal hash, magic
	chunkBytes   = 4 + 8 + 8 + 8
	parquetMagic = "PAR1"
	parquetTail  = 4 + len(parquetMagic) // footer length, magic
)

// chunk is an entry of the chunk table: a column of one row group.
type chunk struct {
	field  int32 // id of the column
	offset int64
	length int64
	hash   uint64
}

// sealMark ends the name of a sealed file, or of the folder that one COPY filled: it says that there is a seal to be
// found, whatever the file itself looks like. Only the mark of another place may follow it (see package relocate).
const sealMark = "-x1"

var sealedElement = regexp.MustCompile(`-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}` + sealMark + `(-at-[0-9a-f]{8})?(\.parquet)?$`)

// sealName is the part of a path that names a sealed file wherever its table lies: from the element with the mark on.
// It is part of the seal, so two files that changed places are noticed. ok is false for files without a seal.
func sealName(local string) (name string, ok bool) {
	for dir := path.Clean(local); ; {
		parent, element := path.Split(dir)
		name = path.Join(element, name)
		if sealedElement.MatchString(element) {
			return name, true
		}
		if dir = path.Clean(parent); dir == "/" || dir == "." {
			return "", false
		}
	}
}

// Seal gives a finished Parquet file its hashes and returns its size. Its name must come from [Table.NewDataPath].
func Seal(local string) (int64, error) {
	name, ok := sealName(local)
	if !ok {
		return 0, fmt.Errorf("seal %s: the name does not promise it", local)
	}
	f, err := os.OpenFile(local, os.O_RDWR, 0)
	if err != nil {
		return 0, fmt.Errorf("seal data file: %w", err)
	}
	size, err := seal(f, name)
	if err := errors.Join(err, f.Close()); err != nil {
		return 0, fmt.Errorf("seal %s: %w", local, err)
	}
	return size, nil
}

func seal(f *os.File, name string) (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	tail, err := readTail(f, info.Size())
	if err != nil {
		return 0, err
	}
	footer, err := metadata.NewFileMetaData(tail.footer(), nil)
	if err != nil {
		return 0, err
	}
	chunks, err := chunksOf(footer)
	if err != nil {
		return 0, err
	}
	end := info.Size() - int64(len(tail))
	for i := range chunks {
		if chunks[i].hash, err = hashRange(f, chunks[i].offset, chunks[i].length); err != nil {
			return 0, err
		}
	}
	rest, err := hashRest(f, chunks, end)
	if err != nil {
		return 0, err
	}
	made := append(makeSeal(name, chunks, rest, tail), tail...)
	if _, err := f.WriteAt(made, end); err != nil {
		return 0, err
	}
	return end + int64(len(made)), nil
}

// fileTail are the last bytes of a Parquet file: footer, length of the footer, magic.
type fileTail []byte

func (t fileTail) footer() []byte { return t[:len(t)-parquetTail] }

var errNoParquet = errors.New("it does not end as a Parquet file")

func readTail(f io.ReaderAt, size int64) (fileTail, error) {
	var last [parquetTail]byte
	if size < int64(parquetTail+len(parquetMagic)) {
		return nil, errNoParquet
	}
	if _, err := f.ReadAt(last[:], size-int64(parquetTail)); err != nil {
		return nil, err
	}
	n, err := footerLength(last[:], size)
	if err != nil {
		return nil, err
	}
	tail := make(fileTail, n+int64(parquetTail))
	_, err = f.ReadAt(tail, size-int64(len(tail)))
	return tail, err
}

// footerLength reads the length of the footer from the last bytes of a file.
func footerLength(last []byte, size int64) (int64, error) {
	n := int64(binary.LittleEndian.Uint32(last))
	if string(last[4:]) != parquetMagic || n <= 0 || n > size-int64(parquetTail+len(parquetMagic)) {
		return 0, errNoParquet
	}
	return n, nil
}

// chunksOf lists the column chunks of a file in its order.
func chunksOf(footer *metadata.FileMetaData) ([]chunk, error) {
	var chunks []chunk
	for g := range footer.NumRowGroups() {
		group := footer.RowGroup(g)
		for i := range group.NumColumns() {
			column, err := group.ColumnChunk(i)
			if err != nil {
				return nil, err
			}
			start := column.DataPageOffset()
			if first := column.DictionaryPageOffset(); column.HasDictionaryPage() && first > 0 && first < start {
				start = first
			}
			chunks = append(chunks, chunk{
				field: footer.Schema.Column(i).SchemaNode().FieldID(), offset: start, length: column.TotalCompressedSize(),
			})
		}
	}
	slices.SortFunc(chunks, func(a, b chunk) int { return int(a.offset - b.offset) })
	return chunks, nil
}

// makeSeal is everything that goes before the footer.
func makeSeal(name string, chunks []chunk, rest uint64, tail fileTail) []byte {
	made := make([]byte, 0, len(chunks)*chunkBytes+sealEnd+len(tail))
	for _, c := range chunks {
		made = binary.LittleEndian.AppendUint32(made, uint32(c.field))
		made = binary.LittleEndian.AppendUint64(made, uint64(c.offset))
		made = binary.LittleEndian.AppendUint64(made, uint64(c.length))
		made = binary.LittleEndian.AppendUint64(made, c.hash)
	}
	made = binary.LittleEndian.AppendUint64(made, rest)
	made = binary.LittleEndian.AppendUint32(made, uint32(len(chunks)))
	made = binary.LittleEndian.AppendUint64(made, sealHash(name, made, tail))
	return append(made, sealMagic...)
}

func sealHash(name string, table []byte, tail fileTail) uint64 {
	h := xxh3.New()
	h.WriteString(name) //nolint:errcheck // never fails
	h.Write([]byte{0})  //nolint:errcheck // never fails
	h.Write(table)      //nolint:errcheck // never fails
	h.Write(tail)       //nolint:errcheck // never fails
	return h.Sum64()
}

const readBytes = 256 << 10

var readBuffers = sync.Pool{New: func() any { return new([readBytes]byte) }}

// hashRange hashes bytes of a file.
func hashRange(f io.ReaderAt, offset, length int64) (uint64, error) {
	h := xxh3.New()
	err := readInto(h, f, offset, length)
	return h.Sum64(), err
}

// hashRest hashes the bytes before end that are in no chunk.
func hashRest(f io.ReaderAt, chunks []chunk, end int64) (uint64, error) {
	h := xxh3.New()
	at := int64(0)
	for _, c := range append(slices.Clip(chunks), chunk{offset: end}) {
		if c.offset < at || c.length < 0 {
			return 0, errors.New("its column chunks overlap")
		}
		if err := readInto(h, f, at, c.offset-at); err != nil {
			return 0, err
		}
		at = c.offset + c.length
	}
	return h.Sum64(), nil
}

func readInto(h *xxh3.Hasher, f io.ReaderAt, offset, length int64) error {
	buf := readBuffers.Get().(*[readBytes]byte)
	defer readBuffers.Put(buf)
	for length > 0 {
		n, err := f.ReadAt(buf[:min(length, readBytes)], offset)
		h.Write(buf[:n]) //nolint:errcheck // never fails
		offset, length = offset+int64(n), length-int64(n)
		if err != nil && length > 0 {
			return err
		}
	}
	return nil
}
