package seek

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"slices"

	"github.com/lakectl/lakectl/lake"
)

// keepFor is the number of keys up to which row groups stay decoded: who asks for more walks through the table, and
// would push out what others ask for.
const keepFor = 16

// File is a data file of a [View].
type File struct {
	view *View
	file dataFile
}

// Files are the data files in partitions that in accepts, see [View.Rows].
func (v *View) Files(in func(partition any) bool) []File {
	var list []File
	for _, f := range v.files {
		if in == nil || f.partition == (lake.Unknown{}) || in(f.partition) {
			list = append(list, File{v, f})
		}
	}
	return list
}

// First is the same snapshot with the first columns alone.
func (v *View) First(columns int) *View {
	less := *v
	less.columns = v.columns[:columns]
	return &less
}

// URI is where the file lies. What it holds never changes.
func (f File) URI() string { return f.file.uri }

// Name names the file with the rows that are deleted of it: what is made of its rows is of use for as long as the name
// comes again.
func (f File) Name() string { return fmt.Sprintf("%x:%s", f.file.digest, f.file.uri) }

// Partition is that of lake.PartitionValue.
func (f File) Partition() any { return f.file.partition }

// digestOf is 0 for a file without deleted rows.
func digestOf(deleted []int64) uint64 {
	if len(deleted) == 0 {
		return 0
	}
	h := fnv.New64a()
	var raw [8]byte
	for _, at := range deleted {
		binary.LittleEndian.PutUint64(raw[:], uint64(at))
		h.Write(raw[:])
	}
	return h.Sum64()
}

// Each visits the rows of several keys, ascending texts, one row group after the other. Row groups that hold none are
// not read.
func (f File) Each(ctx context.Context, keys []string, visit func(key string, r Row)) error {
	if !f.file.mayHoldAny(keys) {
		return nil
	}
	return f.groups(ctx, func(b bounds) bool {
		return !b.known || b.nulls || anyBetween(keys, b.lower, b.upper)
	}, len(keys) <= keepFor, func(g *group) {
		for _, r := range g.runs {
			if _, ok := slices.BinarySearch(keys, r.key); ok {
				g.visit(r, f.file.deleted, visit)
			}
		}
	})
}

// All visits every row, deleted ones too.
func (f File) All(ctx context.Context, visit func(key string, r Row)) error {
	return f.groups(ctx, func(bounds) bool { return true }, false, func(g *group) {
		for _, r := range g.runs {
			g.visit(r, nil, visit)
		}
	})
}

func (f File) groups(ctx context.Context, wanted func(bounds) bool, keep bool, visit func(*group)) error {
	r := f.view.reader
	opened, err := r.open(ctx, f.file.uri, f.view.key.ID)
	if err != nil {
		return fmt.Errorf("read %s: %w", f.file.uri, err)
	}
	for n, b := range opened.groups {
		if !wanted(b) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		var g *group
		if keep {
			g, err = r.group(opened, f.file.uri, n, f.view.key, f.view.columns)
		} else {
			g, err = decode(opened, n, f.view.key, f.view.columns)
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", f.file.uri, err)
		}
		visit(g)
	}
	return nil
}

// mayHoldAny tells whether the bounds of the file leave room for one of the keys, ascending.
func (f dataFile) mayHoldAny(keys []string) bool {
	at, _ := slices.BinarySearch(keys, string(f.lower))
	return slices.ContainsFunc(keys[at:], f.mayHold)
}

func anyBetween(keys []string, lower, upper string) bool {
	at, _ := slices.BinarySearch(keys, lower)
	return at < len(keys) && keys[at] <= upper
}

func (g *group) visit(r run, deleted []int64, visit func(string, Row)) {
	for at := r.from; at < r.to; at++ {
		if len(deleted) > 0 {
			if _, gone := slices.BinarySearch(deleted, g.first+int64(at)); gone {
				continue
			}
		}
		visit(r.key, Row{group: g, at: at})
	}
}

// Keep gives what was made under a name before, or makes it, once however many ask. What is kept counts, with the bytes
// that make says, against CacheBytes.
func (r *Reader) Keep(name string, make func() (value any, bytes int64, err error)) (any, error) {
	return r.kept("kept:"+name, make)
}
