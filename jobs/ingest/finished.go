package ingest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
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
	line, _, err = f.find(ctx, source)
	return line, err
}

// find looks a source up. An entry is believed while listens comes from the snapshot that has the source's last rows: a
// rollback takes them away, and undone says that one did.
func (f *finished) find(ctx context.Context, source string) (line int64, undone bool, err error) {
	if err := f.refresh(ctx); err != nil {
		return 0, false, fmt.Errorf("read finished sources: %w", err)
	}
	if f.seen == 0 {
		return 0, false, nil
	}
	db, err := f.engine.open(ctx)
	if err != nil {
		return 0, false, err
	}
	type entry struct{ line, snapshot, sequence int64 }
	var e entry
	var list []entry
	err = db.Each(ctx, "ingest/finished", []any{source}, []any{&e.line, &e.snapshot, &e.sequence}, func() error {
		list = append(list, e)
		return nil
	})
	if err != nil || len(list) == 0 {
		return 0, false, err
	}
	listens, err := f.env.Snapshot(ctx, catalog.Listens)
	if err != nil {
		return 0, false, err
	}
	for _, e := range list {
		there, err := listens.Includes(e.snapshot, e.sequence)
		if errors.Is(err, lake.ErrExpired) {
			if shows, failed := listens.ShowsWork(ctx, e.snapshot, e.sequence); failed != nil || shows {
				there, err = shows, failed
			}
		}
		if err != nil {
			return 0, false, err
		}
		if there {
			line = max(line, e.line)
		}
	}
	return line, line == 0, nil
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
	if err := db.Run(ctx, "ingest/finished_table"); err != nil {
		return err
	}
	if err := db.BindFiles(ctx, "added", s, files); err != nil {
		return err
	}
	add := "ingest/finished_add"
	if !namesListens(s) {
		add = "ingest/finished_add_old"
	}
	if err := db.Run(ctx, add); err != nil {
		return err
	}
	f.seen = s.ID()
	return nil
}

// errListed ends the commit of a source that somebody else has just listed.
var errListed = errors.New("source is listed")

// namesListens tells whether the table sources says which snapshot of listens has the rows; one of an earlier version
// does not.
func namesListens(s lake.Snapshot) bool {
	_, ok := s.Table().Column("listens_sequence")
	return ok
}

// add lists a source as finished, its last rows in a snapshot of listens. Doing it again changes nothing.
func (f *finished) add(ctx context.Context, source string, next int64, at time.Time, listens lake.Snapshot) error {
	t, err := f.env.Lake.Table(ctx, catalog.Sources)
	if err != nil {
		return err
	}
	row, err := lake.WriteRecords(ctx, t, catalog.IngestJob, []catalog.SourceRow{{
		Source: source, NextLine: next, FinishedAt: at, ListensSnapshotID: listens.ID(), ListensSequence: listens.Sequence(),
	}})
	if err != nil {
		return err
	}
	_, err = f.env.Lake.Commit(ctx, catalog.Sources, lake.Commit{Job: catalog.IngestJob, Add: row, Stage: func(lake.Snapshot) (map[string]string, error) {
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
