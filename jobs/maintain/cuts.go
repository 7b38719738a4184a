package maintain

import (
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/lake"
)

// served is how long what a cut of the dashboard names stays after a newer one: readers who began with it read on.
const served = time.Hour

// pinCuts pins the snapshots of the dashboard's tables that plays_by_day names: in its newest snapshot, and in those
// that readers may have begun with.
func (f *facts) pinCuts(days lake.Snapshot) error {
	for i, s := range days.Ancestors() {
		if i > 0 && f.now.Sub(s.Time()) > served {
			break
		}
		cut, err := catalog.CutOf(s)
		if err != nil {
			return err
		}
		f.pin(catalog.PlaysByDay, s.ID())
		for table, id := range cut {
			f.pin(table, id)
		}
	}
	return nil
}
