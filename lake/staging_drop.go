package lake

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	icecatalog "github.com/apache/iceberg-go/catalog"
)

// DeadStagings are the staging tables of a table that have been on record for longer than the grace of the lake: their
// runs have ended, or will not commit files of that age. It writes nothing where none is on record, else a probe that
// tells the time of the store.
func (l *Lake) DeadStagings(ctx context.Context, name string) ([]Staging, error) {
	t, err := l.load(ctx, name)
	if err != nil {
		return nil, err
	}
	var dead []Staging
	list := t.Stagings()
	if len(list) == 0 {
		return nil, nil
	}
	now, err := t.storeNow(ctx)
	if err != nil {
		return nil, err
	}
	for _, s := range list {
		if now.Sub(s.At) > l.grace {
			s.lake = l
			dead = append(dead, s)
		}
	}
	return dead, nil
}

// ClearStagings drops the [Lake.DeadStagings] of a table and returns which there were, and what went.
func (l *Lake) ClearStagings(ctx context.Context, name string) (dead []Staging, all Swept, err error) {
	if dead, err = l.DeadStagings(ctx, name); err != nil {
		return nil, all, err
	}
	for _, s := range dead {
		done, err := l.dropStaging(ctx, s)
		all.Files, all.Bytes = all.Files+done.Files, all.Bytes+done.Bytes
		if err != nil {
			return dead, all, fmt.Errorf("drop staging table %s: %w", s.Name(), err)
		}
		l.log.Info("dropped a staging table that was left", "table", name, "staging", s.Name(), "owner", s.Owner, "files", done.Files, "bytes", done.Bytes)
	}
	return dead, all, nil
}

// dropStaging takes a staging table away: its row of the catalog, so that no engine commits to it any more, its files,
// and last the record. What was committed of it are copies, so all of its files go. What is not there is no error.
func (l *Lake) dropStaging(ctx context.Context, s Staging) (Swept, error) {
	err := l.catalog.DropTable(ctx, l.stagings().identifier(s.Name()))
	if err != nil && !errors.Is(err, icecatalog.ErrNoSuchTable) && !errors.Is(err, icecatalog.ErrNoSuchNamespace) {
		return Swept{}, err
	}
	t, err := l.load(ctx, s.Table)
	if err != nil {
		return Swept{}, err
	}
	done, err := t.removeStaged(ctx, s)
	if err != nil {
		return done, err
	}
	_, err = l.DropProperty(ctx, s.Table, s.key(), t.Property(s.key()))
	return done, err
}

// removeStaged deletes the files of a staging table.
func (t *Table) removeStaged(ctx context.Context, s Staging) (Swept, error) {
	storage, err := t.FS(ctx)
	if err != nil {
		return Swept{}, err
	}
	w := &sweep{storage: storage}
	err = t.eachStaged(ctx, s, func(at string, bytes int64) { w.remove(ctx, at, bytes) })
	done := Swept{Files: w.done.Files, Bytes: w.done.Bytes}
	if w.failing > 0 {
		return done, WithHint(fmt.Errorf("%d files: %w", w.failing, errors.Join(w.failed...)), "give lakectl the right to delete files there, then run the command again")
	}
	if err = errors.Join(err, ctx.Err()); err != nil {
		return done, err
	}
	return done, t.removeFolder(s)
}

// StagedFiles counts the files of a staging table, and their bytes.
func (t *Table) StagedFiles(ctx context.Context, s Staging) (files int, bytes int64, err error) {
	err = t.eachStaged(ctx, s, func(_ string, n int64) { files, bytes = files+1, bytes+n })
	return files, bytes, err
}

// eachStaged visits the files of a staging table, by what the store knows them by.
func (t *Table) eachStaged(ctx context.Context, s Staging, visit func(at string, bytes int64)) error {
	uri := t.Location() + "/" + s.Folder()
	if r, _ := remoteOf(uri); r != nil {
		return r.List(ctx, uri, func(f RemoteFile) error {
			visit(f.URI, f.Bytes)
			return ctx.Err()
		})
	}
	folder, err := LocalPath(uri)
	if err != nil {
		return err
	}
	return filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || d.IsDir() {
			return err
		}
		if info, err := d.Info(); err == nil {
			visit(path, info.Size())
		}
		return ctx.Err()
	})
}

// removeFolder deletes the folders of a staging table of this machine that has no files any more.
func (t *Table) removeFolder(s Staging) error {
	uri := t.Location() + "/" + s.Folder()
	if r, _ := remoteOf(uri); r != nil {
		return nil
	}
	folder, err := LocalPath(uri)
	if err == nil {
		err = os.RemoveAll(folder)
	}
	if err == nil {
		os.Remove(filepath.Dir(folder)) //nolint:errcheck // others may lie there
	}
	return err
}
