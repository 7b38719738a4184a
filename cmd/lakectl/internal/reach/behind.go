package reach

import (
	"context"
	"errors"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/erase/roll"
	"github.com/lakectl/lakectl/jobs/verify"
)

// refuseBehind passes on a lake that is open, unless it is older than what was erased from it: nothing may be read from
// it then, and nothing was started.
func refuseBehind(ctx context.Context, c *frame.Call) func(jobs.Env, func(), error) (jobs.Env, func(), error) {
	return func(env jobs.Env, closeEnv func(), err error) (jobs.Env, func(), error) {
		if err != nil {
			return env, nil, err
		}
		err = roll.Check(ctx, env, markFolder(c))
		if err == nil {
			return env, closeEnv, nil
		}
		closeEnv()
		if errors.Is(err, roll.ErrBehind) {
			err = usage.Of(err)
		}
		return env, nil, err
	}
}

// markFolder is where the mark lies; "" where nobody said where the key of certificates lies: there is none then.
func markFolder(c *frame.Call) string {
	dir, err := CertificateDir(c)
	if err != nil {
		return ""
	}
	return dir
}

// NoteErased notes beside the key of certificates what the lake has erased, so that a backup of it is known as one.
// What was done stays done where this cannot be written.
func NoteErased(ctx context.Context, c *frame.Call, env jobs.Env) {
	if err := roll.PutMark(ctx, env, markFolder(c)); err != nil {
		c.Log.Warn("what was erased is not on record beside the key of certificates: a backup that is restored will not be known as one", "error", err)
	}
}

// Behind tells whether a lake is older than what was erased from it.
func Behind(ctx context.Context, c *frame.Call, env jobs.Env) (bool, error) {
	err := roll.Check(ctx, env, markFolder(c))
	if errors.Is(err, roll.ErrBehind) {
		return true, nil
	}
	return false, err
}

// BesideTables are the folders that may hold rows besides those of the tables.
func BesideTables(c *frame.Call) []verify.Folder {
	return []verify.Folder{
		{Path: c.Config.Catalog.Warehouse, Kind: "warehouse"}, {Path: c.Config.DuckDB.TempDirectory, Kind: "spill"}, {Path: c.Config.RecentFolder(), Kind: "memory"},
	}
}
