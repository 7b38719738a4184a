package serve

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/lakectl/lakectl/jobs/serve/page"
	"github.com/lakectl/lakectl/lake"
)

// pageOfChanges is how many changes a page has.
const pageOfChanges = 50

func (v *viewer) changes(ctx context.Context) (any, error) {
	a, err := v.account(ctx)
	if err != nil {
		return nil, err
	}
	if v.limit == standardLimit {
		v.limit = pageOfChanges
	}
	list, err := v.question.changes(ctx, a)
	if err != nil {
		return nil, err
	}
	c := page.Changes{Frame: v.frame(), Tracks: v.choices(), Track: v.onlyTrack, Count: list.Count, Paging: v.paging(v.pageQuery)}
	for _, one := range list.Changes {
		title := "Noticed on " + page.Day(one.Noticed, v.now)
		if n := len(c.Groups); n == 0 || c.Groups[n-1].Title != title {
			c.Groups = append(c.Groups, page.ChangeGroup{Title: title})
		}
		last := &c.Groups[len(c.Groups)-1]
		last.List = append(last.List, v.changeList([]change{one})...)
	}
	return c, nil
}

// choices are the tracks of the range, by title. A label has too many for a list: its track pages lead here.
func (v *viewer) choices() []page.Choice {
	titles := map[string]string{}
	for _, p := range v.plays {
		if v.share == nil {
			titles[p.Track] = v.title(p.Track)
		}
	}
	if v.onlyTrack != "" {
		titles[v.onlyTrack] = v.title(v.onlyTrack)
	}
	list := make([]page.Choice, 0, len(titles))
	for _, id := range slices.Sorted(maps.Keys(titles)) {
		list = append(list, page.Choice{ID: id, Title: titles[id], Current: id == v.onlyTrack})
	}
	slices.SortStableFunc(list, func(a, b page.Choice) int { return strings.Compare(a.Title, b.Title) })
	return list
}

// title is what a track is called at the end of the range, else its id.
func (v *viewer) title(track string) string {
	if row, ok := v.cut.Names.Track(track, v.span.To.Add(-1)); ok && row.Title != "" {
		return row.Title
	}
	return track
}

// changeList puts changes into words.
func (v *viewer) changeList(changed []change) []page.Change {
	list := make([]page.Change, 0, len(changed))
	for _, c := range changed {
		one := page.Change{Noticed: "noticed " + page.Day(c.Noticed, v.now) + ", " + c.Noticed.Format("15:04"), Label: c.Noticed.Format("15:04")}
		if c.Kind == ofDay {
			day, err := time.Parse(time.DateOnly, c.Day)
			if err != nil {
				continue // our own form
			}
			one.What, one.Unit, one.Before, one.After = page.Day(day, v.now), "Plays", page.Count(*c.Before), page.Count(*c.After)
			one.ID = "d" + c.Day + "-" + c.Noticed.Format(time.DateOnly)
			for _, why := range c.Causes {
				one.Causes = append(one.Causes, page.Cause{Text: playsBecause(why.Cause, *why.Plays), Amount: page.Signed(*why.Plays)})
			}
		} else {
			one.What, one.Unit, one.Before, one.After = monthName(c.Period)+", statement", c.Currency, decimal(c.Currency, *c.Was), decimal(c.Currency, *c.Is)
			one.ID, one.URL = "s"+c.Period+"-"+c.Currency+"-"+c.Noticed.Format(time.DateOnly), v.frame().Base()+"/statements/"+c.Period
			for _, why := range c.Causes {
				one.Causes = append(one.Causes, page.Cause{Text: moneyBecause(why.Cause) + ", paid with " + monthName(why.To), Amount: difference(c.Currency, *why.Minor)})
			}
		}
		list = append(list, one)
	}
	return list
}

// monthName is a period as people say it.
func monthName(period string) string {
	month, err := lake.ParseMonth(period)
	if err != nil {
		return period
	}
	return month.Start().Format("January 2006")
}

// plural is a count of plays with its verb.
func plural(n int64, one, more string) string {
	if n == 1 || n == -1 {
		return "1 play " + one
	}
	return page.Count(max(n, -n)) + " plays " + more
}

// playsBecause is a cause of plays_changes as a sentence.
func playsBecause(cause string, n int64) string {
	switch {
	case cause == "late":
		return plural(n, "arrived late from a device that was offline", "arrived late from devices that were offline")
	case cause == "corrections" && n < 0:
		return plural(n, "was taken out: sent twice, or taken back by a listener", "were taken out: sent twice, or taken back by listeners")
	case cause == "corrections" && n > 0:
		return plural(n, "was missing and is counted", "were missing and are counted")
	case cause == "corrections":
		return "only the time heard was corrected"
	case cause == "duplicates":
		return plural(n, "had been sent twice and counts once", "had been sent twice and count once")
	case cause == "erasures":
		return plural(n, "was taken back by a listener", "were taken back by listeners")
	}
	return cause
}

// moneyBecause is a cause of royalty_adjustments in words.
func moneyBecause(cause string) string {
	words := map[string]string{
		"late listens": "listens that arrived after the month was closed",
		"deletions":    "listens that people took back",
		"rules":        "other rules for which listens qualify",
		"pools":        "another amount to share",
		"splits":       "other shares",
	}
	if text, ok := words[cause]; ok {
		return text
	}
	return cause
}

// pageOfStatements is how many statements a page has: two years.
const pageOfStatements = 24

func (v *viewer) statements(ctx context.Context) (any, error) {
	v.limit = min(v.limit, pageOfStatements)
	a, err := v.account(ctx)
	if err != nil {
		return nil, err
	}
	list, err := a.statements(ctx)
	if err != nil {
		return nil, err
	}
	s := page.Statements{Frame: v.frame(), Paging: v.paging(func(cursor string) string { return query(v.rowsAfter(cursor)) })}
	for _, one := range list.Statements {
		s.List = append(s.List, v.statement(one))
	}
	return s, nil
}

// newestStatement is that of the newest closed period, nil for none.
func (v *viewer) newestStatement(ctx context.Context, a *account) (*page.Statement, error) {
	if v.of.artist != "" || len(a.books.Statements()) == 0 {
		return nil, nil
	}
	all, err := a.books.Posted(ctx, a.holder)
	if err != nil {
		return nil, err
	}
	newest, err := a.statement(ctx, a.books.Statements()[0], all)
	if err != nil || len(newest.Amounts) == 0 {
		return nil, err
	}
	s := v.statement(newest)
	return &s, nil
}

// statement puts a closed period into words.
func (v *viewer) statement(c closedPeriod) page.Statement {
	base := v.frame().Base() + "/statements/" + c.Period
	s := page.Statement{Title: "Statement of " + monthName(c.Period), Period: c.Period, Run: c.RunID, Check: c.Check, URL: base, Checksum: c.Checksum}
	for _, one := range c.Amounts {
		s.Lines = append(s.Lines, page.Amount{Text: "as published on " + page.Day(c.ClosedAt, v.now), Value: one.Currency + " " + decimal(one.Currency, one.Published)})
		for _, p := range one.Posted {
			s.Lines = append(s.Lines, page.Amount{Text: moneyBecause(p.Cause) + ", paid with " + monthName(p.To), Value: difference(one.Currency, p.Minor)})
		}
		s.Lines = append(s.Lines, page.Amount{Text: "comes to", Value: one.Currency + " " + decimal(one.Currency, one.Now), Sum: true})
	}
	switch n := c.TracksSinceClose; {
	case n == 1:
		s.Note = "One corrected track came to the label after the month was closed. What was published has no pay for it."
	case n > 1:
		s.Note = page.Count(int64(n)) + " corrected tracks came to the label after the month was closed. What was published has no pay for them."
	}
	for _, format := range []struct{ ending, name string }{{"csv", "CSV"}, {"parquet", "Parquet"}, {"dsr", "DSR"}} {
		s.Downloads = append(s.Downloads, page.Link{Text: format.name, URL: "/v1" + base + "/statement." + format.ending})
	}
	return s
}

func (v *viewer) oneStatement(ctx context.Context) (any, error) {
	a, err := v.account(ctx)
	if err != nil {
		return nil, err
	}
	of, ok := a.books.Statement(v.period)
	if !ok {
		return nil, errNoSuch
	}
	a.by = "track"
	l, err := a.lines(ctx, of)
	if err != nil {
		return nil, err
	}
	p := page.Account{Frame: v.frame(), Statement: v.statement(l.closedPeriod), Month: monthName(of.Period), Paging: v.paging(func(cursor string) string { return query(v.rowsAfter(cursor)) })}
	for _, one := range l.Amounts {
		p.Sums = append(p.Sums, one.Currency+" "+decimal(one.Currency, one.Now))
		for _, c := range one.Carried {
			p.Carried = append(p.Carried, page.Amount{Text: monthName(c.Origin) + ": " + moneyBecause(c.Cause), Value: one.Currency + " " + difference(one.Currency, c.Minor)})
		}
	}
	for _, one := range l.Lines {
		row := paidRow(one)
		row.Name, row.URL = cmp.Or(one.Title, one.TrackID), v.frame().Base()+"/tracks/"+url.PathEscape(one.TrackID)
		p.Tracks = append(p.Tracks, row)
	}
	for _, one := range l.Pools {
		row := paidRow(one)
		row.Name = poolName(one)
		p.Pools = append(p.Pools, row)
	}
	return p, nil
}

func paidRow(l line) page.PaidRow {
	row := page.PaidRow{Qualified: page.Count(l.Qualified), Currency: l.Currency}
	if l.Listens != nil {
		row.Listens = page.Count(*l.Listens)
	}
	if l.Currency == "" {
		return row
	}
	row.Published, row.Now = decimal(l.Currency, l.Published), decimal(l.Currency, l.Now)
	if l.Adjusted != 0 {
		row.Adjusted = difference(l.Currency, l.Adjusted)
	}
	return row
}

// poolName says whose listens share a pool.
func poolName(l line) string {
	place, tier := "everywhere", "all products"
	if l.Country != "*" {
		place = placeName(l.Country)
	}
	if l.Tier != "*" {
		tier = l.Tier
	}
	return fmt.Sprintf("%s, %s", place, tier)
}

// qualifying says how many listens of a track in the last month of the range qualify, by the royalty lines.
func (v *viewer) qualifying(ctx context.Context) (string, error) {
	b, err := v.ledger.Newest(ctx)
	if err != nil || v.of.kind != "artist" {
		return "", err
	}
	month := v.span.To.Add(-1)
	for range 3 { // the month under way may have no run yet
		period := month.Format("2006-01")
		listens, qualified, ok, err := b.Qualifying(ctx, v.of.id, v.item, period)
		if err != nil {
			return "", err
		}
		if ok && listens > 0 {
			return fmt.Sprintf("%s of %s listens in %s qualify for royalties", page.Count(qualified), page.Count(listens), monthName(period)), nil
		}
		month = time.Date(month.Year(), month.Month(), 0, 0, 0, 0, 0, time.UTC)
	}
	return "", nil
}
