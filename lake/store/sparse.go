package store

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"golang.org/x/sync/errgroup"

	"github.com/lakectl/lakectl/lake"
)

const (
	// wholeBelow is the length below which a file is one request: more cost more than its bytes.
	wholeBelow = 16 << 20
	// tailBytes are fetched from the end of a file at once, with the seal and the footer of most.
	tailBytes = 64 << 10
	// parallelRanges is the number of ranges of one file that are fetched at once.
	parallelRanges = 4
	// growLocks is the number of locks that the paths of copies share.
	growLocks = 256

	sparseMode, wholeMode fs.FileMode = 0o400 | lake.SparseCopy, 0o400
)

// errWhole says that a whole copy is to be made instead.
var errWhole = errors.New("a whole copy is due")

// onDisk are the bytes that a copy takes.
func onDisk(info fs.FileInfo) int64 {
	const block = 512 // of the number that stat has, whatever the disk's is
	if at, ok := info.Sys().(*syscall.Stat_t); ok && info.Mode()&lake.SparseCopy != 0 {
		return at.Blocks * block
	}
	return info.Size()
}

// lockOf is the lock of who puts a copy at a path.
func lockOf(path string) string {
	h := fnv.New32()
	h.Write([]byte(path))
	return fmt.Sprint(lockName, "-", h.Sum32()%growLocks)
}

// grow makes a copy with some columns at least, all for nil. What there was before stays readable for who has it open.
func (s *Store) grow(ctx context.Context, uri, path string, columns []int) (err error) {
	if hasColumns(path, columns) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return s.notKept(uri, err)
	}
	unlock, err := s.lock(ctx, lockOf(path), syscall.LOCK_EX)
	if err != nil {
		return err
	}
	defer unlock()
	if hasColumns(path, columns) { // by who had the lock before
		return nil
	}
	g, err := s.newGrowth(ctx, uri, path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, g.close()) }()
	complete, err := g.fill(path, columns)
	if err != nil {
		return err
	}
	err = g.mark(complete)
	if errors.Is(err, errWhole) {
		return err
	}
	if err == nil {
		err = g.to.Sync() // no name may outlive its bytes: holes lie where a column is not, and nowhere else
	}
	if err == nil {
		err = os.Rename(g.to.Name(), path)
	}
	return s.notKept(uri, err)
}

// hasColumns tells whether a copy has columns, all for nil, and notes that it is used.
func hasColumns(path string, columns []int) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close() //nolint:errcheck // read only
	info, err := f.Stat()
	if err != nil {
		return false
	}
	if lake.MayLack(path, info) {
		chunks, err := lake.SealedChunks(path, f, info.Size())
		if err != nil || slices.ContainsFunc(chunks, func(c lake.ColumnChunk) bool { return asked(c, columns) && !c.In(f) }) {
			return false
		}
	}
	return used(path, info)
}

func asked(c lake.ColumnChunk, columns []int) bool {
	return columns == nil || slices.Contains(columns, c.Column)
}

// growth is a copy in the making: what an earlier one has, and more of what is stored.
type growth struct {
	s    *Store
	ctx  context.Context //nolint:containedctx // io.ReaderAt has none
	uri  string
	from *os.File // nil without an earlier copy
	to   *os.File
	size int64
	tail int64 // from where on the end is there
	err  error // why the store could not be read
}

func (s *Store) newGrowth(ctx context.Context, uri, path string) (_ *growth, err error) {
	g := &growth{s: s, ctx: ctx, uri: uri}
	if g.to, err = newPart(path); err != nil {
		return nil, s.notKept(uri, err)
	}
	if g.from, err = os.Open(path); err == nil {
		var info fs.FileInfo
		if info, err = g.from.Stat(); err == nil {
			g.size = info.Size()
		}
	} else if errors.Is(err, fs.ErrNotExist) {
		g.from = nil
		err = g.readEnd()
	}
	if err == nil {
		err = s.notKept(uri, g.to.Truncate(g.size))
	}
	if err != nil {
		return nil, errors.Join(err, g.close())
	}
	return g, nil
}

func (g *growth) close() error {
	err := g.to.Close()
	if g.from != nil {
		err = errors.Join(err, g.from.Close())
	}
	if gone := os.Remove(g.to.Name()); !errors.Is(gone, fs.ErrNotExist) { // most often it is renamed
		err = errors.Join(err, gone)
	}
	return err
}

// get opens a range of what is stored. A checksum that comes with it may be that of the whole file; the seal has those
// of its parts.
func (g *growth) get(of string) (*s3.GetObjectOutput, error) {
	key, err := g.s.key(g.uri)
	if err != nil {
		return nil, err
	}
	got, err := g.s.client.GetObject(g.ctx, &s3.GetObjectInput{Bucket: &g.s.bucket, Key: &key, Range: aws.String("bytes=" + of)},
		func(o *s3.Options) { o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired })
	return got, failed("read", g.uri, err)
}

// readEnd fetches the end of the file, and with it its length.
func (g *growth) readEnd() error {
	got, err := g.get(fmt.Sprint("-", tailBytes))
	if err != nil {
		return err
	}
	defer got.Body.Close() //nolint:errcheck // only read
	_, of, found := strings.Cut(aws.ToString(got.ContentRange), "/")
	if g.size, err = strconv.ParseInt(of, 10, 64); err != nil || !found {
		return fmt.Errorf("%s comes whole: %w", g.uri, errWhole)
	}
	g.tail = max(0, g.size-tailBytes)
	return g.write(got.Body, g.tail, g.size-g.tail)
}

// write takes bytes of what is stored.
func (g *growth) write(body io.Reader, at, n int64) error {
	_, err := io.CopyN(io.NewOffsetWriter(g.to, at), body, n)
	return g.taken(err)
}

// taken is the error of a copy from the store to the disk.
func (g *growth) taken(err error) error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if here := new(fs.PathError); errors.As(err, &here) {
		return g.s.notKept(g.uri, err)
	}
	return failed("read", g.uri, err)
}

// ReadAt reads what is in no chunk, and takes it into the copy.
func (g *growth) ReadAt(p []byte, at int64) (int, error) {
	switch {
	case g.from != nil:
		n, err := g.from.ReadAt(p, at)
		if err == nil {
			_, err = g.to.WriteAt(p[:n], at)
		}
		return n, err
	case at < g.tail && len(p) > 0:
		got, err := g.get(fmt.Sprintf("%d-%d", at, at+int64(len(p))-1))
		if err == nil {
			err = errors.Join(g.write(got.Body, at, int64(len(p))), got.Body.Close())
		}
		if g.err = err; err != nil {
			return 0, err
		}
	}
	return g.to.ReadAt(p, at)
}

// fill takes the columns, and those of the earlier copy, and tells whether these are all.
func (g *growth) fill(path string, columns []int) (complete bool, err error) {
	chunks, err := lake.SealedChunks(path, g, g.size)
	if g.err != nil {
		return false, g.err
	}
	if err != nil {
		return false, fmt.Errorf("%w: %w", errWhole, err)
	}
	complete = true
	var lacking []lake.ColumnChunk
	var bytes int64
	for _, c := range chunks {
		switch {
		case c.Length == 0:
		case g.from != nil && c.In(g.from):
			if err := g.take(c, io.NewSectionReader(g.from, c.Offset, c.Length)); err != nil {
				return false, err
			}
		case asked(c, columns):
			lacking, bytes = append(lacking, c), bytes+c.Length
		default:
			complete = false
		}
	}
	if bytes > g.size/4*3 { // fewer requests are worth the rest
		return false, errWhole
	}
	return complete, g.fetch(lacking)
}

// take takes a chunk if it is what was sealed. Of a damaged file a whole copy is made, where it is found again.
func (g *growth) take(c lake.ColumnChunk, from io.Reader) error {
	err := c.Copy(g.to, from)
	if errors.Is(err, lake.ErrDamaged) {
		return fmt.Errorf("%w: %w", errWhole, err)
	}
	return g.taken(err)
}

// mark says in the mode whether columns are lacking. Where the file system keeps no such mode, none may lack.
func (g *growth) mark(complete bool) error {
	if complete {
		return g.to.Chmod(wholeMode)
	}
	if err := g.to.Chmod(sparseMode); err != nil {
		return err
	}
	info, err := g.to.Stat()
	if err == nil && info.Mode()&lake.SparseCopy == 0 {
		err = errWhole
	}
	return err
}

// fetch takes chunks, those that lie side by side at once.
func (g *growth) fetch(chunks []lake.ColumnChunk) error {
	workers, ctx := errgroup.WithContext(g.ctx)
	workers.SetLimit(parallelRanges)
	g.ctx = ctx
	for len(chunks) > 0 {
		n, start := 1, chunks[0].Offset
		end := start + chunks[0].Length
		for ; n < len(chunks) && chunks[n].Offset == end; n++ {
			end += chunks[n].Length
		}
		run := chunks[:n]
		chunks = chunks[n:]
		workers.Go(lake.Safely(func() error { return g.fetchRun(run, start, end) }))
	}
	return workers.Wait()
}

func (g *growth) fetchRun(chunks []lake.ColumnChunk, start, end int64) error {
	got, err := g.get(fmt.Sprintf("%d-%d", start, end-1))
	if err != nil {
		return err
	}
	defer got.Body.Close() //nolint:errcheck // only read
	for _, c := range chunks {
		if err := g.take(c, got.Body); err != nil {
			return err
		}
	}
	return nil
}
