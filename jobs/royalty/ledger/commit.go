package ledger

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/duck"
)

// commitDuplicates leaves copies that will count where they are: they are on record nowhere else until the ledger has
// them.
func (u *update) commitDuplicates(ctx context.Context) error {
	after, c, err := u.commit(ctx, u.duplicates, "duplicate_inserts", "ledger/duplicate_deletes", u.coversHandingOver(u.handsOver))
	u.duplicates, u.report.Duplicates = after, rowsOf(c.Add)
	return err
}

// commitHandedOver takes out of listens_duplicates the copies that are in the ledger by now.
func (u *update) commitHandedOver(ctx context.Context) error {
	c := lake.Commit{Job: catalog.RoyaltiesJob, Stage: lake.IfUnmoved(u.duplicates, u.coversHandingOver(false))}
	files, err := u.duplicates.Files(ctx)
	if err != nil {
		return err
	}
	rows, err := u.db.PositionsIn(ctx, files, "duplicates_handed_over")
	if err != nil {
		return err
	}
	if c.Deletes, err = u.duplicates.WritePositionDeletes(ctx, catalog.RoyaltiesJob, files, rows); err != nil {
		return err
	}
	_, err = u.env.Lake.Commit(ctx, catalog.Duplicates, c)
	return err
}

// covers is the state of both tables.
func (u *update) covers() map[string]string {
	state := map[string]string{lake.StateKey(catalog.CoversListens): strconv.FormatInt(u.archive.ID(), 10)}
	if u.others > 0 {
		state[lake.StateKey(catalog.ChangedByOthers)] = strconv.FormatInt(u.others, 10)
	}
	return state
}

// coversHandingOver is the state of listens_duplicates: open while copies that count are still in it.
func (u *update) coversHandingOver(open bool) map[string]string {
	state := u.covers()
	state[lake.StateKey(catalog.HandsOver)] = "0"
	if open {
		state[lake.StateKey(catalog.HandsOver)] = "1"
	}
	return state
}

// moved says which days' winners are others, for those who keep sums of them. A rebuild does not know: what the ledger
// was is not looked at.
func (u *update) moved(ctx context.Context) (map[string]string, error) {
	state := u.covers()
	if u.rebuild {
		return state, nil
	}
	days := map[int]bool{}
	var day time.Time
	err := u.db.Each(ctx, "ledger/moved_days", nil, []any{&day}, func() error { days[lake.Day(day)] = true; return nil })
	state[catalog.MovedDays] = catalog.MovedDaysText(days)
	return state, err
}

func (u *update) commitLedger(ctx context.Context) error {
	state, err := u.moved(ctx)
	if err != nil {
		return err
	}
	after, c, err := u.commit(ctx, u.ledger, "ledger_inserts", "ledger/deletes", state)
	if err == nil {
		u.report.LedgerSnapshotID, u.report.Committed = after.ID(), true
		u.report.Counted, u.report.Replaced = rowsOf(c.Add), rowsOf(c.Deletes)
	}
	return err
}

// write writes the rows a table gains. Those of the ledger are many, so they go month by month, with the spans of days
// apart of which there are many, and each file is held against how many there are. They come nearly as the archive has
// them, which sorts by listener.
func (u *update) write(ctx context.Context, t *lake.Table, inserts string) (added []iceberg.DataFile, err error) {
	if t.Name() != catalog.ListensCounted {
		return u.db.Write(ctx, t, catalog.RoyaltiesJob, inserts)
	}
	months, err := u.gained(ctx)
	if err != nil {
		return nil, err
	}
	for _, month := range slices.Sorted(maps.Keys(months)) {
		spans := duck.Spans{Days: catalog.LedgerSpan, Rows: months[month], Many: catalog.LedgerSpanRows}
		files, err := u.db.WriteSpans(ctx, t, catalog.RoyaltiesJob, inserts, month, spans)
		if errors.Is(err, duck.ErrMiscounted) {
			err = lake.WithHint(errors.Join(jobs.ErrProof, err), "nothing was committed and the ledger is as it was; check the disk and the memory of this machine, then run the command again")
		}
		if err != nil {
			return nil, err
		}
		added = append(added, files...)
	}
	return added, nil
}

// gained are the months of event time of the rows that the ledger gains, each with how many are of a day.
func (u *update) gained(ctx context.Context) (map[lake.Month]map[int]int64, error) {
	months := map[lake.Month]map[int]int64{}
	var day, rows int64
	err := u.db.Each(ctx, "ledger/inserts_days", nil, []any{&day, &rows}, func() error {
		month := lake.MonthOf(lake.DayStart(int(day)))
		if months[month] == nil {
			months[month] = map[int]int64{}
		}
		months[month][int(day)] = rows
		return nil
	})
	return months, err
}

func rowsOf(files []iceberg.DataFile) (n int64) {
	for _, f := range files {
		n += f.Count()
	}
	return n
}

// commit writes a table's inserts and position deletes and commits them with the state as one snapshot.
func (u *update) commit(ctx context.Context, base lake.Snapshot, inserts, deletes string, state map[string]string) (after lake.Snapshot, c lake.Commit, err error) {
	c = lake.Commit{Job: catalog.RoyaltiesJob, Mends: u.rebuild, Stage: lake.IfUnmoved(base, state)}
	files, err := base.Files(ctx)
	if err != nil {
		return base, c, err
	}
	if c.Add, err = u.write(ctx, base.Table(), inserts); err != nil {
		return base, c, err
	}
	if u.rebuild {
		dead, err := base.DeleteFiles(ctx)
		if err != nil {
			return base, c, err
		}
		c.Remove = append(files, dead...)
	} else if c.Deletes, err = u.positionDeletes(ctx, base, files, deletes); err != nil {
		return base, c, err
	}
	after, err = u.env.Lake.Commit(ctx, base.Table().Name(), c)
	return after, c, err
}

func (u *update) positionDeletes(ctx context.Context, base lake.Snapshot, files []lake.File, deletes string) ([]iceberg.DataFile, error) {
	rows, err := u.db.Positions(ctx, files, deletes)
	if err != nil {
		return nil, err
	}
	return base.WritePositionDeletes(ctx, catalog.RoyaltiesJob, files, rows)
}
