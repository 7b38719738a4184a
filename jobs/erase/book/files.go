package book

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// File is a data file that held rows which were erased.
type File struct {
	Table      string    `json:"table"`
	URI        string    `json:"file"`               // where it lies now, if it is still there
	Rows       int64     `json:"rows"`               // 0 where it had them before the file that lost them, or never
	SnapshotID int64     `json:"snapshot_id,string"` // with which they went; 0 where they may not have gone
	At         time.Time `json:"at"`                 // when it was noted; names the batch
}

// Landing tells with which snapshot of a table the rows went that were noted at a time; 0 where they did not.
type Landing func(table string, at time.Time) int64

// Files is erased_files as a run found it.
type Files struct {
	env      jobs.Env
	db       *jobs.Session
	snapshot lake.Snapshot
	open     []openRow // rows of the files of the table that have one without a snapshot
}

// openRow is a row and the file of erased_files that has it.
type openRow struct {
	Table      string `col:"table_name"`
	Path       string `col:"file_path"`
	Rows       int64  `col:"rows"`
	SnapshotID int64  `col:"snapshot_id"`
	At         int64  `col:"at_us"`
	In         string `col:"_file"`
}

// OpenFiles reads what cut-off runs left in erased_files. db is the session of the run; the view erased is made there.
func OpenFiles(ctx context.Context, env jobs.Env, db *jobs.Session) (*Files, error) {
	f := &Files{env: env, db: db}
	s, err := env.Snapshot(ctx, catalog.ErasedFiles)
	if errors.Is(err, lake.ErrNotFound) {
		s, err = makeTable(ctx, env)
	}
	if err != nil {
		return nil, err
	}
	return f, f.read(ctx, s)
}

// makeTable makes the table in a lake of a version that had none.
func makeTable(ctx context.Context, env jobs.Env) (lake.Snapshot, error) {
	log, err := env.Snapshot(ctx, catalog.DeletionLog)
	if err != nil {
		return lake.Snapshot{}, err
	}
	for _, spec := range catalog.Specs() {
		if spec.Name != catalog.ErasedFiles {
			continue
		}
		spec.Properties[catalog.LakeIDProperty] = log.Table().Property(catalog.LakeIDProperty)
		if _, err := env.Lake.Create(ctx, spec); err != nil {
			return lake.Snapshot{}, err
		}
	}
	return env.Snapshot(ctx, catalog.ErasedFiles)
}

func (f *Files) read(ctx context.Context, s lake.Snapshot) error {
	f.snapshot = s
	if err := f.db.Bind(ctx, "erased", s); err != nil {
		return err
	}
	var err error
	if f.open, err = jobs.Records[openRow](ctx, f.db, "book/open_files"); err != nil {
		return fmt.Errorf("read erased files: %w", err)
	}
	return nil
}

// Note commits that files are about to lose rows, or had them before, all at one time. It commits nothing where there
// are none.
// [lake.ErrFenced] when another run noted some meanwhile.
func (f *Files) Note(ctx context.Context, files []File, landed Landing) error {
	if len(files) == 0 {
		return nil
	}
	return f.commit(ctx, files, landed)
}

// Settle commits with which snapshots the noted rows went. It commits nothing where it learns nothing.
func (f *Files) Settle(ctx context.Context, landed Landing) error {
	for _, r := range f.open {
		if r.SnapshotID == 0 && landed(r.Table, time.UnixMicro(r.At)) != 0 {
			return f.commit(ctx, nil, landed)
		}
	}
	return nil
}

// commit puts rows in the place of all that lie in a file with an open one.
func (f *Files) commit(ctx context.Context, files []File, landed Landing) error {
	type key struct{ table, path string }
	var rows []catalog.ErasedRow
	again, at := map[key]int{}, places{}
	for _, n := range files {
		place, err := at.of(ctx, f.env, n.Table)
		if err != nil {
			return err
		}
		path := strings.TrimPrefix(n.URI, place)
		again[key{n.Table, path}] = len(rows)
		rows = append(rows, catalog.ErasedRow{Table: n.Table, Path: path, Rows: n.Rows, SnapshotID: n.SnapshotID, At: n.At})
	}
	replaced := map[string]bool{}
	for _, r := range f.open {
		replaced[r.In] = true
		noted := time.UnixMicro(r.At).UTC()
		if r.SnapshotID == 0 {
			r.SnapshotID = landed(r.Table, noted)
		}
		if i, is := again[key{r.Table, r.Path}]; is && r.SnapshotID == 0 {
			rows[i].Rows = max(rows[i].Rows, r.Rows) // it may be an origin now
			continue
		}
		rows = append(rows, catalog.ErasedRow{Table: r.Table, Path: r.Path, Rows: r.Rows, SnapshotID: r.SnapshotID, At: noted})
	}
	return f.write(ctx, rows, replaced)
}

// write commits rows in the place of files of the table, by their paths on this machine.
func (f *Files) write(ctx context.Context, rows []catalog.ErasedRow, replaced map[string]bool) error {
	add, err := lake.WriteRecords(ctx, f.snapshot.Table(), catalog.DeletionsJob, rows)
	if err != nil {
		return err
	}
	live, err := f.snapshot.Files(ctx)
	if err != nil {
		return err
	}
	c := lake.Commit{Job: catalog.DeletionsJob, Add: add, Stage: whileCarried(f.snapshot)}
	for _, file := range live {
		path, err := lake.LocalPath(file.FilePath())
		if err != nil {
			return err
		}
		if replaced[path] {
			c.Remove = append(c.Remove, file)
		}
	}
	after, err := f.env.Lake.Commit(ctx, catalog.ErasedFiles, c)
	if err != nil {
		return err
	}
	return f.read(ctx, after)
}

// ReadFiles lists every file that held rows which were erased, in no order; none in a lake that has no such table.
func ReadFiles(ctx context.Context, env jobs.Env) ([]File, error) {
	s, err := env.Snapshot(ctx, catalog.ErasedFiles)
	if errors.Is(err, lake.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	rows, err := lake.ReadRecords[catalog.ErasedRow](ctx, s, env.Duck.Verify)
	if err != nil {
		return nil, err
	}
	files, at := make([]File, len(rows)), places{}
	for i, r := range rows {
		files[i] = File{Table: r.Table, URI: r.Path, Rows: r.Rows, SnapshotID: r.SnapshotID, At: r.At}
		if strings.Contains(r.Path, "://") {
			continue
		}
		place, err := at.of(ctx, env, r.Table)
		if err != nil {
			return nil, err
		}
		files[i].URI = place + r.Path
	}
	return files, nil
}

// places are the locations of tables, each with a slash behind it.
type places map[string]string

func (p places) of(ctx context.Context, env jobs.Env, table string) (string, error) {
	if p[table] == "" {
		t, err := env.Lake.Table(ctx, table)
		if err != nil {
			return "", err
		}
		p[table] = t.Location() + "/"
	}
	return p[table], nil
}
