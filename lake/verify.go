package lake

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/apache/iceberg-go"
	"golang.org/x/sync/errgroup"
)

// ErrDamaged says that a file does not hold the bytes that were written to it.
var ErrDamaged = errors.New("its bytes are not those that were written")

// Verifier holds the files that jobs read against the hashes they were sealed with, each column of a file once. It
// serves one process and any number of goroutines. A nil Verifier verifies nothing.
type Verifier struct {
	mu       sync.Mutex
	verified map[string][]int // by path: ids of the columns whose chunks were verified
	unsealed int              // files that another engine or an earlier version wrote
	bytes    atomic.Int64
	spent    atomic.Int64 // ns, of all goroutines
}

// NewVerifier returns a Verifier that has seen nothing yet.
func NewVerifier() *Verifier {
	return &Verifier{verified: map[string][]int{}}
}

// Most files that a Verifier remembers: beyond it forgets all, and verifies again what it meets again.
const mostVerified = 200_000

// VerifyReport says what a Verifier did so far.
type VerifyReport struct {
	Unsealed int           // files without hashes that were read
	Bytes    int64         // hashed
	Spent    time.Duration // by all goroutines together
}

// Report says what was done so far.
func (v *Verifier) Report() VerifyReport {
	if v == nil {
		return VerifyReport{}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	return VerifyReport{Unsealed: v.unsealed, Bytes: v.bytes.Load(), Spent: time.Duration(v.spent.Load())}
}

// Verify holds columns of a snapshot's files against their hashes: [ErrDamaged] names the first that does not match.
// Files without hashes pass and are counted.
func (v *Verifier) Verify(ctx context.Context, s Snapshot, files []File, columns []iceberg.NestedField) error {
	if v == nil {
		return nil
	}
	if err := FetchColumns(ctx, files, columns); err != nil {
		return fmt.Errorf("read %s: %w", s.table.name, err)
	}
	workers, ctx := errgroup.WithContext(ctx)
	workers.SetLimit(2)
	for _, f := range files {
		local, err := LocalPath(f.FilePath())
		if err != nil {
			return errors.Join(err, workers.Wait())
		}
		wanted := v.missing(local, columns)
		if wanted == nil {
			continue
		}
		workers.Go(Safely(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			start := time.Now()
			defer func() { v.spent.Add(int64(time.Since(start))) }()
			if err := v.file(local, wanted); err != nil {
				return fmt.Errorf("read %s: %w", s.table.name, err)
			}
			return nil
		}))
	}
	return workers.Wait()
}

// VerifyDeletes does the same for position delete files.
func (v *Verifier) VerifyDeletes(ctx context.Context, s Snapshot, files []File) error {
	if err := FetchFiles(ctx, files); err != nil {
		return fmt.Errorf("read %s: %w", s.table.name, err)
	}
	return v.Verify(ctx, s, files, deleteColumns)
}

var deleteColumns = []iceberg.NestedField{{ID: deletePathFieldID, Name: "file_path"}, {ID: deletePosFieldID, Name: "pos"}}

// missing are the columns of a file that were not verified yet: nil when there is nothing to do.
func (v *Verifier) missing(local string, columns []iceberg.NestedField) []iceberg.NestedField {
	v.mu.Lock()
	defer v.mu.Unlock()
	known, ok := v.verified[local]
	if !ok {
		return append([]iceberg.NestedField{}, columns...) // not nil: without columns there is still the footer
	}
	var missing []iceberg.NestedField
	for _, c := range columns {
		if !slices.Contains(known, c.ID) {
			missing = append(missing, c)
		}
	}
	return missing
}

func (v *Verifier) done(local string, columns []iceberg.NestedField, sealed bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.verified) >= mostVerified {
		clear(v.verified)
	}
	known, before := v.verified[local]
	for _, c := range columns {
		known = append(known, c.ID)
	}
	if !sealed && !before {
		v.unsealed++
	}
	v.verified[local] = known
}

func (v *Verifier) file(local string, columns []iceberg.NestedField) error {
	name, sealed := sealName(local)
	if !sealed {
		v.done(local, columns, false)
		return nil
	}
	f, err := os.Open(local)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // read only
	info, err := f.Stat()
	if err != nil {
		return err
	}
	chunks, err := readSeal(f, info.Size(), name)
	if err != nil {
		return damaged(local, err)
	}
	for _, c := range columns {
		for _, chunk := range chunks {
			if int(chunk.field) != c.ID {
				continue
			}
			v.bytes.Add(chunk.length)
			hash, err := hashRange(f, chunk.offset, chunk.length)
			if err == nil && hash != chunk.hash {
				err = fmt.Errorf("column %s at byte %d: %w", c.Name, chunk.offset, ErrDamaged)
			}
			if err != nil {
				return damaged(local, err)
			}
		}
	}
	v.done(local, columns, true)
	return nil
}

// damaged names the file. An error of the disk stays what it is.
func damaged(local string, err error) error {
	var failed *os.PathError
	if errors.As(err, &failed) {
		return err
	}
	if !errors.Is(err, ErrDamaged) {
		err = fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if dropCopy(local) {
		return WithHint(fmt.Errorf("file %s, a copy: %w", local, err),
			"nothing was published from it; the copy was removed: run the command again, which fetches it anew. If it is damaged then too, put the file back in the store from a backup")
	}
	return WithHint(fmt.Errorf("file %s: %w", local, err),
		"nothing was published from it; check the disk, put this file back from a backup under the same name, and run the command again")
}

// readSeal checks the seal of a file and returns its chunk table, which can then be trusted, as can the footer.
func readSeal(f io.ReaderAt, size int64, name string) ([]chunk, error) {
	tail, err := readTail(f, size)
	if err != nil {
		return nil, err
	}
	end := size - int64(len(tail)) // of the seal
	var last [sealEnd]byte
	if end < int64(sealEnd) {
		return nil, errors.New("there is no seal")
	}
	if _, err := f.ReadAt(last[:], end-int64(sealEnd)); err != nil {
		return nil, err
	}
	if string(last[sealEnd-len(sealMagic):]) != sealMagic {
		return nil, errors.New("there is no seal")
	}
	entries := int64(binary.LittleEndian.Uint32(last[8:])) * chunkBytes
	start := end - int64(sealEnd) - entries
	if start < 0 {
		return nil, errors.New("the seal is longer than the file")
	}
	table := make([]byte, entries+8+4)
	if _, err := f.ReadAt(table, start); err != nil {
		return nil, err
	}
	if sealHash(name, table, tail) != binary.LittleEndian.Uint64(last[12:]) {
		return nil, errors.New("seal, footer or name of the file")
	}
	chunks := make([]chunk, 0, entries/chunkBytes)
	for e := table[:entries]; len(e) > 0; e = e[chunkBytes:] {
		chunks = append(chunks, chunk{
			field: int32(binary.LittleEndian.Uint32(e)), offset: int64(binary.LittleEndian.Uint64(e[4:])),
			length: int64(binary.LittleEndian.Uint64(e[12:])), hash: binary.LittleEndian.Uint64(e[20:]),
		})
	}
	rest, err := hashRest(f, chunks, start)
	if err == nil && rest != binary.LittleEndian.Uint64(table[entries:]) {
		err = errors.New("between the columns")
	}
	return chunks, err
}
