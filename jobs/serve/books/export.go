package books

import (
	"cmp"
	"context"
	"database/sql"
	"slices"

	"github.com/lakectl/lakectl/jobs/royalty"
	"github.com/lakectl/lakectl/jobs/royalty/statement"
	"github.com/lakectl/lakectl/lake/seek"
)

// Delivery is what a file of a statement says it is.
func (s Statement) Delivery(h Holder, format, sender string) statement.Delivery {
	return statement.Delivery{RunID: s.RunID, Period: s.Period, FinishedAt: s.run.FinishedAt, Version: s.Version, By: h.Kind, Format: format, Sender: sender}
}

func number(n int64) sql.NullInt64 { return sql.NullInt64{Int64: n, Valid: true} }

// Rows are the rows of a statement for a holder as an export writes them, in their order: what was paid, what was
// posted to the period for earlier ones, and where an artist's tracks were heard.
func (b *Books) Rows(ctx context.Context, s Statement, h Holder, usage bool) ([]statement.Row, error) {
	paid, err := b.Paid(ctx, s, h)
	if err != nil {
		return nil, err
	}
	var rows []statement.Row
	for _, p := range paid {
		rows = append(rows, statement.Row{
			Kind: statement.KindPayout, OriginPeriod: s.Period, ArtistID: p.Artist, TrackID: p.Track, Country: p.Country, Tier: p.Tier, Currency: p.Currency,
			QualifiedListens: number(p.Qualified), AmountMinor: number(p.Minor),
		})
	}
	carried, err := b.Carried(ctx, s, h)
	if err != nil {
		return nil, err
	}
	rows = append(rows, adjustmentRows(carried)...)
	if usage && h.Kind == Artist {
		lines, err := b.Usage(ctx, s, h)
		if err != nil {
			return nil, err
		}
		for _, u := range lines {
			rows = append(rows, statement.Row{
				Kind: statement.KindUsage, OriginPeriod: s.Period, ArtistID: u.Artist, TrackID: u.Track, Country: u.Country, Tier: u.Tier,
				Listens: number(u.Listens), QualifiedListens: number(u.Qualified),
			})
		}
	}
	return rows, b.name(ctx, s, h, rows)
}

// adjustmentRows are the sums of what was posted, one for each key and cause.
func adjustmentRows(posted []Posted) []statement.Row {
	type key struct{ origin, artist, track, country, tier, currency, cause string }
	at, rows := map[key]int{}, []statement.Row(nil)
	for _, p := range posted {
		k := key{p.Origin, p.Artist, p.Track, p.Country, p.Tier, p.Currency, p.Cause}
		if n, ok := at[k]; ok {
			rows[n].QualifiedListens.Int64 += p.Qualified
			rows[n].AmountMinor.Int64 += p.Minor
			continue
		}
		at[k] = len(rows)
		rows = append(rows, statement.Row{
			Kind: statement.KindAdjustment, OriginPeriod: p.Origin, ArtistID: p.Artist, TrackID: p.Track, Country: p.Country, Tier: p.Tier,
			Currency: p.Currency, QualifiedListens: number(p.Qualified), AmountMinor: number(p.Minor), Cause: p.Cause,
		})
	}
	return rows
}

// name fills in who the holder is and what the tracks are called, and puts the rows in order.
func (b *Books) name(ctx context.Context, s Statement, h Holder, rows []statement.Row) error {
	tracks, err := b.tracksOf(ctx, s)
	if err != nil {
		return err
	}
	want := map[string]map[string]bool{}
	for _, r := range rows {
		if want[r.OriginPeriod] == nil {
			want[r.OriginPeriod] = map[string]bool{}
		}
		want[r.OriginPeriod][r.TrackID] = true
	}
	names, err := b.called(ctx, tracks, want)
	if err != nil {
		return err
	}
	holder := ""
	for i := range rows {
		r := &rows[i]
		n := names[r.OriginPeriod][r.TrackID]
		r.HolderID, r.Title, r.ArtistName, r.ISRC = h.ID, n.Title, n.ArtistName, n.ISRC
		name := n.ArtistName
		if h.Kind == Label {
			name = n.LabelName
		}
		if name != "" && (holder == "" || name < holder) {
			holder = name
		}
	}
	for i := range rows {
		rows[i].HolderName = holder
	}
	slices.SortFunc(rows, inOrder)
	return nil
}

var kinds = []string{statement.KindPayout, statement.KindAdjustment, statement.KindUsage}

// inOrder is the order of sql/statement/rows.sql.
func inOrder(a, b statement.Row) int {
	return cmp.Or(
		cmp.Compare(slices.Index(kinds, a.Kind), slices.Index(kinds, b.Kind)), cmp.Compare(a.OriginPeriod, b.OriginPeriod), cmp.Compare(a.ArtistID, b.ArtistID),
		cmp.Compare(a.TrackID, b.TrackID), cmp.Compare(a.Country, b.Country), cmp.Compare(a.Tier, b.Tier), cmp.Compare(a.Currency, b.Currency), cmp.Compare(a.Cause, b.Cause))
}

// Carried are the differences of earlier periods that a statement pays, as its tag has them.
func (b *Books) Carried(ctx context.Context, s Statement, h Holder) ([]Posted, error) {
	at, err := royalty.Register{Closed: map[string]royalty.Closing{s.Period: s.closing}}.PostedTo(ctx, b.reader.env, s.run)
	if err != nil {
		return nil, err
	}
	var owner owners
	artist := h.ID
	if h.Kind == Label {
		artist = ""
		tracks, err := b.tracksOf(ctx, s)
		if err != nil {
			return nil, err
		}
		if owner, err = b.ownersAt(ctx, tracks); err != nil {
			return nil, err
		}
	}
	var list []Posted
	var wrong error
	err = b.each(ctx, at, postedColumns, s.Period, artist, func(artist string, r seek.Row) {
		if !isPosted(r) {
			return
		}
		p := postedOf(artist, r)
		if owner != nil {
			first, err := firstDay(p.Origin)
			if err != nil {
				wrong = err
			}
			if owner.of(p.Track, first) != h.ID {
				return
			}
		}
		if list = append(list, p); len(list) > MostRows {
			wrong = ErrTooLarge
		}
	})
	return list, cmp.Or(err, wrong)
}
