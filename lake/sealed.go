package lake

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/zeebo/xxh3"
)

// SparseCopy is the permission bit of a copy of a sealed file that lacks columns: holes lie where these are. It goes
// with the bytes, whatever becomes of the names of files. Some file systems set it for all: then the chunks tell.
const SparseCopy = 0o100

// MayLack tells whether a file of this machine may be a copy that lacks columns.
func MayLack(local string, info fs.FileInfo) bool {
	return info.Mode()&SparseCopy != 0 && IsSealed(local)
}

// IsSealed tells whether the name of a file promises a seal.
func IsSealed(local string) bool {
	_, sealed := sealName(local)
	return sealed
}

// ColumnChunk is where a column of one row group lies in a sealed file.
type ColumnChunk struct {
	Column         int // field id
	Offset, Length int64

	hash uint64
}

// In tells whether a copy has the chunk. It begins with the header of a page, whose first byte is not zero.
func (c ColumnChunk) In(copied io.ReaderAt) bool {
	var first [1]byte
	_, err := copied.ReadAt(first[:], c.Offset)
	return c.Length == 0 || err == nil && first[0] != 0
}

// SealedChunks are the column chunks of a sealed file, in the order of the file. It reads each byte that lies in none
// of them, so that the chunks are all that is left to be checked. local says what the file is called.
func SealedChunks(local string, r io.ReaderAt, size int64) ([]ColumnChunk, error) {
	name, sealed := sealName(local)
	if !sealed {
		return nil, errors.New("there is no seal")
	}
	chunks, err := readSeal(r, size, name)
	if err != nil {
		return nil, err
	}
	list := make([]ColumnChunk, len(chunks))
	for i, c := range chunks {
		list[i] = ColumnChunk{Column: int(c.field), Offset: c.offset, Length: c.length, hash: c.hash}
	}
	return list, nil
}

// Copy writes the chunk, which a stream begins with, to where it lies. [ErrDamaged]: it is not what was sealed.
func (c ColumnChunk) Copy(to io.WriterAt, from io.Reader) error {
	h := xxh3.New()
	if _, err := io.CopyN(io.MultiWriter(io.NewOffsetWriter(to, c.Offset), h), from, c.Length); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	if h.Sum64() != c.hash {
		return fmt.Errorf("column %d at byte %d: %w", c.Column, c.Offset, ErrDamaged)
	}
	return nil
}
