package recount

import (
	"context"
	"fmt"
	"slices"

	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/lake"
)

// eachRow calls visit with the rows that a snapshot has in files that are wanted: those of the delete files are left
// out.
func eachRow(ctx context.Context, s lake.Snapshot, names []string, wanted func(partition any) bool, visit func(b *rows, i int)) error {
	if s.ID() == 0 {
		return nil
	}
	files, err := s.Files(ctx)
	if err != nil {
		return err
	}
	deleted, err := deletedRows(ctx, s)
	if err != nil {
		return err
	}
	want := make([]column, len(names))
	for i, name := range names {
		want[i] = column{-1, name}
		if c, has := s.Table().Column(name); has {
			want[i].id = c.Field.ID
		}
	}
	for _, f := range files {
		if partition := lake.PartitionValue(f); partition != (lake.Unknown{}) && !wanted(partition) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := eachLeft(ctx, f.FilePath(), want, deleted[textHash(f.FilePath())], visit); err != nil {
			return fmt.Errorf("recount %s: %w", s.Table().Name(), err)
		}
	}
	return nil
}

// eachLeft calls visit with the rows of a file but those that are gone, whose positions ascend.
func eachLeft(ctx context.Context, uri string, want []column, gone []int64, visit func(b *rows, i int)) error {
	return scan(ctx, uri, want, func(b *rows) error {
		for i := range b.n {
			if _, is := slices.BinarySearch(gone, b.first+int64(i)); !is {
				visit(b, i)
			}
		}
		return nil
	})
}

// The reserved ids of the columns of a position delete file.
var positionColumns = []column{{2147483546, "file_path"}, {2147483545, "pos"}}

// DeletedRows tells for the URI of a data file which of its rows the delete files of a snapshot name: ascending, as
// often as they are named.
func DeletedRows(ctx context.Context, s lake.Snapshot) (func(uri string) []int64, error) {
	deleted, err := deletedRows(ctx, s)
	return func(uri string) []int64 { return deleted[textHash(uri)] }, err
}

// deletedRows are the positions that the delete files of a snapshot name, ascending, by the hash of the file's URI.
func deletedRows(ctx context.Context, s lake.Snapshot) (map[uint64][]int64, error) {
	files, err := s.DeleteFiles(ctx)
	if err != nil {
		return nil, err
	}
	deleted := map[uint64][]int64{}
	for _, f := range files {
		if f.ContentType() != iceberg.EntryContentPosDeletes || f.FileFormat() != iceberg.ParquetFile {
			return nil, fmt.Errorf("delete file %s is not one of positions in Parquet: %w", f.FilePath(), lake.ErrUnsupported)
		}
		err = scan(ctx, f.FilePath(), positionColumns, func(b *rows) error {
			for i := range b.n {
				deleted[b.values[0][i]] = append(deleted[b.values[0][i]], int64(b.values[1][i]))
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("read the row deletes of %s: %w", s.Table().Name(), err)
		}
	}
	for _, list := range deleted {
		slices.Sort(list)
	}
	return deleted, nil
}
