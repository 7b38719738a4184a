package verify

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// gone is the listener whose rows of March were erased.
const gone = "listener-gone"

type fixture struct {
	*laketest.Lake
	t    testing.TB
	last string // file that was committed, by its URI
}

// purged is a lake that has listens of others, and one of the erased listener outside of the request's window.
func purged(t testing.TB, state string) *fixture {
	t.Helper()
	f := &fixture{t: t, Lake: laketest.New(t)}
	f.commit(catalog.DeletionRequests, []any{"r-1", "s", gone, at("2026-04-01"), at("2026-04-01"), at("2026-03-01"), at("2026-04-01"), nil, "listens", 0, 1})
	f.commit(catalog.DeletionLog, []any{"r-1", "located", at("2026-04-02"), "listens", 0, 1})
	f.commit(catalog.DeletionLog, []any{"r-1", state, at("2026-04-03"), "listens", 0, 1})
	f.listen("listener-gone-2", "2026-03-05")
	f.listen("listener", "2026-03-06")
	f.listen(gone, "2026-02-28")
	return f
}

func at(day string) time.Time {
	when, err := time.Parse(time.DateOnly, day)
	if err != nil {
		panic(err)
	}
	return when
}

func (f *fixture) env() jobs.Env {
	return jobs.Env{
		Lake: f.Lake.Lake, Duck: f.Duck, Log: slog.New(slog.DiscardHandler),
		Now: func() time.Time { return at("2026-04-04") }, Progress: func(string) {},
	}
}

func (f *fixture) table(name string) *lake.Table {
	f.t.Helper()
	table, err := f.Table(context.Background(), name)
	if err != nil {
		f.t.Fatal(err)
	}
	return table
}

// commit appends a row; columns that it has no value for are null.
func (f *fixture) commit(name string, row []any) lake.Snapshot {
	f.t.Helper()
	table := f.table(name)
	for len(row) < len(table.Current().Schema().Fields()) && name != catalog.Listens {
		row = append(row, nil)
	}
	files, err := table.WriteRows(context.Background(), "test", [][]any{row})
	if err != nil {
		f.t.Fatal(err)
	}
	f.last = files[0].FilePath()
	s, err := f.Commit(context.Background(), name, lake.Commit{Job: "test", Add: files, Stage: func(lake.Snapshot) (map[string]string, error) { return nil, nil }})
	if err != nil {
		f.t.Fatal(err)
	}
	return s
}

func row(user, day string) []any {
	return []any{"l-" + day, user, "t1", "A", "phone", at(day), 1000, nil, "DE", "free", nil, nil, at(day), nil, "listens", 0, 1}
}

func (f *fixture) listen(user, day string) lake.Snapshot {
	f.t.Helper()
	return f.commit(catalog.Listens, row(user, day))
}

// folder is where a table's files lie.
func (f *fixture) folder(name string) string {
	f.t.Helper()
	path, err := lake.LocalPath(f.table(name).Location())
	if err != nil {
		f.t.Fatal(err)
	}
	return path
}

func (f *fixture) write(path string, text string) string {
	f.t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		f.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		f.t.Fatal(err)
	}
	return path
}

// names fails unless the look names the file with the kind, and nothing else.
func (f *fixture) names(kind, path string, folders ...Folder) {
	f.t.Helper()
	r, err := Look(context.Background(), f.env(), Options{Folders: folders})
	if !errors.Is(err, jobs.ErrProof) || lake.Hint(err) == "" {
		f.t.Errorf("got %v, want ErrProof with a hint", err)
	}
	if len(r.Leaks) != 1 || r.Leaks[0].Kind != kind || r.Leaks[0].File != path || r.Leaks[0].RequestID != "r-1" || r.Leaks[0].Expected {
		f.t.Errorf("got leaks %+v, want %s in %s", r.Leaks, kind, path)
	}
	i := slices.IndexFunc(r.Checks, func(c Check) bool { return c.Kind == kind })
	if i < 0 || r.Checks[i].Found == 0 {
		f.t.Errorf("the check of kind %s says it found nothing: %+v", kind, r.Checks)
	}
}

// path is where the file lies that was committed last.
func (f *fixture) path(lake.Snapshot) string {
	f.t.Helper()
	path, err := lake.LocalPath(f.last)
	if err != nil {
		f.t.Fatal(err)
	}
	return path
}

// newest is the file of a snapshot that was committed last.
func (f *fixture) newest(s lake.Snapshot) lake.File {
	f.t.Helper()
	files, err := s.Files(context.Background())
	if err != nil {
		f.t.Fatal(err)
	}
	i := slices.IndexFunc(files, func(file lake.File) bool { return file.FilePath() == f.last })
	return files[i]
}

// one is a file of a table whose name has a form.
func (f *fixture) one(table, pattern string) string {
	f.t.Helper()
	var found string
	err := filepath.WalkDir(f.folder(table), func(path string, d fs.DirEntry, err error) error {
		if is, _ := filepath.Match(pattern, d.Name()); is && err == nil {
			found = path
		}
		return err
	})
	if err != nil || found == "" {
		f.t.Fatalf("no file %s: %v", pattern, err)
	}
	return found
}
