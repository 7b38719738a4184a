package serve

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/lakectl/lakectl/jobs/serve/books"
	"github.com/lakectl/lakectl/lake"
)

// lines answers with one statement: its sums, and what each track got of each pool, or in all.
type lines struct {
	heading
	closedPeriod
	Pools []line `json:"pools"` // of all tracks
	By    string `json:"by"`    // pool: a line is a track in a pool; track: a track in a currency
	Count int    `json:"count"` // of lines on all pages
	Lines []line `json:"lines"` // most money first
	Next  string `json:"next,omitempty"`
}

// line is what a track, a pool, or a track in a pool comes to. Published and adjusted sum to now.
type line struct {
	ArtistID string `json:"artist_id,omitempty"`
	TrackID  string `json:"track_id,omitempty"`
	Title    string `json:"title,omitempty"`
	Country  string `json:"country,omitempty"` // of the pool, * for any
	Tier     string `json:"tier,omitempty"`
	Currency string `json:"currency,omitempty"` // none: the track was heard and no pool paid for it
	// Listens are those of the royalty lines, the same for every currency. Null for pools, which overlap.
	Listens   *int64 `json:"listens"`
	Qualified int64  `json:"qualified_listens"` // as published
	Published minor  `json:"published_minor"`
	Adjusted  minor  `json:"adjusted_minor"`
	Now       minor  `json:"now_minor"`
}

func (l line) key() string {
	return strings.Join([]string{l.ArtistID, l.TrackID, l.Country, l.Tier, l.Currency}, "\x1f")
}

func (l lines) header() []string {
	return []string{"artist_id", "track_id", "title", "country", "tier", "currency", "listens", "qualified_listens", "published_minor", "adjusted_minor", "now_minor"}
}

func (l lines) rows() [][]string {
	list := make([][]string, len(l.Lines))
	for i, r := range l.Lines {
		listens := ""
		if r.Listens != nil {
			listens = number(*r.Listens)
		}
		list[i] = []string{r.ArtistID, r.TrackID, r.Title, r.Country, r.Tier, r.Currency, listens, number(r.Qualified), r.Published.String(), r.Adjusted.String(), r.Now.String()}
	}
	return list
}

// gathered are lines by their keys.
type gathered map[string]*line

func (g gathered) of(l line) *line {
	k := l.key()
	if g[k] == nil {
		g[k] = &l
	}
	return g[k]
}

func (g gathered) list() []line {
	list := make([]line, 0, len(g))
	for _, l := range g {
		l.Now = l.Published + l.Adjusted
		list = append(list, *l)
	}
	slices.SortFunc(list, func(a, b line) int { return cmp.Or(cmp.Compare(b.Now, a.Now), strings.Compare(a.key(), b.key())) })
	return list
}

func (a *account) lines(ctx context.Context, of books.Statement) (lines, error) {
	l := lines{heading: a.heading(), By: a.by, Pools: []line{}, Lines: []line{}}
	all, err := a.books.Posted(ctx, a.holder)
	if err != nil {
		return l, err
	}
	if l.closedPeriod, err = a.statement(ctx, of, all); err != nil {
		return l, err
	}
	for _, one := range l.Amounts {
		if len(one.Posted) > 0 {
			l.Status = corrected
		}
	}
	byLine, byPool, err := a.gather(ctx, of, all)
	if err != nil {
		return l, err
	}
	l.Pools = byPool.list()
	list := byLine.list()
	l.Count = len(list)
	if l.Lines, l.Next, err = pageOf(&a.question, a.books.Tag()+a.by, list, line.key); err != nil {
		return l, err
	}
	until, err := lake.ParseMonth(of.Period)
	for i := range l.Lines {
		if named, ok := a.cut.Names.Track(l.Lines[i].TrackID, until.End().Add(-time.Nanosecond)); ok {
			l.Lines[i].Title = named.Title
		}
	}
	return l, err
}

// gather sums payouts and what was posted of a statement: by line, and by pool.
func (a *account) gather(ctx context.Context, of books.Statement, all []books.Posted) (byLine, byPool gathered, err error) {
	byLine, byPool = gathered{}, gathered{}
	paid, err := a.books.Paid(ctx, of, a.holder)
	if err != nil {
		return nil, nil, err
	}
	place := func(artist, track, country, tier, currency string) (*line, *line) {
		pool := byPool.of(line{Country: country, Tier: tier, Currency: currency})
		if a.by == "track" {
			return byLine.of(line{ArtistID: artist, TrackID: track, Currency: currency}), pool
		}
		return byLine.of(line{ArtistID: artist, TrackID: track, Country: country, Tier: tier, Currency: currency}), pool
	}
	for _, p := range paid {
		one, pool := place(p.Artist, p.Track, p.Country, p.Tier, p.Currency)
		one.Qualified += p.Qualified
		one.Published += minor(p.Minor)
		pool.Qualified += p.Qualified
		pool.Published += minor(p.Minor)
	}
	for _, p := range all {
		if p.Origin == of.Period {
			one, pool := place(p.Artist, p.Track, p.Country, p.Tier, p.Currency)
			one.Adjusted += minor(p.Minor)
			pool.Adjusted += minor(p.Minor)
		}
	}
	if a.by == "track" {
		err = a.heard(ctx, of, byLine)
	}
	return byLine, byPool, err
}

// heard fills in the listens of the royalty lines. Pools overlap, so theirs are not summed. A track that no pool paid
// for is a line without money.
func (a *account) heard(ctx context.Context, of books.Statement, byLine gathered) error {
	usage, err := a.books.Usage(ctx, of, a.holder)
	if err != nil {
		return err
	}
	type track struct{ artist, id string }
	listens, qualified := map[track]int64{}, map[track]int64{}
	for _, u := range usage {
		listens[track{u.Artist, u.Track}] += u.Listens
		qualified[track{u.Artist, u.Track}] += u.Qualified
	}
	paid := map[track]bool{}
	for _, l := range byLine {
		paid[track{l.ArtistID, l.TrackID}] = true
	}
	for t := range listens {
		if !paid[t] {
			byLine.of(line{ArtistID: t.artist, TrackID: t.id})
		}
	}
	for _, l := range byLine {
		n := listens[track{l.ArtistID, l.TrackID}]
		l.Listens, l.Qualified = &n, qualified[track{l.ArtistID, l.TrackID}]
	}
	return nil
}
