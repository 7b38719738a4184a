package seek

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/lakectl/lakectl/lake"
)

// Row is a row that [View.Rows] visits, valid during the visit. Columns count from 0 in the order given to
// [Reader.Open].
type Row struct {
	group *group
	at    int
}

// Text is the value of a column of text or of bytes.
func (r Row) Text(column int) string { return r.group.columns[column].texts[r.at] }

// Number is the value of a column of numbers: days since 1970 of a date, microseconds of an instant.
func (r Row) Number(column int) int64 { return r.group.columns[column].numbers[r.at] }

// Rows visits the rows of a key in partitions that in accepts, in no order. A nil in accepts all. in is asked with
// lake.PartitionValue, and not for a file of an unknown partition, which is always read.
func (v *View) Rows(ctx context.Context, key string, in func(partition any) bool, visit func(Row)) error {
	var found []dataFile
	for _, f := range v.files {
		if in != nil && f.partition != (lake.Unknown{}) && !in(f.partition) {
			continue
		}
		if f.mayHold(key) {
			found = append(found, f)
		}
	}
	// Two files at a time: decoding is what takes the time, on the cores that there are.
	groups := make([][]*group, len(found))
	workers, ctx := errgroup.WithContext(ctx)
	workers.SetLimit(2)
	for i, f := range found {
		workers.Go(lake.Safely(func() (err error) {
			groups[i], err = v.groups(ctx, f, key)
			return err
		}))
	}
	if err := workers.Wait(); err != nil {
		return err
	}
	for i, f := range found {
		for _, g := range groups[i] {
			g.each(key, f.deleted, visit)
		}
	}
	return nil
}

// groups are the row groups of a file that may hold a key.
func (v *View) groups(ctx context.Context, f dataFile, key string) ([]*group, error) {
	opened, err := v.reader.open(ctx, f.uri, v.key.ID)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", f.uri, err)
	}
	var list []*group
	for n, b := range opened.groups {
		if !b.mayHold(key) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		g, err := v.reader.part(opened, f.uri, n, v.key, v.columns, key)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", f.uri, err)
		}
		list = append(list, g)
	}
	return list, nil
}

// Warm opens the files in partitions that in accepts, see [View.Rows], and reads those of one row group: small new
// files that every key is looked for in. So who asks next finds them in memory.
func (v *View) Warm(ctx context.Context, in func(partition any) bool) error {
	workers, ctx := errgroup.WithContext(ctx)
	workers.SetLimit(2)
	for _, f := range v.Files(in) {
		workers.Go(lake.Safely(func() error {
			opened, err := v.reader.open(ctx, f.file.uri, v.key.ID)
			if err == nil && len(opened.groups) == 1 && ctx.Err() == nil {
				_, err = v.reader.group(opened, f.file.uri, 0, v.key, v.columns)
			}
			if err != nil {
				return fmt.Errorf("read %s: %w", f.file.uri, err)
			}
			return ctx.Err()
		}))
	}
	return workers.Wait()
}
