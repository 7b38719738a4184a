package recount

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/lake"
)

// dashboard is a table of the dashboard: the column of its day or hour, those of its key beside, and the length in
// microseconds of what the first says, 0 for days.
type dashboard struct {
	table string
	when  string
	keys  []string
}

var dashboards = []dashboard{
	{catalog.PlaysByDay, "day", []string{"artist_id", "track_id"}},
	{catalog.PlaysByHour, "hour", []string{"artist_id", "track_id", "country", "device"}},
	{catalog.AudienceByDay, "day", []string{"artist_id", "country", "device"}},
}

// dashboard is what a table says of the days. Days that wait for their comparison are claims that wait.
func (r *run) dashboard(ctx context.Context, d dashboard) (claims []claim, err error) {
	s, err := r.env.Snapshot(ctx, d.table)
	if errors.Is(err, lake.ErrNotFound) || err == nil && s.ID() == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	ledger, err := s.StateNumber(catalog.CoversLedger)
	if err != nil {
		return nil, err
	}
	inexact, err := waiting(s)
	if err != nil {
		return nil, err
	}
	form, err := catalog.DashboardFormOf(s)
	if err != nil {
		return nil, err
	}
	says, oldest, err := r.says(ctx, d, s)
	if err != nil {
		return nil, err
	}
	for _, day := range slices.Sorted(maps.Keys(r.days)) {
		if d.when == "hour" && day < oldest { // it has the newest days alone
			continue
		}
		c := claim{table: d.table, part: dayText(day), at: int64(day), ledger: ledger, waits: ledger == 0 || inexact[day] || form != catalog.DashboardForm}
		if has := says[int64(day)]; has != nil {
			c.says = *has
		}
		claims = append(claims, c)
	}
	return claims, nil
}

// waiting are the days of a table that are not exact.
func waiting(s lake.Snapshot) (map[int]bool, error) {
	all := map[int]bool{}
	for _, key := range []string{catalog.MarkedDays, catalog.ProvisionalDays} {
		text, err := s.State(key)
		if err != nil {
			return nil, err
		}
		days, err := catalog.ParseDays(text)
		if err != nil {
			return nil, err
		}
		maps.Copy(all, days)
	}
	return all, nil
}

// says sums what a table has of the days; oldest is the first day of which it has a file.
func (r *run) says(ctx context.Context, d dashboard, s lake.Snapshot) (says sums, oldest int, err error) {
	says, oldest = sums{}, int(^uint(0)>>1)
	wanted := func(partition any) bool {
		at, is := partition.(int)
		if !is || d.when != "hour" {
			return true
		}
		oldest = min(oldest, at)
		return r.days[at]
	}
	err = eachRow(ctx, s, d.columns(), wanted, d.visit(r.days, says))
	return says, oldest, err
}

func (d dashboard) columns() []string {
	return append(slices.Clone(d.keys), d.when, "plays", "ms_played")
}

// visit adds up rows with these columns.
func (d dashboard) visit(days map[int]bool, says sums) func(b *rows, i int) {
	n := len(d.keys)
	keys := make([]uint64, n+1)
	return func(b *rows, i int) {
		day := int64(b.values[n][i])
		key := keys[:0]
		if d.when == "hour" {
			key = append(key, uint64(day))
			day = floor(day, usDay)
		}
		if !days[int(day)] {
			return
		}
		for k := range n {
			key = append(key, b.values[k][i])
		}
		says.at(day).add(keyOf(key...), int64(b.values[n+1][i]), int64(b.values[n+2][i]))
	}
}

// rules are all versions of the royalty rules.
func (r *run) rules(ctx context.Context) ([]catalog.RuleRow, error) {
	s, err := r.env.Snapshot(ctx, catalog.RoyaltyRules)
	if err != nil || s.ID() == 0 {
		return nil, err
	}
	return lake.ReadRecords[catalog.RuleRow](ctx, s, r.env.Duck.Verify)
}

// lines is what royalty_lines says of the months that were published.
func (r *run) lines(ctx context.Context) (claims []claim, err error) {
	runs, err := r.env.Snapshot(ctx, catalog.RoyaltyRuns)
	if err != nil || runs.ID() == 0 || len(r.months) == 0 {
		return nil, err
	}
	covers, err := runs.StateNumber(catalog.CoversLedger)
	if err != nil {
		return nil, err
	}
	newest, err := r.newestRuns(ctx, runs)
	if err != nil {
		return nil, err
	}
	s, err := r.env.Snapshot(ctx, catalog.RoyaltyLines)
	if err != nil {
		return nil, err
	}
	says := sums{}
	wanted := func(partition any) bool {
		month, is := partition.(string)
		return !is || r.months[textHash(month)] != ""
	}
	if err := eachRow(ctx, s, lineColumns, wanted, visitLines(says)); err != nil {
		return nil, err
	}
	for _, month := range slices.Sorted(maps.Values(r.months)) {
		last, published := newest[month]
		if !published {
			continue
		}
		c := claim{table: catalog.RoyaltyLines, part: month, at: int64(textHash(month)), ledger: covers, rules: last.RulesVersion, waits: covers == 0}
		if c.ledger, err = r.later(ctx, covers, last.LedgerSnapshotID); err != nil {
			return nil, err
		}
		if has := says[c.at]; has != nil {
			c.says = *has
		}
		claims = append(claims, c)
	}
	return claims, nil
}

var lineColumns = []string{"artist_id", "track_id", "country", "tier", "period", "listens", "qualified_listens"}

// visitLines adds up rows with [lineColumns].
func visitLines(says sums) func(b *rows, i int) {
	return func(b *rows, i int) {
		v := func(column int) uint64 { return b.values[column][i] }
		says.at(int64(v(4))).add(keyOf(v(0), v(1), v(2), v(3)), int64(v(5)), int64(v(6)))
	}
}

// newestRuns are the last runs of the months.
func (r *run) newestRuns(ctx context.Context, runs lake.Snapshot) (map[string]catalog.RunRow, error) {
	all, err := lake.ReadRecords[catalog.RunRow](ctx, runs, r.env.Duck.Verify)
	newest := map[string]catalog.RunRow{}
	for _, one := range all {
		if had, is := newest[one.Period]; r.months[textHash(one.Period)] != "" && (!is || had.FinishedAt.Before(one.FinishedAt) || had.FinishedAt.Equal(one.FinishedAt) && had.StartedAt.Before(one.StartedAt)) {
			newest[one.Period] = one
		}
	}
	return newest, err
}

// later is the ledger that the lines of a month are of: that through which every month was judged, or that of the
// month's own run where it came later.
func (r *run) later(ctx context.Context, covers, own int64) (int64, error) {
	if covers == own || own == 0 {
		return covers, nil
	}
	t, err := r.env.Lake.Table(ctx, catalog.ListensCounted)
	if err != nil {
		return 0, err
	}
	a, err := t.ByID(covers)
	if err != nil {
		return covers, nil //nolint:nilerr // it has expired; what stands in for it has its rows
	}
	b, err := t.ByID(own)
	if err == nil && b.Sequence() > a.Sequence() {
		return own, nil
	}
	return covers, nil
}
