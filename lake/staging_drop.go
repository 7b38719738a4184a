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

// ClearStagings drops the [Lake.DeadStagings] of a table and returns what went.
func (l *Lake) ClearStagings(ctx context.Context, name string) (Swept, error) {
	var all Swept
	dead, err := l.DeadStagings(ctx, name)
	if err != nil {
		return all, err
	}
	for _, s := range dead {
		done, err := l.dropStaging(ctx, s)
		all.Files, all.Bytes = all.Files+done.Files, all.Bytes+done.Bytes
		if err != nil {
			return all, fmt.Errorf("drop staging table %s: %w", s.Name(), err)
		}
		l.log.Info("dropped a staging table that was left", "table", name, "staging", s.Name(), "owner", s.Owner, "files", done.Files, "bytes", done.Bytes)
	}
	return all, nil
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
	uri := t.Location() + "/" + s.Folder()
	if r, _ := remoteOf(uri); r != nil {
		err = r.List(ctx, uri, func(f RemoteFile) error {
			w.remove(ctx, f.URI, f.Bytes)
			return ctx.Err()
		})
	} else {
		err = w.removeFolder(ctx, uri)
	}
	done := Swept{Files: w.done.Files, Bytes: w.done.Bytes}
	if w.failing > 0 {
		return done, WithHint(fmt.Errorf("%d files: %w", w.failing, errors.Join(w.failed...)), "give lakectl the right to delete files there, then run the command again")
	}
	return done, errors.Join(err, ctx.Err())
}

// removeFolder deletes the files of a folder of this machine, and the folder where none is left.
func (w *sweep) removeFolder(ctx context.Context, uri string) error {
	folder, err := LocalPath(uri)
	if err != nil {
		return err
	}
	err = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || d.IsDir() {
			return err
		}
		bytes := int64(0)
		if info, err := d.Info(); err == nil {
			bytes = info.Size()
		}
		w.remove(ctx, path, bytes)
		return ctx.Err()
	})
	if err != nil || w.failing > 0 {
		return err
	}
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	os.Remove(filepath.Dir(folder)) //nolint:errcheck // others may lie there
	return nil
}
