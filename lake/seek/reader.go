package seek

import (
	"context"
	"fmt"

	"github.com/apache/iceberg-go"
	"golang.org/x/sync/singleflight"

	"github.com/lakectl/lakectl/lake"
)

// Options of a Reader.
type Options struct {
	CacheBytes int64          // of footers and decoded row groups
	Verify     *lake.Verifier // for position delete files; nil verifies none
}

// Reader reads rows of tables. It may be used by several goroutines.
type Reader struct {
	verify *lake.Verifier
	cache  *cache // footers, rows of keys, and what Keep keeps
	groups *cache // decoded row groups
	flight singleflight.Group
}

// groupsPart is the part of the bytes that decoded row groups may take: a fourth. A group is a hundred times as large
// as what is wanted of it, and many keys that come in turn would push out each other's rows with the groups around
// them.
const groupsPart = 4

// New makes a Reader.
func New(o Options) *Reader {
	return &Reader{verify: o.Verify, cache: newCache(o.CacheBytes - o.CacheBytes/groupsPart), groups: newCache(o.CacheBytes / groupsPart)}
}

// View is a snapshot of a table of which rows of one key at a time are read.
type View struct {
	reader  *Reader
	key     iceberg.NestedField
	columns []iceberg.NestedField
	files   []dataFile
}

// dataFile is a data file of a View.
type dataFile struct {
	uri          string
	partition    any     // see lake.PartitionValue
	lower, upper []byte  // bounds of the key, nil where the manifest has none
	deleted      []int64 // positions in order
	digest       uint64  // of deleted
}

// Open makes a View of a snapshot. key names a column of text, columns the ones that rows are read with.
func (r *Reader) Open(ctx context.Context, s lake.Snapshot, key string, columns ...string) (*View, error) {
	v := &View{reader: r, columns: make([]iceberg.NestedField, len(columns))}
	var err error
	if v.key, err = field(s, key); err != nil {
		return nil, err
	}
	for i, name := range columns {
		if v.columns[i], err = field(s, name); err != nil {
			return nil, err
		}
	}
	files, err := s.Files(ctx)
	if err != nil {
		return nil, err
	}
	deleted, err := s.DeletedRows(ctx, r.verify, files)
	if err != nil {
		return nil, err
	}
	v.files = make([]dataFile, len(files))
	for i, f := range files {
		v.files[i] = dataFile{
			uri: f.FilePath(), partition: lake.PartitionValue(f), deleted: deleted[f.FilePath()], digest: digestOf(deleted[f.FilePath()]),
			lower: f.LowerBoundValues()[v.key.ID], upper: f.UpperBoundValues()[v.key.ID],
		}
	}
	return v, nil
}

// Partitions visits the partition of every file, see lake.PartitionValue.
func (v *View) Partitions(visit func(partition any)) {
	for _, f := range v.files {
		visit(f.partition)
	}
}

func field(s lake.Snapshot, name string) (iceberg.NestedField, error) {
	c, ok := s.Table().Column(name)
	if !ok {
		return iceberg.NestedField{}, fmt.Errorf("table %s has no column %s: %w", s.Table().Name(), name, lake.ErrUnfit)
	}
	return c.Field, nil
}

// truncated is the length in bytes at which bounds of text in manifests may be cut.
const truncated = 16

// mayHold tells whether the bounds of the file leave room for a key. A bound that may be cut is compared as far as it
// goes.
func (f dataFile) mayHold(key string) bool {
	if f.lower != nil && key < string(f.lower) {
		return false
	}
	if f.upper == nil {
		return true
	}
	if len(f.upper) >= truncated && len(key) > len(f.upper) {
		key = key[:len(f.upper)]
	}
	return key <= string(f.upper)
}
