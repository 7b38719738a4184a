package maintain

import (
	"context"
	"fmt"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// told is why manifests are written anew, as the report says it.
const told = "they tell values of personal columns"

// BoundsReport are the manifests of one table that had bounds of personal columns.
type BoundsReport struct {
	Table     string `json:"table"`
	Manifests int    `json:"manifests"`
	Entries   int    `json:"entries"`
	Reason    string `json:"reason"`
}

// dropBounds writes the manifests of a table without bounds of personal columns, or says how many have some.
func dropBounds(ctx context.Context, env jobs.Env, t *lake.Table, dryRun bool) (BoundsReport, error) {
	columns := catalog.PersonalColumns(t.Name())
	report := BoundsReport{Table: t.Name(), Reason: told}
	var found lake.Bounds
	var err error
	if dryRun {
		found, err = t.Current().FindBounds(ctx, columns)
	} else {
		found, err = env.Lake.DropBounds(ctx, t.Name(), catalog.MaintainJob, columns)
	}
	if err != nil {
		return report, fmt.Errorf("bounds of personal columns: %w", err)
	}
	report.Manifests, report.Entries = found.Manifests, found.Entries
	if found.Manifests > 0 && !dryRun {
		env.Log.Info("wrote manifests without bounds of personal columns", "table", t.Name(), "manifests", found.Manifests, "entries", found.Entries)
	}
	return report, nil
}
