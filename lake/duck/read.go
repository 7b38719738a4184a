package duck

import (
	"context"
	"fmt"
	"strings"

	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/lake"
)

// Bind makes a view of a whole snapshot: its columns, and with them _file (path on this machine) and _pos
// (row number in the file, from 0), which name a row for a position delete.
func (d *DB) Bind(ctx context.Context, view string, s lake.Snapshot) error {
	files, err := s.Files(ctx)
	if err != nil {
		return err
	}
	return d.BindFiles(ctx, view, s, files)
}

// BindFiles makes a view of some of a snapshot's files, row deletes of the snapshot applied.
func (d *DB) BindFiles(ctx context.Context, view string, s lake.Snapshot, files []lake.File) error {
	body, err := d.scan(ctx, view, s, files)
	if err != nil {
		return fmt.Errorf("bind %s: %w", view, err)
	}
	if err := d.Exec(ctx, "CREATE OR REPLACE VIEW "+Ident(view)+" AS "+body); err != nil {
		return fmt.Errorf("bind %s: %w", view, err)
	}
	return nil
}

// scan is the SELECT that reads files minus their position deletes.
func (d *DB) scan(ctx context.Context, view string, s lake.Snapshot, files []lake.File) (string, error) {
	columns, err := columnsOf(s.Schema())
	if err != nil {
		return "", err
	}
	if len(files) == 0 {
		return emptyScan(columns), nil
	}
	paths, err := localPaths(files)
	if err != nil {
		return "", err
	}
	deletes, err := d.bindDeletes(ctx, view, s, files)
	if err != nil {
		return "", err
	}
	names := make([]string, len(columns))
	fields := make([]string, len(columns))
	for i, c := range columns {
		names[i] = Ident(c.name)
		fields[i] = fmt.Sprintf("%d: {name: %s, type: %s, default_value: NULL}", c.id, Quote(c.name), Quote(c.typ))
	}
	text := fmt.Sprintf("SELECT %s, filename AS _file, file_row_number AS _pos FROM read_parquet([%s], schema = MAP {%s}, filename = true, file_row_number = true, hive_partitioning = false) t",
		strings.Join(names, ", "), strings.Join(paths, ", "), strings.Join(fields, ", "))
	if deletes != "" {
		text += fmt.Sprintf(" WHERE NOT EXISTS (SELECT 1 FROM %s x WHERE x.file_path = t.filename AND x.pos = t.file_row_number)", deletes)
	}
	return text, nil
}

func emptyScan(columns []column) string {
	parts := make([]string, len(columns))
	for i, c := range columns {
		parts[i] = fmt.Sprintf("CAST(NULL AS %s) AS %s", c.typ, Ident(c.name))
	}
	return "SELECT " + strings.Join(parts, ", ") + ", '' AS _file, 0::BIGINT AS _pos WHERE false"
}

// bindDeletes loads the positions deleted from the files into a table and returns its quoted name, "" when
// there are none. Paths are unique and never used twice, so a position deletes by path alone.
func (d *DB) bindDeletes(ctx context.Context, view string, s lake.Snapshot, files []lake.File) (string, error) {
	all, err := s.DeleteFiles(ctx)
	if err != nil || len(all) == 0 {
		return "", err
	}
	wanted := make(map[string]bool, len(files))
	addresses := make([][]any, len(files)) // a delete names its file by the URI of the manifest, DuckDB by path
	for i, f := range files {
		path, err := lake.LocalPath(f.FilePath())
		if err != nil {
			return "", err
		}
		wanted[f.FilePath()], addresses[i] = true, []any{f.FilePath(), path}
	}
	var apply []lake.File
	for _, f := range all {
		if ref := f.ReferencedDataFile(); ref == nil || wanted[*ref] {
			apply = append(apply, f)
		}
	}
	if len(apply) == 0 {
		return "", nil
	}
	paths, err := localPaths(apply)
	if err != nil {
		return "", err
	}
	name, known := Ident(view+"__deletes"), view+"__files"
	if err := d.Exec(ctx, "CREATE OR REPLACE TABLE "+Ident(known)+" (uri VARCHAR, path VARCHAR)"); err != nil {
		return "", err
	}
	if err := d.Fill(ctx, known, addresses); err != nil {
		return "", err
	}
	return name, d.Exec(ctx, fmt.Sprintf(
		"CREATE OR REPLACE TABLE %s AS SELECT f.path AS file_path, x.pos FROM read_parquet([%s], hive_partitioning = false) x JOIN %s f ON f.uri = x.file_path",
		name, strings.Join(paths, ", "), Ident(known)))
}

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

// PositionsOf runs a statement that yields (_file, _pos) and groups the positions by the URI that the
// manifest has for the file, as [lake.Snapshot.WritePositionDeletes] takes them.
func (d *DB) PositionsOf(ctx context.Context, files []lake.File, text string, args ...any) (map[string][]int64, error) {
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
	err := d.Each(ctx, text, args, []any{&path, &pos}, func() error {
		rows[uris[path]] = append(rows[uris[path]], pos)
		return nil
	})
	return rows, err
}

// column is a column of an Iceberg schema as DuckDB sees it.
type column struct {
	id   int
	name string
	typ  string
}

func columnsOf(schema *iceberg.Schema) ([]column, error) {
	var columns []column
	for _, f := range schema.Fields() {
		typ, ok := types[f.Type.String()]
		if !ok {
			return nil, fmt.Errorf("column %s of type %s: %w", f.Name, f.Type, lake.ErrUnsupported)
		}
		columns = append(columns, column{f.ID, f.Name, typ})
	}
	return columns, nil
}

// types maps Iceberg's primitive types, those that the lake's tables use, to DuckDB's.
var types = map[string]string{
	"boolean": "BOOLEAN", "int": "INTEGER", "long": "BIGINT", "string": "VARCHAR", "binary": "BLOB", "date": "DATE",
	"timestamptz": "TIMESTAMP WITH TIME ZONE",
}
