package ingest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
	lakesql "github.com/lakectl/lakectl/sql"
)

// finished are the file sources that the table sources names: read to their end, never to be ingested again. They
// lie in DuckDB, which spills, because there may be any number of them.
type finished struct {
	env    jobs.Env
	engine *engine
	seen   int64 // id of the snapshot of sources that DuckDB has
}

// has tells whether a source is finished, as of now.
func (f *finished) has(ctx context.Context, source string) (bool, error) {
	next, err := f.next(ctx, source)
	return next > 0, err
}

// next is the number after the last line of a finished source, 0 for one that is not finished.
func (f *finished) next(ctx context.Context, source string) (line int64, err error) {
	if err := f.refresh(ctx); err != nil {
		return 0, fmt.Errorf("read finished sources: %w", err)
	}
	if f.seen == 0 {
		return 0, nil
	}
	db, err := f.engine.open(ctx)
	if err != nil {
		return 0, err
	}
	err = db.One(ctx, lakesql.Text("ingest/finished"), []any{source}, []any{&line})
	return line, err
}

func (f *finished) refresh(ctx context.Context) error {
	s, err := f.env.Snapshot(ctx, catalog.Sources)
	if err != nil || s.ID() == f.seen {
		return err
	}
	files, err := filesSince(ctx, s, f.seen)
	if err != nil {
		return err
	}
	db, err := f.engine.open(ctx)
	if err != nil {
		return err
	}
	if err := db.Exec(ctx, lakesql.Text("ingest/finished_table")); err != nil {
		return err
	}
	if err := db.BindFiles(ctx, "added", s, files); err != nil {
		return err
	}
	if err := db.Exec(ctx, lakesql.Text("ingest/finished_add")); err != nil {
		return err
	}
	f.seen = s.ID()
	return nil
}

// errListed ends the commit of a source that somebody else has just listed.
var errListed = errors.New("source is listed")

// add lists a source as finished. Doing it again changes nothing.
func (f *finished) add(ctx context.Context, source string, next int64, at time.Time) error {
	t, err := f.env.Lake.Table(ctx, catalog.Sources)
	if err != nil {
		return err
	}
	row, err := t.WriteRows(ctx, job, [][]any{{source, next, at}})
	if err != nil {
		return err
	}
	_, err = f.env.Lake.Commit(ctx, catalog.Sources, lake.Commit{Job: job, Add: row, Stage: func(lake.Snapshot) (map[string]string, error) {
		listed, err := f.has(ctx, source)
		if err == nil && listed {
			err = errListed
		}
		return nil, err
	}})
	if errors.Is(err, errListed) {
		return nil
	}
	return err
}

// drop takes the entries of finished sources out of a table's positions, except the one being read.
func (f *finished) drop(ctx context.Context, p lake.Positions, reading string) (lake.Positions, error) {
	for source := range p.Files {
		if source == reading {
			continue
		}
		done, err := f.has(ctx, source)
		if err != nil {
			return p, err
		}
		if done {
			p = p.WithoutFile(source)
		}
	}
	return p, nil
}
