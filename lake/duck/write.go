package duck

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/lake"
)

// Write writes a relation of this DB (a table or view that has all of [lake.Table.Columns], by lakectl's names) as
// Parquet files of t, one or more a partition, and describes them for [lake.Commit]. The files have the columns under
// the table's names and types, and none of other engines: a column that a file lacks is NULL. No rows, no files. What a
// failed Write leaves behind nobody refers to.
func (d *DB) Write(ctx context.Context, t *lake.Table, job, relation string) ([]iceberg.DataFile, error) {
	p, err := partitioningOf(t)
	if err != nil {
		return nil, err
	}
	return d.write(ctx, t, job, copyOf{relation: relation, partitioning: p})
}

// WritePartition writes those rows of a relation that belong to one partition of t, named as
// [lake.PartitionValue] has it. Where a caller knows the partitions, this is faster than [DB.Write]: rows need not be
// told apart one by one, and files that hold none are not read.
func (d *DB) WritePartition(ctx context.Context, t *lake.Table, job, relation string, value any) ([]iceberg.DataFile, error) {
	return d.writeOne(ctx, t, job, copyOf{relation: relation, value: value})
}

// WriteSorted is [DB.WritePartition] for one file in the order of columns of t, by lakectl's names, which must be that
// of its spec. Its row groups have at most so many rows: who looks for one key reads little.
func (d *DB) WriteSorted(ctx context.Context, t *lake.Table, job, relation string, value any, order []string, groupRows int) ([]iceberg.DataFile, error) {
	return d.writeOne(ctx, t, job, copyOf{relation: relation, value: value, order: order, inOrder: true, groupRows: groupRows})
}

// WriteInOrder is [DB.WriteSorted] for a relation whose rows come in the order of t's spec already, of a DB that keeps
// the order of rows ([DB.KeepOrder]). That is what the caller promises: nothing here looks at the rows.
func (d *DB) WriteInOrder(ctx context.Context, t *lake.Table, job, relation string, value any, groupRows int) ([]iceberg.DataFile, error) {
	if !d.keepsOrder {
		return nil, fmt.Errorf("write %s: the order of rows is not kept", t.Name())
	}
	return d.writeOne(ctx, t, job, copyOf{relation: relation, value: value, inOrder: true, groupRows: groupRows})
}

// writeOne writes the rows of one partition.
func (d *DB) writeOne(ctx context.Context, t *lake.Table, job string, c copyOf) ([]iceberg.DataFile, error) {
	p, err := partitioningOf(t)
	if err != nil {
		return nil, err
	}
	if c.where, err = p.holds(c.value); err != nil {
		return nil, fmt.Errorf("write %s: %w", t.Name(), err)
	}
	return d.write(ctx, t, job, c)
}

// copyOf is what one COPY writes.
type copyOf struct {
	relation     string
	partitioning partitioning // zero: into one file, all of the partition value
	where        string
	value        any
	order        []string // of the rows; nil: as they come
	inOrder      bool     // that is the order of the table's spec
	groupRows    int      // of a row group, at most; 0: as DuckDB likes
}

func (d *DB) write(ctx context.Context, t *lake.Table, job string, c copyOf) ([]iceberg.DataFile, error) {
	columns, err := ownColumns(t)
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
	written, err := d.copied(ctx, c.statement(columns, dir))
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
		value := c.value
		if value == nil {
			value = partitionFrom(rel)
		}
		_, err = lake.Seal(path)
		if err == nil {
			err = lake.Put(ctx, uri+"/"+filepath.ToSlash(rel))
		}
		if err != nil {
			return nil, fmt.Errorf("write %s: %w", t.Name(), err)
		}
		describe := t.ReadDataFile
		if c.inOrder {
			describe = t.ReadSortedDataFile
		}
		df, err := describe(ctx, uri+"/"+filepath.ToSlash(rel), value)
		if err != nil {
			return nil, err
		}
		files = append(files, df)
	}
	return files, nil
}

// copied runs COPY and returns the paths of the files that hold rows.
func (d *DB) copied(ctx context.Context, statement string) ([]string, error) {
	rows, err := d.QueryText(ctx, statement)
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

// The lowest level of zstd: a fifth less time for files a twentieth larger (measured on the ledger).
const copyOptions = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, RETURN_STATS"

func (c copyOf) statement(columns []column, dir string) string {
	selected := make([]string, len(columns))
	ids := make([]string, len(columns))
	for i, c := range columns {
		selected[i] = fmt.Sprintf("CAST(%s AS %s) AS %s", Ident(c.name), c.typ, Ident(c.stored))
		ids[i] = fmt.Sprintf("%s: %d", Ident(c.stored), c.id)
	}
	target, options := filepath.Join(dir, "data.parquet"), ""
	if c.partitioning.source != "" {
		selected = append(selected, c.partitioning.expression()+" AS "+partitionColumn)
		target, options = dir, ", PARTITION_BY ("+partitionColumn+"), OVERWRITE_OR_IGNORE"
	}
	if c.groupRows > 0 {
		options += fmt.Sprintf(", ROW_GROUP_SIZE %d", c.groupRows)
	}
	return fmt.Sprintf("COPY (SELECT %s FROM %s%s%s) TO %s (%s, FIELD_IDS {%s}%s)",
		strings.Join(selected, ", "), Ident(c.relation), c.where, c.sorted(), Quote(target), copyOptions, strings.Join(ids, ", "), options)
}

// sorted is the ORDER BY of the rows. Names in it are those of the relation, not of what is selected.
func (c copyOf) sorted() string {
	if len(c.order) == 0 {
		return ""
	}
	names := make([]string, len(c.order))
	for i, name := range c.order {
		names[i] = Ident(c.relation) + "." + Ident(name)
	}
	return " ORDER BY " + strings.Join(names, ", ")
}

// partitioning is the one partition field of a table; the zero value is none.
type partitioning struct {
	source string // quoted name of the column
	unit   string // day or month since 1970; "" is the value itself
	dates  bool   // the column has dates, not instants
}

func partitioningOf(t *lake.Table) (p partitioning, err error) {
	spec := t.Spec()
	for _, field := range spec.Fields() {
		at := slices.IndexFunc(t.Columns(), func(c lake.Column) bool { return c.Field.ID == field.SourceIDs[0] })
		if at < 0 {
			return p, fmt.Errorf("partition %s of %s has no column", field.Name, t.Name())
		}
		_, p.dates = t.Columns()[at].Field.Type.(iceberg.DateType)
		switch p.source = Ident(t.Columns()[at].Name); field.Transform.(type) {
		case iceberg.IdentityTransform:
		case iceberg.DayTransform:
			p.unit = "day"
		case iceberg.MonthTransform:
			p.unit = "month"
		default:
			return p, fmt.Errorf("partition %s of %s: %w", field.Transform, t.Name(), lake.ErrUnsupported)
		}
		return p, nil
	}
	return p, nil
}

// expression computes the partition value of a row. Through a timestamp without zone, because the functions for
// those with zone cost several times as much and give the same in UTC.
func (p partitioning) expression() string {
	switch {
	case p.unit == "":
		return p.source
	case p.dates:
		return fmt.Sprintf("date_diff('%s', DATE '1970-01-01', %s)", p.unit, p.source)
	}
	return fmt.Sprintf("date_diff('%s', DATE '1970-01-01', CAST(make_timestamp(epoch_us(%s)) AS DATE))", p.unit, p.source)
}

// holds is the condition that a row belongs to a partition.
func (p partitioning) holds(value any) (string, error) {
	n, isNumber := value.(int)
	text, isText := value.(string)
	epoch := time.Date(1970, time.January, 1, 0, 0, 0, 0, time.UTC)
	var from, to time.Time
	switch {
	case p.unit == "" && isText:
		return " WHERE " + p.source + " = " + Quote(text), nil
	case p.unit == "day" && isNumber:
		from, to = epoch.AddDate(0, 0, n), epoch.AddDate(0, 0, n+1)
	case p.unit == "month" && isNumber:
		from, to = epoch.AddDate(0, n, 0), epoch.AddDate(0, n+1, 0)
	default:
		return "", fmt.Errorf("%v is no partition of the table", value)
	}
	if p.dates {
		return fmt.Sprintf(" WHERE %s >= DATE %s AND %s < DATE %s", p.source, Quote(from.Format(time.DateOnly)), p.source, Quote(to.Format(time.DateOnly))), nil
	}
	return " WHERE " + Between(p.source, from, to), nil
}

// Between is the condition that a column of instants lies in [from, to). As constants, so that DuckDB leaves out
// what the statistics of files exclude.
func Between(column string, from, to time.Time) string {
	at := func(t time.Time) string { return "TIMESTAMPTZ " + Quote(t.UTC().Format(time.RFC3339)) }
	return fmt.Sprintf("%s >= %s AND %s < %s", column, at(from), column, at(to))
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
