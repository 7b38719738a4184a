package maintain

import (
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/lake"
)

// served is how long what a cut of the dashboard names stays after a newer one: readers who began with it read on.
// Pages take seconds, and engines that read these tables seldom minutes. At a rollup every 15 s an hour would be 240
// snapshots of five tables, more than the hourly ones of a week, and every rollup parses them all.
const served = 15 * time.Minute

// pinCuts pins the snapshots of the dashboard's tables that plays_by_day names: in its newest snapshot, and in those
// that readers may have begun with.
func (f *facts) pinCuts(days lake.Snapshot) error {
	newer := f.now
	for _, s := range days.Ancestors() {
		if f.now.Sub(newer) > served {
			break
		}
		newer = s.Time()
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
