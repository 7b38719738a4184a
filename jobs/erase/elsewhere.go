package erase

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/trino"
	"github.com/lakectl/lakectl/sql"
)

// search adds the rows of a table that requests cover to hits. Trino looks for those of open requests, which may lie
// anywhere; DuckDB for what slipped past, and for users whose ids are wiped and whom only a look at every user finds.
func (w *wanted) search(ctx context.Context, t *target, files []lake.File, statement string) error {
	if !w.plan.db.OnTrino() || len(files) == 0 || w.unmet((*request).sweeps) || !slices.ContainsFunc(w.plan.requests, (*request).open) {
		return w.scan(ctx, t, files, statement, (*request).sweeps)
	}
	t.FilesScanned = len(files)
	w.plan.env.Progress(fmt.Sprintf("deletions: Trino searches %s", t.Name))
	found, err := w.searchClone(ctx, t)
	if err != nil {
		return fmt.Errorf("search %s with Trino: %w", t.Name, err)
	}
	return w.readFound(ctx, t, found, statement)
}

// searchClone lets Trino delete the covered rows from a clone and returns where they are.
func (w *wanted) searchClone(ctx context.Context, t *target) (map[string][]int64, error) {
	windows, err := w.windows(ctx)
	if err != nil || len(windows) == 0 {
		return nil, err
	}
	env := w.plan.env
	return env.Lake.DeleteInClone(ctx, lake.Clone{
		Base: t.base, Job: catalog.DeletionsJob, Verify: env.Duck.Verify,
		Delete: func(ctx context.Context, s lake.Staging) (rows int64, err error) {
			for _, part := range windows {
				pin := trino.Pin{As: "windows", Columns: []string{"listener", "starts", "ends", "up_to", "asked"}, Of: &part}
				n, err := env.Trino.Delete(ctx, s, trino.Query{Text: sql.Text("erase/covered.trino"), Pins: []trino.Pin{pin}})
				if rows += n; err != nil {
					return rows, err
				}
			}
			return rows, nil
		},
	})
}

// windows are those of the requests that look for rows, as queries that Trino takes.
func (w *wanted) windows(ctx context.Context) ([]trino.Query, error) {
	var user string
	var from, to, received int64
	var upTo bool
	var rows [][]any
	err := w.plan.db.Each(ctx, "erase/windows", nil, []any{&user, &from, &to, &upTo, &received}, func() error {
		row := []any{user, nil, nil, upTo, instant(received)}
		if from != math.MinInt64 {
			row[1] = instant(from)
		}
		if !upTo {
			row[2] = instant(to)
		}
		rows = append(rows, row)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list windows: %w", err)
	}
	return trino.Values(rows, trino.MaxText)
}

// readFound reads the rows that Trino found and adds what DuckDB, too, says is covered to hits: all of them.
func (w *wanted) readFound(ctx context.Context, t *target, found map[string][]int64, statement string) error {
	var hit []lake.File
	var rows int64
	db := w.plan.db
	err := db.FillEach("found", func(add func([]any) error) error {
		for _, f := range t.files {
			positions := found[f.FilePath()]
			if len(positions) == 0 {
				continue
			}
			hit, rows = append(hit, f), rows+int64(len(positions))
			path, err := lake.LocalPath(f.FilePath())
			if err != nil {
				return err
			}
			for _, pos := range positions {
				if err := add([]any{path, pos}); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil || len(hit) == 0 {
		return err
	}
	if err := db.BindFiles(ctx, "hit_copies", t.base, hit, t.searched()...); err != nil {
		return err
	}
	if err := db.MakeView(ctx, "copies", sql.Text("erase/at_found")); err != nil {
		return err
	}
	if err := db.Run(ctx, statement, t.Name); err != nil {
		return fmt.Errorf("find rows of %s: %w", t.Name, err)
	}
	var covered int64
	if err := db.One(ctx, "erase/found", []any{t.Name}, []any{&covered}); err != nil {
		return err
	}
	if covered != rows {
		return lake.WithHint(fmt.Errorf("trino found %d rows of %s, of which requests cover %d: %w", rows, t.Name, covered, jobs.ErrProof),
			"nothing was deleted; set engine to duckdb, and report this")
	}
	return nil
}
