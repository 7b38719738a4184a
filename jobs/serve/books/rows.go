package books

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/seek"
)

// Holder is who a statement is for.
type Holder struct{ Kind, ID string }

// The kinds of holders.
const (
	Artist = "artist"
	Label  = "label"
)

// MostRows is how many rows of one table a statement may have here.
const MostRows = 100_000

// Paid is a track's share of a pool in a statement.
type Paid struct {
	Artist, Track, Country, Tier, Currency string
	Qualified                              int64 // listens
	Minor                                  int64 // minor units of the currency
}

// Usage is a royalty line of a statement.
type Usage struct {
	Artist, Track, Country, Tier string
	Listens, Qualified           int64
}

// Posted is a difference to a closed period, with its cause.
type Posted struct {
	Origin, To                             string // the period it corrects, and the one that pays it
	Artist, Track, Country, Tier, Currency string
	Cause                                  string
	Qualified                              int64 // listens, signed
	Minor                                  int64 // minor units of the currency, signed
	At                                     time.Time
}

// Money is an amount in minor units of a currency.
type Money struct {
	Currency string
	Minor    int64
}

// ErrTooLarge says that a statement has more than [MostRows].
var ErrTooLarge = fmt.Errorf("a statement of more than %d rows", MostRows)

// The columns that are read of each table; the period comes first.
var (
	paidColumns   = []string{"period", "track_id", "country", "tier", "currency", "qualified_listens", "amount_minor"}
	usageColumns  = []string{"period", "track_id", "country", "tier", "listens", "qualified_listens"}
	postedColumns = []string{"posted_period", "origin_period", "kind", "track_id", "country", "tier", "currency", "cause", "qualified_listens", "amount_minor", "posted_at"}
)

// at is a table as a snapshot had it.
func (b *Books) at(ctx context.Context, table string, id int64) (lake.Snapshot, error) {
	t, err := b.reader.env.Lake.Table(ctx, table)
	if err != nil {
		return lake.Snapshot{}, err
	}
	return t.ByID(id)
}

// each visits the rows of a table in one period, or in all for "": those of an artist, or all for "".
func (b *Books) each(ctx context.Context, s lake.Snapshot, columns []string, period, artist string, visit func(artist string, r seek.Row)) error {
	if s.ID() == 0 {
		return nil
	}
	in := func(partition any) bool { return period == "" || partition == period }
	only := func(artist string, r seek.Row) {
		if period == "" || r.Text(0) == period {
			visit(artist, r)
		}
	}
	if artist != "" {
		v, err := b.reader.views.of(fmt.Sprintf("%s:%d", s.Table().Name(), s.ID()), func() (*seek.View, error) {
			return b.reader.seek.Open(context.WithoutCancel(ctx), s, "artist_id", columns...)
		})
		if err != nil {
			return err
		}
		return v.Rows(ctx, artist, in, func(r seek.Row) { only(artist, r) })
	}
	files, err := s.Files(ctx)
	if err != nil {
		return err
	}
	deleted, err := s.DeletedRows(ctx, b.reader.env.Duck.Verify, files)
	if err != nil {
		return err
	}
	all := append(slices.Clone(columns), "artist_id")
	for _, f := range files {
		if p := lake.PartitionValue(f); p != (lake.Unknown{}) && !in(p) {
			continue
		}
		if err := seek.Scan(ctx, s, f, deleted[f.FilePath()], all, func(r seek.Row) { only(r.Text(len(columns)), r) }); err != nil {
			return err
		}
	}
	return nil
}

// of are rows of a statement that are a holder's. An artist's are found, a label's are kept.
func of[R any](ctx context.Context, b *Books, k *kept[[]R], s Statement, h Holder, table string, id int64, columns []string, row func(string, seek.Row) (R, string)) ([]R, error) {
	at, err := b.at(ctx, table, id)
	if err != nil {
		return nil, err
	}
	if h.Kind == Artist {
		var list []R
		err := b.each(ctx, at, columns, s.Period, h.ID, func(artist string, r seek.Row) {
			one, _ := row(artist, r)
			list = append(list, one)
		})
		return list, err
	}
	return k.of(fmt.Sprintf("%s:%s", s.RunID, h.ID), func() ([]R, error) {
		ctx := context.WithoutCancel(ctx)
		theirs, err := b.labelOf(ctx, s)
		if err != nil {
			return nil, err
		}
		var list []R
		err = b.each(ctx, at, columns, s.Period, "", func(artist string, r seek.Row) {
			if one, track := row(artist, r); theirs(track) == h.ID && len(list) <= MostRows {
				list = append(list, one)
			}
		})
		if err == nil && len(list) > MostRows {
			err = ErrTooLarge
		}
		return list, err
	})
}

// labelOf tells whose a track is by a statement.
func (b *Books) labelOf(ctx context.Context, s Statement) (func(track string) string, error) {
	first, err := firstDay(s.Period)
	if err != nil {
		return nil, err
	}
	tracks, err := b.tracksOf(ctx, s)
	if err != nil {
		return nil, err
	}
	owners, err := b.ownersAt(ctx, tracks)
	return func(track string) string { return owners.of(track, first) }, err
}

// LaterTracks counts the tracks of corrections to a statement that were not the holder's when the period was closed:
// what they were paid until then is in no statement of the holder.
func (b *Books) LaterTracks(ctx context.Context, s Statement, h Holder, posted []Posted) (int, error) {
	if h.Kind == Artist || !slices.ContainsFunc(posted, func(p Posted) bool { return p.Origin == s.Period }) {
		return 0, nil
	}
	owner, err := b.labelOf(ctx, s)
	if err != nil {
		return 0, err
	}
	later := map[string]bool{}
	for _, p := range posted {
		if p.Origin == s.Period && owner(p.Track) != h.ID {
			later[p.Track] = true
		}
	}
	return len(later), nil
}

func paidOf(artist string, r seek.Row) (Paid, string) {
	return Paid{artist, r.Text(1), r.Text(2), r.Text(3), r.Text(4), r.Number(5), r.Number(6)}, r.Text(1)
}

// Paid are the payouts of a statement to a holder, in no order.
func (b *Books) Paid(ctx context.Context, s Statement, h Holder) ([]Paid, error) {
	return of(ctx, b, b.reader.paid, s, h, catalog.RoyaltyPayouts, s.run.PayoutsSnapshotID, paidColumns, paidOf)
}

// Usage are the lines of a statement of a holder's tracks, in no order.
func (b *Books) Usage(ctx context.Context, s Statement, h Holder) ([]Usage, error) {
	return of(ctx, b, b.reader.usage, s, h, catalog.RoyaltyLines, s.run.LinesSnapshotID, usageColumns, func(artist string, r seek.Row) (Usage, string) {
		return Usage{artist, r.Text(1), r.Text(2), r.Text(3), r.Number(4), r.Number(5)}, r.Text(1)
	})
}

// Qualifying are the listens of an artist's track in a month, and those of them that qualify, by the newest run. ok is
// false where no run has the month.
func (b *Books) Qualifying(ctx context.Context, artist, track, period string) (listens, qualified int64, ok bool, err error) {
	newest, ok := b.latest[period]
	if !ok {
		return 0, 0, false, nil
	}
	at, err := b.at(ctx, catalog.RoyaltyLines, newest.Lines)
	if errors.Is(err, lake.ErrExpired) {
		return 0, 0, false, nil
	}
	if err != nil {
		return 0, 0, false, err
	}
	err = b.each(ctx, at, usageColumns, period, artist, func(_ string, r seek.Row) {
		if r.Text(1) == track {
			listens += r.Number(4)
			qualified += r.Number(5)
		}
	})
	return listens, qualified, true, err
}

// Sums are what the payouts of a statement to a holder come to, by currency.
func (b *Books) Sums(ctx context.Context, s Statement, h Holder) ([]Money, error) {
	if h.Kind == Artist {
		list, err := b.Paid(ctx, s, h)
		sums := map[string]int64{}
		for _, p := range list {
			sums[p.Currency] += p.Minor
		}
		return moneyOf(sums), err
	}
	all, err := b.reader.sums.of(s.RunID, func() (map[string][]Money, error) { return b.labelSums(context.WithoutCancel(ctx), s) })
	return all[h.ID], err
}

// labelSums are what the payouts of a statement come to for every label.
func (b *Books) labelSums(ctx context.Context, s Statement) (map[string][]Money, error) {
	at, err := b.at(ctx, catalog.RoyaltyPayouts, s.run.PayoutsSnapshotID)
	if err != nil {
		return nil, err
	}
	theirs, err := b.labelOf(ctx, s)
	if err != nil {
		return nil, err
	}
	sums := map[string]map[string]int64{}
	err = b.each(ctx, at, paidColumns, s.Period, "", func(artist string, r seek.Row) {
		p, track := paidOf(artist, r)
		label := theirs(track)
		if sums[label] == nil {
			sums[label] = map[string]int64{}
		}
		sums[label][p.Currency] += p.Minor
	})
	list := make(map[string][]Money, len(sums))
	for label, of := range sums {
		list[label] = moneyOf(of)
	}
	return list, err
}

func moneyOf(sums map[string]int64) []Money {
	var list []Money
	for currency, minor := range sums {
		list = append(list, Money{currency, minor})
	}
	slices.SortFunc(list, func(a, b Money) int { return cmp.Compare(a.Currency, b.Currency) })
	return list
}

// Posted are the differences to closed periods that were posted for a holder, in no order.
func (b *Books) Posted(ctx context.Context, h Holder) ([]Posted, error) {
	if h.Kind == Artist {
		var list []Posted
		err := b.each(ctx, b.adjustments, postedColumns, "", h.ID, func(artist string, r seek.Row) {
			if isPosted(r) {
				list = append(list, postedOf(artist, r))
			}
		})
		return list, err
	}
	return b.reader.posted.of(b.Tag()+":"+h.ID, func() ([]Posted, error) { return b.postedToLabel(context.WithoutCancel(ctx), h.ID) })
}

// isPosted tells whether a row is a payout's, and not one that an earlier version held back there.
func isPosted(r seek.Row) bool { return r.Text(2) == "payout" && r.Text(0) != "pending" }

func postedOf(artist string, r seek.Row) Posted {
	return Posted{
		To: r.Text(0), Origin: r.Text(1), Artist: artist, Track: r.Text(3), Country: r.Text(4), Tier: r.Text(5), Currency: r.Text(6), Cause: r.Text(7),
		Qualified: r.Number(8), Minor: r.Number(9), At: time.UnixMicro(r.Number(10)).UTC(),
	}
}

func (b *Books) postedToLabel(ctx context.Context, label string) (list []Posted, err error) {
	byPeriod, first := map[string]owners{}, map[string]time.Time{}
	ownerOf := func(p Posted) (string, error) {
		o, ok := byPeriod[p.To]
		if !ok {
			tracks, err := b.tracksOfPeriod(ctx, p.To)
			if err != nil {
				return "", err
			}
			if o, err = b.ownersAt(ctx, tracks); err != nil {
				return "", err
			}
			byPeriod[p.To] = o
		}
		if _, ok := first[p.Origin]; !ok {
			day, err := firstDay(p.Origin)
			if err != nil {
				return "", err
			}
			first[p.Origin] = day
		}
		return o.of(p.Track, first[p.Origin]), nil
	}
	var wrong error
	err = b.each(ctx, b.adjustments, postedColumns, "", "", func(artist string, r seek.Row) {
		if !isPosted(r) || wrong != nil {
			return
		}
		one := postedOf(artist, r)
		owner, err := ownerOf(one)
		switch {
		case err != nil:
			wrong = err
		case owner == label && len(list) > MostRows:
			wrong = ErrTooLarge
		case owner == label:
			list = append(list, one)
		}
	})
	return list, errors.Join(err, wrong)
}
