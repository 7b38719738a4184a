package book

import (
	"context"
	"fmt"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// Decisions makes the view decided: what operators decided about requests. The views requests and log are bound, log to
// the snapshot that is given.
func Decisions(ctx context.Context, db *jobs.Session, log lake.Snapshot) error {
	statement := "book/decided"
	if log.NeedColumns("why") != nil {
		statement = "book/undecided"
	}
	if err := db.Run(ctx, statement); err != nil {
		return fmt.Errorf("read decisions about deletion requests: %w", err)
	}
	return nil
}
