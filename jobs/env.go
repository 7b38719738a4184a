package jobs

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/duck"
	"github.com/lakectl/lakectl/lake/listen"
	"github.com/lakectl/lakectl/lake/trino"
)

// How a job can end besides done and failed. The command line turns each into its exit code.
var (
	// ErrPartial: some of the work is done and committed; running again goes on from there.
	ErrPartial = errors.New("partly done")
	// ErrProof: a check of the result against another computation failed. Nothing was published.
	ErrProof = errors.New("proof failed")
	// ErrInputsErased: what is asked for can no longer be computed, its inputs were erased.
	ErrInputsErased = errors.New("inputs erased")
)

// Env is what every job is given.
type Env struct {
	Lake *lake.Lake
	Duck duck.Options
	// Trino computes what reads listens or the ledger whole; nil: DuckDB computes all.
	Trino       *trino.Client
	SubjectKey  listen.Key
	Log         *slog.Logger
	Now         func() time.Time
	CodeVersion string
	// Erasure is what all who read deletion requests must agree on.
	Erasure Erasure
	// Progress is called now and then with what is being done; units are in the text. Never nil.
	Progress func(text string)
}

// Erasure is when deletion requests are carried out.
type Erasure struct {
	Delay    time.Duration // a request is left alone until it is so old; 0 is never
	Deadline time.Duration // after its arrival in which it has to be carried out
	// Retention is how long its rows are gone from the tables before the files that held them go.
	Retention time.Duration
}

// Unsealed counts the files without hashes that the process has read so far: another engine or an earlier version wrote
// them, and nothing tells whether their bytes are still what was written.
func (e Env) Unsealed() int { return e.Duck.Verify.Report().Unsealed }

// Snapshot loads a table and returns it as it is now.
func (e Env) Snapshot(ctx context.Context, table string) (lake.Snapshot, error) {
	t, err := e.Lake.Table(ctx, table)
	if err != nil {
		return lake.Snapshot{}, err
	}
	return t.Current(), nil
}
