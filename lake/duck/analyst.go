package duck

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lakectl/lakectl/lake"
)

// Query is one read-only SELECT of a user over snapshots.
type Query struct {
	Text string
	// Tables lists every table there is; Snapshots finds those of the tables that the text names, and no others.
	Tables    func(ctx context.Context) ([]string, error)
	Snapshots func(ctx context.Context, names []string) ([]lake.Snapshot, error)
	// Without gives rows of a snapshot that no answer may have, by [lake.File.FilePath]; nil: there are none.
	Without func(ctx context.Context, s lake.Snapshot) (map[string][]int64, error)
	// Catalog and Namespace may stand in front of a table's name.
	Catalog, Namespace string
	Limit              int   // most rows of the answer
	Memory             int64 // bytes that Options.MemoryLimit stands for; a quarter of it is the most an answer may have
}

// Answer is what a query gave. The values are what any printer knows: nil, bool, string, numbers that are finite,
// *big.Int, time.Time of years 0 to 9999, and []any and map[string]any of these.
type Answer struct {
	Columns []string
	Rows    [][]any
	Unread  []string // columns of the tables named that DuckDB cannot show, as table.column: the query cannot name them
	Cut     string   // why there are more rows than these: CutRows, CutBytes; "" for all
}

// Why an answer ends early.
const (
	CutRows  = "rows"
	CutBytes = "bytes"
)

// Analyze answers a query. It returns within a second of the end of ctx, and when the process needs far more memory
// than the limit: then DuckDB may go on for a while, so the process is expected to end soon after.
//
// What keeps the lake safe: the parsed text is walked, and what it takes rows from must be tables of the lake or
// made of nothing (parse); the text runs as the argument of query(), which takes a single SELECT and nothing else;
// DuckDB may read the files of the bound snapshots only, and its configuration is locked (expose).
func Analyze(ctx context.Context, o Options, q Query) (Answer, error) {
	o.Verify = nil     // a query names no columns before it runs, and to verify all that it might read takes longer than it
	o.Start = startNew // what it may do is settled for the whole of a DuckDB
	d, err := Open(ctx, o)
	if err != nil {
		return Answer{}, err
	}
	return watched(ctx, d, q.Memory, func(ctx context.Context) (a Answer, err error) {
		defer func() { err = errors.Join(err, d.Close()) }()
		return d.answer(ctx, q)
	})
}

func (d *DB) answer(ctx context.Context, q Query) (Answer, error) {
	parsed, err := d.parse(ctx, q)
	if err != nil {
		return Answer{}, fmt.Errorf("query: %w", err)
	}
	all, err := q.Tables(ctx)
	if err != nil {
		return Answer{}, err
	}
	names, err := known(parsed.tables, all)
	if err != nil {
		return Answer{}, err
	}
	snapshots, err := q.Snapshots(ctx, names)
	if err != nil {
		return Answer{}, err
	}
	if a, ok, err := counted(ctx, q, parsed, snapshots); ok || err != nil {
		return a, err
	}
	if !parsed.lists {
		all = nil
	}
	if !parsed.all {
		d.asked = parsed.words
	}
	unread, err := d.expose(ctx, q, snapshots, all)
	if err != nil {
		return Answer{}, err
	}
	a, err := d.run(ctx, q, snapshots)
	a.Unread = unread
	return a, err
}

// run runs the query, and names the file where one is damaged.
func (d *DB) run(ctx context.Context, q Query, snapshots []lake.Snapshot) (Answer, error) {
	a, err := d.collect(ctx, q)
	if err != nil && ctx.Err() == nil && mayBeDamage(err) && d.mayLack(snapshots) {
		// It may read a column that it does not name: a table's name can stand for whole rows.
		if err = fetchWhole(ctx, snapshots); err == nil {
			a, err = d.collect(ctx, q)
		}
	}
	if err != nil && ctx.Err() == nil && mayBeDamage(err) {
		if damaged := damagedOf(ctx, snapshots); damaged != nil {
			err = fmt.Errorf("query: %w", damaged)
		}
	}
	return a, err
}

// mayLack tells whether copies of files may lack columns that a query turned out to read.
func (d *DB) mayLack(snapshots []lake.Snapshot) bool {
	return d.asked != nil && slices.ContainsFunc(snapshots, func(s lake.Snapshot) bool { return lake.Away(s.Table().Location()) })
}

func fetchWhole(ctx context.Context, snapshots []lake.Snapshot) error {
	for _, s := range snapshots {
		files, err := s.Files(ctx)
		if err == nil {
			err = lake.FetchFiles(ctx, files)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// mayBeDamage tells whether a failed query may have failed at a file: DuckDB does not always say at which.
func mayBeDamage(err error) bool {
	for _, mistake := range []string{"Binder Error", "Catalog Error", "Parser Error", "Permission Error", "Conversion Error", "Out of Memory Error", "unsupported data type"} {
		if strings.Contains(err.Error(), mistake) {
			return false
		}
	}
	return lake.Hint(err) == ""
}

// damagedOf verifies the files of snapshots to name the first that is damaged; nil when none is, or none says.
func damagedOf(ctx context.Context, snapshots []lake.Snapshot) error {
	v := lake.NewVerifier()
	for _, s := range snapshots {
		files, err := s.Files(ctx)
		if err == nil {
			err = v.Verify(ctx, s, files, s.Schema().Fields())
		}
		if err != nil {
			return err
		}
		if deletes, err := s.DeleteFiles(ctx); err == nil {
			if err := v.VerifyDeletes(ctx, s, deletes); err != nil {
				return err
			}
		}
	}
	return nil
}

// known finds the tables that a text names: as they are written, or else whatever the case of their letters.
func known(named, all []string) (names []string, err error) {
	for _, name := range named {
		at := slices.Index(all, name)
		if at < 0 {
			at = slices.IndexFunc(all, func(s string) bool { return lower(s) == lower(name) })
		}
		if at < 0 {
			return nil, lake.WithHint(fmt.Errorf("table %s: %w", name, lake.ErrNotFound), "'lakectl snapshots' lists the tables, DESCRIBE TABLE their columns")
		}
		if !slices.Contains(names, all[at]) {
			names = append(names, all[at])
		}
	}
	return names, nil
}

// expose makes the views in a database of their own, and locks DuckDB
// down. What the views are made of stays in the first database, which the text cannot name. listed are names that
// SHOW TABLES is to find too; nothing can be read through them.
//
// A view has every column of its table, those of other engines too, under the table's own names: what any other engine
// shows of the table, so a query means the same everywhere. unread are the columns that DuckDB cannot show.
func (d *DB) expose(ctx context.Context, q Query, tables []lake.Snapshot, listed []string) (unread []string, err error) {
	catalog := q.Catalog
	if slices.Contains([]string{"", "memory", "system", "temp"}, lower(catalog)) {
		catalog = "lake"
	}
	home := Ident(catalog) + "." + Ident(q.Namespace)
	d.fenced = true
	var files []string
	statements := []string{"ATTACH ':memory:' AS " + Ident(catalog), "CREATE SCHEMA " + home}
	deletes := lake.NewVerifier()
	for _, s := range tables {
		name := s.Table().Name()
		paths, err := snapshotPaths(ctx, s, deletes)
		if err != nil {
			return nil, err
		}
		files = append(files, paths...)
		var without map[string][]int64
		if q.Without != nil {
			if without, err = q.Without(ctx, s); err != nil {
				return nil, err
			}
		}
		left, err := d.BindTable(ctx, "_"+name, s, without)
		if err != nil {
			return nil, err
		}
		for _, column := range left {
			unread = append(unread, name+"."+column)
		}
		statements = append(statements, fmt.Sprintf("CREATE VIEW %s.%s AS SELECT * FROM memory.main.%s", home, Ident(name), Ident("_"+name)))
	}
	for _, name := range listed {
		statements = append(statements, fmt.Sprintf("CREATE VIEW IF NOT EXISTS %s.%s AS SELECT NULL AS not_read", home, Ident(name)))
	}
	statements = append(statements, "USE "+home,
		"SET allowed_directories = ["+Quote(filepath.ToSlash(d.spill.path)+"/")+"]",
		"SET allowed_paths = ["+strings.Join(files, ", ")+"]",
		"SET enable_external_access = false",
		"SET lock_configuration = true")
	for _, text := range statements {
		if err := d.ExecText(ctx, text); err != nil {
			return nil, fmt.Errorf("prepare for the query: %w", err)
		}
	}
	return unread, nil
}

// snapshotPaths are the quoted paths of all files of a snapshot, those with deletes verified: a damaged one would show
// rows that are deleted.
func snapshotPaths(ctx context.Context, s lake.Snapshot, v *lake.Verifier) ([]string, error) {
	files, err := s.Files(ctx)
	if err != nil {
		return nil, err
	}
	deletes, err := s.DeleteFiles(ctx)
	if err == nil {
		err = v.VerifyDeletes(ctx, s, deletes)
	}
	if err != nil {
		return nil, err
	}
	return localPaths(append(files, deletes...))
}
