package books

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs/royalty"
	"github.com/lakectl/lakectl/lake"
)

// owners tell whose a track is in a month.
type owners map[string][]ownership

type ownership struct {
	label    string
	from, to time.Time // first day, and the day after the last
}

// The days that stand for no begin and no end, as in sql/statement/tracks.sql.
var (
	sinceEver = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	forEver   = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
)

func validity(r catalog.TrackRow) (from, to time.Time) {
	from, to = sinceEver, forEver
	if r.ValidFrom != nil {
		from = *r.ValidFrom
	}
	if r.ValidTo != nil {
		to = *r.ValidTo
	}
	return from, to
}

// rank tells which of the rows of a track names it in a month: the one valid on the first day, of several the newest;
// else the first that becomes valid within the month. ok is false for a row that is not valid in it. The smallest rank
// decides.
func rank(from, to, first time.Time) (r [2]int64, ok bool) {
	if !from.Before(first.AddDate(0, 1, 0)) || !to.After(first) || !to.After(from) {
		return r, false
	}
	days := (from.Unix() - first.Unix()) / (24 * 60 * 60)
	if days > 0 {
		return [2]int64{1, days}, true
	}
	return [2]int64{0, -days}, true
}

func before(a, b [2]int64) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) }

// orNone orders texts with none last, as nulls are.
func orNone(a, b string) int {
	return cmp.Or(cmp.Compare(boolean(a == ""), boolean(b == "")), cmp.Compare(a, b))
}

func boolean(is bool) int {
	if is {
		return 1
	}
	return 0
}

// of is the label of a track in the month that begins on a day, "" for none.
func (o owners) of(track string, first time.Time) string {
	best, found := ownership{}, false
	var least [2]int64
	for _, one := range o[track] {
		r, ok := rank(one.from, one.to, first)
		if ok && (!found || cmp.Or(before(r, least), orNone(one.label, best.label)) < 0) {
			best, least, found = one, r, true
		}
	}
	return best.label
}

func (b *Books) ownersAt(ctx context.Context, tracks lake.Snapshot) (owners, error) {
	return b.reader.owners.of(strconv.FormatInt(tracks.ID(), 10), func() (owners, error) {
		rows, err := lake.ReadRecords[catalog.TrackRow](context.WithoutCancel(ctx), tracks, b.reader.env.Duck.Verify)
		if err != nil {
			return nil, err
		}
		o, labels := make(owners, len(rows)), map[string]string{}
		for _, r := range rows {
			label, ok := labels[r.LabelID]
			if !ok {
				label = r.LabelID
				labels[label] = label
			}
			from, to := validity(r)
			o[r.TrackID] = append(o[r.TrackID], ownership{label, from, to})
		}
		return o, nil
	})
}

// tracksOf is the reference data by which a statement is told, see the export: that of its close for ever.
func (b *Books) tracksOf(ctx context.Context, s Statement) (lake.Snapshot, error) {
	t, err := b.reader.env.Lake.Table(ctx, catalog.Tracks)
	if err != nil {
		return lake.Snapshot{}, err
	}
	pinned, err := royalty.PinnedBy(ctx, b.reader.env, s.closing)
	if err != nil {
		return lake.Snapshot{}, err
	}
	return s.closing.StatementAt(t, pinned)
}

// tracksOfPeriod is the same for a period that may be open: then the tracks are those of today.
func (b *Books) tracksOfPeriod(ctx context.Context, period string) (lake.Snapshot, error) {
	if s, closed := b.Statement(period); closed {
		return b.tracksOf(ctx, s)
	}
	return b.tracks, nil
}

// called are the names of some tracks in a month, for rows as an export writes them.
func (b *Books) called(ctx context.Context, tracks lake.Snapshot, want map[string]map[string]bool) (map[string]map[string]catalog.TrackRow, error) {
	rows, err := lake.ReadRecords[catalog.TrackRow](ctx, tracks, b.reader.env.Duck.Verify)
	if err != nil {
		return nil, err
	}
	names := map[string]map[string]catalog.TrackRow{}
	for month, ids := range want {
		first, err := firstDay(month)
		if err != nil {
			return nil, err
		}
		names[month] = map[string]catalog.TrackRow{}
		least := map[string][2]int64{}
		for _, row := range rows {
			if !ids[row.TrackID] {
				continue
			}
			from, to := validity(row)
			r, ok := rank(from, to, first)
			best, found := names[month][row.TrackID]
			if ok && (!found || cmp.Or(before(r, least[row.TrackID]), orNone(row.LabelID, best.LabelID), orNone(row.Title, best.Title), orNone(row.ISRC, best.ISRC)) < 0) {
				names[month][row.TrackID], least[row.TrackID] = row, r
			}
		}
	}
	return names, nil
}

func firstDay(period string) (time.Time, error) {
	month, err := lake.ParseMonth(period)
	if err != nil {
		return time.Time{}, fmt.Errorf("period %q: %w", period, err)
	}
	return month.Start(), nil
}
