package duck

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strings"

	"github.com/lakectl/lakectl/lake"
)

// Bind makes a view of a whole snapshot for a job: the columns that lakectl knows ([lake.Table.Columns]), under its
// own names for them, and with them _file (path on this machine) and _pos (row number in the file, from 0), which name
// a row for a position delete. Columns of other engines are not in it.
//
// The bytes of the columns are verified first (see [lake.Verifier]). Where a table is large and few of its columns are
// read, name these: the view then has no others.
func (d *DB) Bind(ctx context.Context, view string, s lake.Snapshot, only ...string) error {
	files, err := s.Files(ctx)
	if err != nil {
		return err
	}
	return d.BindFiles(ctx, view, s, files, only...)
}

// BindFiles makes a view of some of a snapshot's files, row deletes of the snapshot applied.
func (d *DB) BindFiles(ctx context.Context, view string, s lake.Snapshot, files []lake.File, only ...string) error {
	return d.BindFilesWithout(ctx, view, s, files, nil, only...)
}

// BindFilesWithout is BindFiles without some rows besides: their positions by [lake.File.FilePath].
func (d *DB) BindFilesWithout(ctx context.Context, view string, s lake.Snapshot, files []lake.File, without map[string][]int64, only ...string) error {
	columns, err := jobColumns(s, only)
	var body string
	if err == nil {
		body, err = d.scan(ctx, view, s, files, columns, true, without)
	}
	return d.makeView(ctx, view, body, err)
}

// jobColumns are the columns of a table that a job reads: those named, or all of its own.
func jobColumns(s lake.Snapshot, only []string) ([]column, error) {
	columns, err := ownColumns(s.Table())
	if err != nil {
		return nil, err
	}
	return named(columns, only)
}

// makeView makes a view of the SELECT body, unless an error came before.
func (d *DB) makeView(ctx context.Context, view, body string, err error) error {
	if err == nil {
		err = d.ExecText(ctx, "CREATE OR REPLACE VIEW "+Ident(view)+" AS "+body)
	}
	if err != nil {
		return fmt.Errorf("bind %s: %w", view, err)
	}
	return nil
}

// BindWritten makes a view of all rows that the files of a snapshot hold, those that are deleted by position among
// them.
func (d *DB) BindWritten(ctx context.Context, view string, s lake.Snapshot, only ...string) error {
	columns, err := jobColumns(s, only)
	var files []lake.File
	if err == nil {
		files, err = s.Files(ctx)
	}
	body := emptyScan(columns, true)
	if err == nil && len(files) > 0 {
		if err = d.verifyColumns(ctx, s, files, columns); err == nil {
			body, err = readFiles(files, columns, true)
		}
	}
	return d.makeView(ctx, view, body, err)
}

// BindTable makes a view of a whole snapshot for a reader: all columns as the snapshot's own schema has them, those of
// other engines included, and nothing else. Rows of without are not in it, by [lake.File.FilePath]. It returns the
// names of columns that DuckDB cannot show, which are left out.
func (d *DB) BindTable(ctx context.Context, view string, s lake.Snapshot, without map[string][]int64) (left []string, err error) {
	files, err := s.Files(ctx)
	if err != nil {
		return nil, err
	}
	columns, left := allColumns(s)
	if len(columns) == 0 {
		return nil, fmt.Errorf("table %s has no column that DuckDB can show: %w", s.Table().Name(), lake.ErrUnsupported)
	}
	body, err := d.scan(ctx, view, s, files, columns, false, without)
	if err := d.makeView(ctx, view, body, err); err != nil {
		return nil, err
	}
	return left, nil
}

// scan is the SELECT that reads files minus their position deletes and other rows; placed: with _file and _pos. What it
// reads is verified.
func (d *DB) scan(ctx context.Context, view string, s lake.Snapshot, files []lake.File, columns []column, placed bool, without map[string][]int64) (string, error) {
	if len(files) == 0 {
		return emptyScan(columns, placed), nil
	}
	if err := d.verifyColumns(ctx, s, files, columns); err != nil {
		return "", err
	}
	deletes, err := d.bindDeletes(ctx, view, s, files)
	if err == nil {
		err = d.addPositions(ctx, view, &deletes, files, without)
	}
	if err != nil {
		return "", err
	}
	// Looking up every row's place costs more than reading a narrow column: only files that lost rows pay for it.
	var whole, reduced []lake.File
	for _, f := range files {
		if deletes.hit(f) {
			reduced = append(reduced, f)
		} else {
			whole = append(whole, f)
		}
	}
	var parts []string
	// A NOT EXISTS becomes something else once a condition is pushed into it, at ten times the cost.
	for _, part := range []struct {
		files   []lake.File
		without string
	}{{whole, ""}, {reduced, " ANTI JOIN " + deletes.table + " x ON x.file_path = t.filename AND x.pos = t.file_row_number"}} {
		if len(part.files) == 0 {
			continue
		}
		text, err := readFiles(part.files, columns, placed)
		if err != nil {
			return "", err
		}
		if d.fenced && part.without != "" {
			text, part.without = "("+text, part.without+" LIMIT 9223372036854775807)"
		}
		parts = append(parts, text+part.without)
	}
	if len(parts) == 1 {
		return parts[0], nil
	}
	// Of a union DuckDB reads the first column where none is asked for, as by count(*). This one costs nothing.
	const first = `SELECT 0 AS "_lakectl_first", * FROM (`
	return `SELECT * EXCLUDE ("_lakectl_first") FROM (` + first + strings.Join(parts, ") UNION ALL "+first) + "))", nil
}

// readFiles is the SELECT that reads all rows of files, which are fetched, as the table t.
func readFiles(files []lake.File, columns []column, placed bool) (string, error) {
	paths, err := localPaths(files)
	if err != nil {
		return "", err
	}
	names := make([]string, len(columns), len(columns)+2)
	fields := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.read() + " AS " + Ident(c.name)
		fields[i] = fmt.Sprintf("%d: {name: %s, type: %s, default_value: NULL}", c.id, Quote(c.read()), Quote(c.typ))
	}
	if placed {
		names = append(names, "filename AS _file", "file_row_number AS _pos")
	}
	return fmt.Sprintf("SELECT %s FROM read_parquet([%s], schema = MAP {%s}, hive_partitioning = false) t",
		strings.Join(names, ", "), strings.Join(paths, ", "), strings.Join(fields, ", ")), nil
}

func emptyScan(columns []column, placed bool) string {
	parts := make([]string, len(columns), len(columns)+2)
	for i, c := range columns {
		parts[i] = fmt.Sprintf("CAST(NULL AS %s) AS %s", c.typ, Ident(c.name))
	}
	if placed {
		parts = append(parts, "'' AS _file", "0::BIGINT AS _pos")
	}
	return "SELECT " + strings.Join(parts, ", ") + " WHERE false"
}

// deletedRows are the positions that a snapshot deleted from files, in a table (file_path, pos).
type deletedRows struct {
	table string          // quoted
	files map[string]bool // by URI: those that lost rows
	any   bool            // some delete file does not say which
}

func (r deletedRows) hit(f lake.File) bool { return r.any || r.files[f.FilePath()] }

// bindDeletes loads the positions deleted from the files. Paths are unique and never used twice, so a position
// deletes by path alone.
func (d *DB) bindDeletes(ctx context.Context, view string, s lake.Snapshot, files []lake.File) (r deletedRows, err error) {
	all, err := s.DeleteFiles(ctx)
	if err != nil || len(all) == 0 {
		return r, err
	}
	wanted := make(map[string]bool, len(files))
	addresses := make([][]any, len(files)) // a delete names its file by the URI of the manifest, DuckDB by path
	for i, f := range files {
		path, err := lake.LocalPath(f.FilePath())
		if err != nil {
			return r, err
		}
		wanted[f.FilePath()], addresses[i] = true, []any{f.FilePath(), path}
	}
	r.files = map[string]bool{}
	var apply []lake.File
	for _, f := range all {
		switch ref := f.ReferencedDataFile(); {
		case ref == nil:
			r.any, apply = true, append(apply, f)
		case wanted[*ref]:
			r.files[*ref], apply = true, append(apply, f)
		}
	}
	if len(apply) == 0 {
		return r, nil
	}
	if err := d.verify.VerifyDeletes(ctx, s, apply); err != nil {
		return r, err
	}
	paths, err := localPaths(apply)
	if err != nil {
		return r, err
	}
	known := view + "__files"
	r.table = Ident(view + "__deletes")
	if err := d.ExecText(ctx, "CREATE OR REPLACE TABLE "+Ident(known)+" (uri VARCHAR, path VARCHAR)"); err != nil {
		return r, err
	}
	if err := d.Fill(ctx, known, addresses); err != nil {
		return r, err
	}
	return r, d.ExecText(ctx, fmt.Sprintf(
		"CREATE OR REPLACE TABLE %s AS SELECT f.path AS file_path, x.pos FROM read_parquet([%s], hive_partitioning = false) x JOIN %s f ON f.uri = x.file_path",
		r.table, strings.Join(paths, ", "), Ident(known)))
}

// addPositions adds positions of files to those that were deleted.
func (d *DB) addPositions(ctx context.Context, view string, r *deletedRows, files []lake.File, without map[string][]int64) error {
	if len(without) == 0 {
		return nil
	}
	name := view + "__deletes"
	if r.table == "" {
		r.table = Ident(name)
		if err := d.ExecText(ctx, "CREATE OR REPLACE TABLE "+r.table+" (file_path VARCHAR, pos BIGINT)"); err != nil {
			return err
		}
	}
	if r.files == nil {
		r.files = map[string]bool{}
	}
	return d.fill(name, func(add func(...driver.Value) error) error {
		for _, f := range files {
			positions := without[f.FilePath()]
			if len(positions) == 0 {
				continue
			}
			r.files[f.FilePath()] = true
			path, err := lake.LocalPath(f.FilePath())
			if err != nil {
				return err
			}
			for _, pos := range positions {
				if err := add(path, pos); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// localPaths are where DuckDB finds files once they are fetched, as literals.
func localPaths(files []lake.File) ([]string, error) {
	paths := make([]string, len(files))
	for i, f := range files {
		p, err := lake.LocalPath(f.FilePath())
		if err != nil {
			return nil, err
		}
		paths[i] = Quote(p)
	}
	return paths, nil
}

// PositionsText runs a statement that yields (_file, _pos) and groups the positions by the URI that the
// manifest has for the file, as [lake.Snapshot.WritePositionDeletes] takes them.
func (d *DB) PositionsText(ctx context.Context, files []lake.File, text string, args ...any) (map[string][]int64, error) {
	uris := make(map[string]string, len(files))
	for _, f := range files {
		p, err := lake.LocalPath(f.FilePath())
		if err != nil {
			return nil, err
		}
		uris[p] = f.FilePath()
	}
	rows := map[string][]int64{}
	var path string
	var pos int64
	err := d.EachText(ctx, text, args, []any{&path, &pos}, func() error {
		rows[uris[path]] = append(rows[uris[path]], pos)
		return nil
	})
	return rows, err
}
