package purge

import (
	"context"
	"fmt"
	"time"

	"github.com/lakectl/lakectl/catalog"
)

// staged reports the staging tables that stand, and tells whether there are any: another engine may have written rows
// into them, and bounds of these, before they were erased. It drops those of dead runs that are older than the grace.
func (r *run) staged(ctx context.Context) (stands bool, err error) {
	names, err := r.env.Lake.Tables(ctx)
	if err != nil {
		return false, err
	}
	for _, name := range names {
		if !catalog.Personal(name) {
			continue
		}
		_, done, err := r.env.Lake.ClearStagings(ctx, name)
		if err != nil {
			return false, err
		}
		if done.Files > 0 {
			of := r.report.table(name)
			of.Objects, of.BytesRemoved = of.Objects+done.Files, of.BytesRemoved+done.Bytes
		}
		now, err := r.env.Snapshot(ctx, name)
		if err != nil {
			return false, err
		}
		for _, s := range now.Table().Stagings() {
			left := Residual{Table: name, Until: s.At.Add(r.env.Lake.Grace())}
			left.What = fmt.Sprintf("staging table %s until %s", s.Name(), left.Until.Format(time.RFC3339))
			if left.Files, left.Bytes, err = now.Table().StagedFiles(ctx, s); err != nil {
				return false, err
			}
			r.report.Residuals, stands = append(r.report.Residuals, left), true
		}
	}
	return stands, nil
}
