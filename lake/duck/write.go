package duck

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/lake"
)

// Write writes a relation of this DB (a table or view that has all columns of t) as Parquet files of t, one
// or more a partition, and describes them for [lake.Commit]. No rows, no files. What a failed Write leaves
// behind nobody refers to.
func (d *DB) Write(ctx context.Context, t *lake.Table, job, relation string) ([]iceberg.DataFile, error) {
	columns, err := columnsOf(t.Current().Schema())
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", t.Name(), err)
	}
	uri := strings.TrimSuffix(t.NewDataPath(job), ".parquet")
	dir, err := lake.LocalPath(uri)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("write %s: %w", t.Name(), err)
	}
	statement, err := copyStatement(t, columns, dir, relation)
	if err != nil {
		return nil, err
	}
	written, err := d.copied(ctx, statement)
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", t.Name(), err)
	}
	if len(written) == 0 {
		return nil, os.RemoveAll(dir)
	}
	var files []iceberg.DataFile
	for _, path := range written {
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return nil, err
		}
		df, err := t.ReadDataFile(ctx, uri+"/"+filepath.ToSlash(rel), partitionFrom(rel))
		if err != nil {
			return nil, err
		}
		files = append(files, df)
	}
	return files, nil
}

// copied runs COPY and returns the paths of the files that hold rows.
func (d *DB) copied(ctx context.Context, statement string) ([]string, error) {
	rows, err := d.Query(ctx, statement)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err has the error
	var paths []string
	for rows.Next() {
		var path string
		var count int64
		var size, footer, stats, keys any
		if err := rows.Scan(&path, &count, &size, &footer, &stats, &keys); err != nil {
			return nil, err
		}
		if count > 0 {
			paths = append(paths, path)
		}
	}
	return paths, rows.Err()
}

const partitionColumn = "_part"

func copyStatement(t *lake.Table, columns []column, dir, relation string) (string, error) {
	selected := make([]string, len(columns))
	ids := make([]string, len(columns))
	for i, c := range columns {
		selected[i] = fmt.Sprintf("CAST(%s AS %s) AS %s", Ident(c.name), c.typ, Ident(c.name))
		ids[i] = fmt.Sprintf("%s: %d", Ident(c.name), c.id)
	}
	target, options := filepath.Join(dir, "data.parquet"), ""
	part, err := partitionExpression(t)
	if err != nil {
		return "", err
	}
	if part != "" {
		selected = append(selected, part+" AS "+partitionColumn)
		target, options = dir, ", PARTITION_BY ("+partitionColumn+"), OVERWRITE_OR_IGNORE"
	}
	return fmt.Sprintf("COPY (SELECT %s FROM %s) TO %s (FORMAT parquet, COMPRESSION zstd, FIELD_IDS {%s}, RETURN_STATS%s)",
		strings.Join(selected, ", "), Ident(relation), Quote(target), strings.Join(ids, ", "), options), nil
}

// partitionExpression computes the value of the table's partition transform, "" for an unpartitioned table.
func partitionExpression(t *lake.Table) (string, error) {
	spec := t.Spec()
	for _, field := range spec.Fields() {
		source, ok := t.Current().Schema().FindColumnName(field.SourceIDs[0])
		if !ok {
			return "", fmt.Errorf("partition %s of %s has no column", field.Name, t.Name())
		}
		switch field.Transform.(type) {
		case iceberg.IdentityTransform:
			return Ident(source), nil
		case iceberg.DayTransform:
			return fmt.Sprintf("date_diff('day', DATE '1970-01-01', CAST(%s AS DATE))", Ident(source)), nil
		case iceberg.MonthTransform:
			return fmt.Sprintf("date_diff('month', DATE '1970-01-01', CAST(%s AS DATE))", Ident(source)), nil
		}
		return "", fmt.Errorf("partition %s of %s: %w", field.Transform, t.Name(), lake.ErrUnsupported)
	}
	return "", nil
}

// partitionFrom reads the partition value out of the folder DuckDB made for it.
func partitionFrom(rel string) any {
	value, ok := strings.CutPrefix(filepath.ToSlash(filepath.Dir(rel)), partitionColumn+"=")
	if !ok {
		return nil
	}
	if n, err := strconv.Atoi(value); err == nil {
		return n
	}
	return value
}
