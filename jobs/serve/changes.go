package serve

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/lakectl/lakectl/jobs/serve/books"
	"github.com/lakectl/lakectl/jobs/serve/cut"
	"github.com/lakectl/lakectl/jobs/serve/figures"
	"github.com/lakectl/lakectl/lake"
)

// changes answers with what changed in the days of a range after they had ended, and in the statements of its months.
type changes struct {
	envelope
	Count   int      `json:"count"` // of changes on all pages
	Changes []change `json:"changes"`
	Next    string   `json:"next,omitempty"`
}

// The kinds of figures that change.
const (
	ofDay       = "day"
	ofStatement = "statement"
)

// change is a figure before and after what was noticed on one UTC day, and causes that sum to the difference. The
// changes of one figure chain: what one leaves is what the next one finds, up to the figure as it is. What cancels is
// left out, which breaks no chain: causes that come to nothing, and changes that leave the figure as they found it.
type change struct {
	Kind     string    `json:"kind"`               // day or statement
	Day      string    `json:"day,omitempty"`      // of a day
	Period   string    `json:"period,omitempty"`   // of a statement
	Currency string    `json:"currency,omitempty"` // of a statement
	Before   *int64    `json:"plays_before,omitempty"`
	After    *int64    `json:"plays_after,omitempty"`
	Was      *minor    `json:"minor_before,omitempty"`
	Is       *minor    `json:"minor_after,omitempty"`
	Noticed  time.Time `json:"noticed_at"` // the newest cause
	Causes   []cause   `json:"causes"`
}

// cause is a part of a change: plays of a day, an amount of a statement.
type cause struct {
	Cause  string `json:"cause"`
	Plays  *int64 `json:"plays,omitempty"`
	Millis *int64 `json:"ms_played,omitempty"`
	Minor  *minor `json:"amount_minor,omitempty"`
	To     string `json:"posted_period,omitempty"` // the period that pays it
}

func (c changes) header() []string {
	return []string{"kind", "day_or_period", "currency", "before", "after", "cause", "change", "ms_played", "noticed_at"}
}

func (c changes) rows() [][]string {
	var list [][]string
	for _, d := range c.Changes {
		for _, why := range d.Causes {
			row := []string{d.Kind, d.Day + d.Period, d.Currency, "", "", why.Cause, "", "", d.Noticed.Format(time.RFC3339)}
			if d.Kind == ofDay {
				row[3], row[4], row[6], row[7] = number(*d.Before), number(*d.After), number(*why.Plays), number(*why.Millis)
			} else {
				row[3], row[4], row[6] = d.Was.String(), d.Is.String(), why.Minor.String()
			}
			list = append(list, row)
		}
	}
	return list
}

// key names a change among all of a subject.
func (c change) key() string {
	return strings.Join([]string{c.Kind, c.Day, c.Period, c.Currency, c.Noticed.Format(time.DateOnly)}, "\x1f")
}

// account are the books for a question about plays that shows statements too.
func (q *question) account(ctx context.Context) (*account, error) {
	b, err := q.ledger.Newest(ctx)
	if err != nil {
		return nil, err
	}
	q.tag = b.Tag()
	return &account{question: *q, books: b, holder: books.Holder{Kind: q.of.kind, ID: q.of.id}}, nil
}

// changes are those of days, and of the statements of an account, nil for none.
func (q *question) changes(ctx context.Context, a *account) (changes, error) {
	c := changes{Changes: []change{}}
	var err error
	if c.envelope, err = q.envelope(ctx); err != nil {
		return c, err
	}
	all, err := q.dayChanges(ctx)
	if err != nil {
		return c, err
	}
	tag := q.cut.Tag()
	if a != nil {
		paid, err := a.statementChanges(ctx)
		if err != nil {
			return c, err
		}
		all, tag = append(all, paid...), tag+"-"+a.books.Tag()
	}
	slices.SortFunc(all, func(a, b change) int {
		return cmp.Or(
			strings.Compare(b.Noticed.Format(time.DateOnly), a.Noticed.Format(time.DateOnly)), strings.Compare(b.Kind, a.Kind),
			strings.Compare(b.Day+b.Period, a.Day+a.Period), strings.Compare(a.Currency, b.Currency))
	})
	c.Count = len(all)
	list, next, err := pageOf(q, tag, all, change.key)
	c.Changes, c.Next = append(c.Changes, list...), next
	return c, err
}

// dayChanges are the changes of days: one for each UTC day on which something was noticed.
func (q *question) dayChanges(ctx context.Context) ([]change, error) {
	rows, err := q.changed(ctx)
	if err != nil {
		return nil, err
	}
	plays, err := q.plays(ctx, q.span)
	if err != nil {
		return nil, err
	}
	now := map[time.Time]int64{}
	for _, p := range plays {
		if q.share != nil || q.onlyTrack == "" || p.Track == q.onlyTrack { // a share is the track's alone
			now[p.Day] += p.Plays
		}
	}
	steps := map[time.Time]map[time.Time]*change{} // by day and day of notice
	for _, r := range rows {
		if q.onlyTrack != "" && r.Track != q.onlyTrack {
			continue
		}
		noticed := figures.Day.Start(r.Noticed)
		if steps[r.Day] == nil {
			steps[r.Day] = map[time.Time]*change{}
		}
		if steps[r.Day][noticed] == nil {
			steps[r.Day][noticed] = &change{Kind: ofDay, Day: r.Day.Format(time.DateOnly)}
		}
		steps[r.Day][noticed].addPlays(r.Cause, r.Plays, r.Millis, r.Noticed)
	}
	var list []change
	for day, byNotice := range steps {
		chain := inTime(byNotice)
		after := now[day]
		for _, c := range slices.Backward(chain) {
			if c.cancels() {
				continue
			}
			before := after
			for _, why := range c.Causes {
				before -= *why.Plays
			}
			c.Before, c.After = &before, new(int64)
			*c.After, after = after, before
			list = append(list, *c)
		}
	}
	return list, nil
}

func (c *change) addPlays(why string, plays, millis int64, noticed time.Time) {
	at := slices.IndexFunc(c.Causes, func(of cause) bool { return of.Cause == why })
	if at < 0 {
		at, c.Causes = len(c.Causes), append(c.Causes, cause{Cause: why, Plays: new(int64), Millis: new(int64)})
	}
	*c.Causes[at].Plays += plays
	*c.Causes[at].Millis += millis
	c.noticed(noticed)
}

// cancels drops the causes that come to nothing, and tells whether together they change neither plays nor the time
// heard, or no amount.
func (c *change) cancels() bool {
	var plays, millis int64
	var amount minor
	c.Causes = slices.DeleteFunc(c.Causes, func(why cause) bool {
		if why.Minor != nil {
			amount += *why.Minor
			return *why.Minor == 0
		}
		plays, millis = plays+*why.Plays, millis+*why.Millis
		return *why.Plays == 0 && *why.Millis == 0
	})
	return plays == 0 && millis == 0 && amount == 0
}

func (c *change) noticed(at time.Time) {
	if at.After(c.Noticed) {
		c.Noticed = at
	}
	slices.SortStableFunc(c.Causes, func(a, b cause) int { return cmp.Or(strings.Compare(a.Cause, b.Cause), strings.Compare(a.To, b.To)) })
}

// moved tells whether rows of changes moved the figure of any track on any day on which something was noticed.
func moved(rows []cut.Change) bool {
	type figure struct {
		day, noticed time.Time
		track        string
	}
	type amount struct{ plays, millis int64 }
	sums := map[figure]amount{}
	for _, r := range rows {
		of := figure{r.Day, figures.Day.Start(r.Noticed), r.Track}
		sums[of] = amount{sums[of].plays + r.Plays, sums[of].millis + r.Millis}
	}
	for _, sum := range sums {
		if sum != (amount{}) {
			return true
		}
	}
	return false
}

// inTime are the steps of one figure, oldest first.
func inTime(steps map[time.Time]*change) []*change {
	list := make([]*change, 0, len(steps))
	for _, c := range steps {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b *change) int { return a.Noticed.Compare(b.Noticed) })
	return list
}

// statementChanges are the changes of statements of months that lie in the range, at least in part: one for each UTC
// day on which something was posted.
func (a *account) statementChanges(ctx context.Context) ([]change, error) {
	if a.of.artist != "" { // an artist of a label: statements are made out to the label
		return nil, nil
	}
	all, err := a.books.Posted(ctx, a.holder)
	if err != nil {
		return nil, err
	}
	type figure struct{ period, currency string }
	steps := map[figure]map[time.Time]*change{}
	for _, p := range all {
		month, err := lake.ParseMonth(p.Origin)
		if err != nil || !month.Start().Before(a.span.To) || !month.End().After(a.span.From) || a.onlyTrack != "" && p.Track != a.onlyTrack {
			continue
		}
		of, posted := figure{p.Origin, p.Currency}, figures.Day.Start(p.At)
		if steps[of] == nil {
			steps[of] = map[time.Time]*change{}
		}
		if steps[of][posted] == nil {
			steps[of][posted] = &change{Kind: ofStatement, Period: p.Origin, Currency: p.Currency}
		}
		steps[of][posted].addMoney(p)
	}
	var list []change
	for of, byDay := range steps {
		before, err := a.published(ctx, of.period, of.currency)
		if err != nil {
			return nil, err
		}
		for _, c := range inTime(byDay) {
			if c.cancels() {
				continue
			}
			after := before
			for _, why := range c.Causes {
				after += *why.Minor
			}
			c.Was, c.Is = new(minor), new(minor)
			*c.Was, *c.Is = before, after
			before = after
			list = append(list, *c)
		}
	}
	return list, nil
}

func (c *change) addMoney(p books.Posted) {
	at := slices.IndexFunc(c.Causes, func(of cause) bool { return of.Cause == p.Cause && of.To == p.To })
	if at < 0 {
		at, c.Causes = len(c.Causes), append(c.Causes, cause{Cause: p.Cause, To: p.To, Minor: new(minor)})
	}
	*c.Causes[at].Minor += minor(p.Minor)
	c.noticed(p.At)
}

// published is what a statement paid when it was closed: of one track, where one is asked for.
func (a *account) published(ctx context.Context, period, currency string) (sum minor, err error) {
	of, ok := a.books.Statement(period)
	if !ok {
		return 0, nil
	}
	if a.onlyTrack == "" {
		sums, err := a.books.Sums(ctx, of, a.holder)
		for _, m := range sums {
			if m.Currency == currency {
				sum += minor(m.Minor)
			}
		}
		return sum, err
	}
	paid, err := a.books.Paid(ctx, of, a.holder)
	for _, p := range paid {
		if p.Track == a.onlyTrack && p.Currency == currency {
			sum += minor(p.Minor)
		}
	}
	return sum, err
}
