package access

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

const (
	rivals  = 50 // attempts of one change that others come before
	mergeAt = 16 // files of the table from which on a change writes them as one
)

// change appends the rows that decide makes of the table as it is. Where somebody else changed the table meanwhile it
// reads and decides again, so of two that may not both happen one does. An error of decide ends it; nothing was written
// then.
func change(ctx context.Context, env jobs.Env, decide func(*book) ([]catalog.AccessRow, error)) error {
	var err error
	for range rivals {
		if err = changeOnce(ctx, env, decide); !errors.Is(err, lake.ErrFenced) {
			return err
		}
		if err := lake.Pause(ctx, time.Millisecond*time.Duration(1+rand.N(30))); err != nil {
			return err
		}
	}
	return err
}

func changeOnce(ctx context.Context, env jobs.Env, decide func(*book) ([]catalog.AccessRow, error)) error {
	base, err := env.Snapshot(ctx, catalog.AccessTokens)
	if err != nil {
		return err
	}
	rows, err := lake.ReadRecords[catalog.AccessRow](ctx, base, env.Duck.Verify)
	if err != nil {
		return err
	}
	add, err := decide(readBook(rows))
	if err != nil || len(add) == 0 {
		return err
	}
	commit := lake.Commit{Job: catalog.AccessJob, Stage: lake.IfUnmoved(base, nil)}
	if commit.Remove, err = merged(ctx, base); err != nil {
		return err
	}
	if len(commit.Remove) > 0 {
		add = readBook(append(rows, add...)).kept(env.Now())
	}
	if commit.Add, err = writeRows(ctx, base.Table(), add); err != nil {
		return err
	}
	_, err = env.Lake.Commit(ctx, catalog.AccessTokens, commit)
	return err
}

// merged are all files of the table where they are to be written as one: each change adds one, and readers open them
// all.
func merged(ctx context.Context, base lake.Snapshot) ([]lake.File, error) {
	files, err := base.Files(ctx)
	if err != nil || len(files) < mergeAt {
		return nil, err
	}
	deletes, err := base.DeleteFiles(ctx)
	return append(files, deletes...), err
}

func writeRows(ctx context.Context, t *lake.Table, rows []catalog.AccessRow) ([]iceberg.DataFile, error) {
	files, err := lake.WriteRecords(ctx, t, catalog.AccessJob, rows)
	if err != nil {
		return nil, fmt.Errorf("write who has access: %w", err)
	}
	return files, nil
}
