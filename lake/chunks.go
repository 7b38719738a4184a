package lake

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/zeebo/xxh3"
)

// Chunks reads one data file a column chunk at a time and holds each against the hash it was sealed with. It is what a
// Parquet reader of arrow-go reads from. Reads may be made by several goroutines at once; the file stays readable when
// it is deleted.
type Chunks struct {
	*os.File
	local  string
	footer *metadata.FileMetaData
	sealed map[int64]chunk // by offset; nil without a seal
}

// OpenChunks opens a data file of a table and checks its seal and footer. [ErrDamaged] where these do not hold. A file
// without a seal is read as it is.
func OpenChunks(ctx context.Context, uri string) (*Chunks, error) {
	local, err := LocalPath(uri)
	if err != nil {
		return nil, err
	}
	f, err := Open(ctx, uri)
	if err != nil {
		return nil, err
	}
	c := &Chunks{File: f, local: local}
	if err := c.open(); err != nil {
		return nil, errors.Join(damaged(local, err), f.Close())
	}
	return c, nil
}

func (c *Chunks) open() error {
	info, err := c.Stat()
	if err != nil {
		return err
	}
	if name, ok := sealName(c.local); ok {
		chunks, err := readSeal(c.File, info.Size(), name)
		if err != nil {
			return err
		}
		c.sealed = make(map[int64]chunk, len(chunks))
		for _, of := range chunks {
			c.sealed[of.offset] = of
		}
	}
	tail, err := readTail(c.File, info.Size())
	if err != nil {
		return err
	}
	c.footer, err = metadata.NewFileMetaData(tail.footer(), nil)
	return err
}

// Footer is the Parquet footer of the file.
func (c *Chunks) Footer() *metadata.FileMetaData { return c.footer }

// ReadAt reads a whole column chunk. A sealed file is read in no other way, so that nothing unverified is.
func (c *Chunks) ReadAt(p []byte, offset int64) (int, error) {
	n, err := c.File.ReadAt(p, offset)
	if err != nil || c.sealed == nil {
		return n, err
	}
	of, ok := c.sealed[offset]
	switch {
	case !ok || of.length != int64(len(p)):
		return 0, fmt.Errorf("file %s: %d bytes at %d are no column chunk", c.local, len(p), offset)
	case xxh3.Hash(p) != of.hash:
		return 0, damaged(c.local, fmt.Errorf("column %d at byte %d: %w", of.field, offset, ErrDamaged))
	}
	return n, nil
}
