package main

import (
	"context"
	"errors"
	"io"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/ingest"
	"github.com/lakectl/lakectl/jobs/simulate"
	lakesql "github.com/lakectl/lakectl/sql"
)

func runBenchRoyalties(ctx context.Context, c *call) (any, error) {
	b, err := newBench(ctx, c)
	if err != nil {
		return nil, err
	}
	defer b.close()
	if err := ingestLoad(ctx, c, b.env); err != nil {
		return nil, err
	}
	job, err := b.child(ctx, "job royalties, first run", int64(c.Int("rows")), "job", "royalties")
	if err != nil {
		return nil, err
	}
	limit, err := here("bare DuckDB statement", func() (int64, error) { return royaltiesLimit(ctx, b.env) })
	if err != nil {
		return nil, err
	}
	return newBenchReport(job, limit), nil
}

// ingestLoad brings the load into the archive as one file source.
func ingestLoad(ctx context.Context, c *call, env jobs.Env) error {
	r, w := io.Pipe()
	written := make(chan error, 1)
	go func() {
		var err error
		for e := range simulate.Load(benchLoad(c)) {
			if _, err = w.Write(append(e.Value, '\n')); err != nil {
				break
			}
		}
		w.Close() //nolint:errcheck // never fails
		written <- err
	}()
	_, err := ingest.Files(ctx, env, []string{"-"}, r, ingest.Options{Source: "bench"})
	r.Close() //nolint:errcheck // ends the writer too
	return errors.Join(err, <-written)
}

func royaltiesLimit(ctx context.Context, env jobs.Env) (rows int64, err error) {
	db, err := env.Open(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	s, err := env.Snapshot(ctx, catalog.Listens)
	if err != nil {
		return 0, err
	}
	if err := db.Bind(ctx, "archive", s); err != nil {
		return 0, err
	}
	var lines, listens int64
	if err := db.One(ctx, lakesql.Text("bench/royalties_limit"), nil, []any{&lines, &listens}); err != nil {
		return 0, err
	}
	return rows, db.One(ctx, "SELECT count(*) FROM archive", nil, []any{&rows})
}
