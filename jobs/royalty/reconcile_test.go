package royalty_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/royalty"
	"github.com/lakectl/lakectl/jobs/royalty/terms"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/duck"
)

// money applies a pool for each month of world.
func money(t *testing.T, l *laketest.Lake, rows string) {
	t.Helper()
	pools, err := terms.ParsePools(strings.NewReader("period,country,tier,currency,amount_minor\n" + rows))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := royalty.ApplyPools(t.Context(), env(l), pools); err != nil {
		t.Fatal(err)
	}
}

func judgeBy(t *testing.T, l *laketest.Lake, text string) {
	t.Helper()
	rules, err := terms.ParseRules(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := royalty.ApplyRules(t.Context(), env(l), rules); err != nil {
		t.Fatal(err)
	}
}

func splitTracks(t *testing.T, l *laketest.Lake, rows string) {
	t.Helper()
	splits, err := terms.ParseSplits(strings.NewReader("track_id,party,role,basis_points,effective_from,effective_to\n" + rows))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := royalty.ApplySplits(t.Context(), env(l), splits); err != nil {
		t.Fatal(err)
	}
}

func closePeriod(t *testing.T, l *laketest.Lake, period string) royalty.CloseReport {
	t.Helper()
	report, err := royalty.Close(t.Context(), env(l), period, royalty.CloseOptions{By: "ann"})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// adjustmentsOf counts the rows of royalty_adjustments by posted period and cause.
func adjustmentsOf(t *testing.T, l *laketest.Lake) map[string]int64 {
	t.Helper()
	d := l.DB(t)
	if err := d.Bind(t.Context(), "a", l.Snapshot(t, catalog.Adjustments)); err != nil {
		t.Fatal(err)
	}
	got := map[string]int64{}
	var key string
	var n int64
	text := "SELECT posted_period || ' ' || origin_period || ' ' || cause, count(*) FROM a GROUP BY ALL"
	if err := d.EachText(t.Context(), text, nil, []any{&key, &n}, func() error { got[key] = n; return nil }); err != nil {
		t.Fatal(err)
	}
	return got
}

// reconcile checks that the statement under the tag and all adjustments of its period come to the newest statement, for
// lines, payouts and shares. It shares nothing with the job's own check.
func reconcile(t *testing.T, l *laketest.Lake, c royalty.Closing) {
	t.Helper()
	d := l.DB(t)
	adjustments := l.Snapshot(t, catalog.Adjustments)
	if err := d.Bind(t.Context(), "adjustments", adjustments); err != nil {
		t.Fatal(err)
	}
	for kind, k := range map[string]struct{ table, keys, sums string }{
		"line":   {catalog.RoyaltyLines, "artist_id, track_id, country, tier", "listens, qualified_listens"},
		"payout": {catalog.RoyaltyPayouts, "artist_id, track_id, country, tier, currency", "qualified_listens, amount_minor"},
		"share":  {catalog.RoyaltyShares, "artist_id, track_id, country, tier, currency, party, role", "amount_minor"},
	} {
		now := l.Snapshot(t, k.table)
		tagged, err := now.Table().ByTag(c.Tag)
		if errors.Is(err, lake.ErrNotFound) && kind != "line" {
			tagged = now.Table().Empty()
		} else if err != nil {
			t.Fatal(err)
		}
		for view, s := range map[string]lake.Snapshot{"published": tagged, "current": now} {
			if err := d.Bind(t.Context(), view, s); err != nil {
				t.Fatal(err)
			}
		}
		if kind == "share" { // payouts without shares go whole to their artist
			inFull(t, l, d, c)
		}
		unequal := "sum(" + strings.ReplaceAll(k.sums, ", ", ") <> 0 OR sum(") + ") <> 0"
		something := strings.ReplaceAll(k.sums, ", ", " <> 0 OR ") + " <> 0"
		text := fmt.Sprintf(`SELECT count(*) FROM (
			SELECT %[1]s FROM (
				SELECT %[1]s, %[2]s, 0 AS current FROM published WHERE period = $1
				UNION ALL SELECT %[1]s, %[2]s, 0 FROM adjustments WHERE origin_period = $1 AND kind = '%[4]s'
				UNION ALL SELECT %[1]s, -%[3]s, 1 FROM current WHERE period = $1 AND (%[6]s))
			GROUP BY %[1]s HAVING %[5]s OR sum(current) > 1)`, k.keys, k.sums, strings.ReplaceAll(k.sums, ", ", ", -"), kind, unequal, something)
		var differ int64
		if err := d.OneText(t.Context(), text, []any{c.Period}, []any{&differ}); err != nil {
			t.Fatal(err)
		}
		if differ > 0 {
			t.Errorf("%s of %s: %d keys of published + adjustments are not what is current", kind, c.Period, differ)
		}
	}
}

// inFull adds to the views published and current of shares the payouts that have none, for their artist.
func inFull(t *testing.T, l *laketest.Lake, d *duck.DB, c royalty.Closing) {
	t.Helper()
	now := l.Snapshot(t, catalog.RoyaltyPayouts)
	tagged, err := now.Table().ByTag(c.Tag)
	if errors.Is(err, lake.ErrNotFound) {
		tagged = now.Table().Empty()
	} else if err != nil {
		t.Fatal(err)
	}
	for view, s := range map[string]lake.Snapshot{"published": tagged, "current": now} {
		if err := d.Bind(t.Context(), view+"_payouts", s); err != nil {
			t.Fatal(err)
		}
		text := fmt.Sprintf(`CREATE OR REPLACE TABLE full_%[1]s AS SELECT period, artist_id, track_id, country, tier, currency, party, role, amount_minor FROM %[1]s
			UNION ALL SELECT period, artist_id, track_id, country, tier, currency, artist_id, 'artist', amount_minor FROM %[1]s_payouts p
			WHERE NOT EXISTS (SELECT 1 FROM %[1]s x WHERE x.period = p.period AND x.track_id = p.track_id AND x.artist_id = p.artist_id
				AND x.country = p.country AND x.tier = p.tier AND x.currency = p.currency)`, view)
		if err := d.ExecText(t.Context(), text); err != nil {
			t.Fatal(err)
		}
		if err := d.ExecText(t.Context(), fmt.Sprintf("CREATE OR REPLACE VIEW %[1]s AS SELECT * FROM full_%[1]s", view)); err != nil {
			t.Fatal(err)
		}
	}
}

// carriedOut puts a deletion request of a user on record as job deletions does, and erases.
func carriedOut(t *testing.T, l *laketest.Lake, user string, offset int64, periods string) {
	t.Helper()
	for _, table := range []string{catalog.Listens, catalog.Duplicates, catalog.ListensCounted} {
		erase(t, l, table, user)
	}
	at := time.Now().UTC()
	put(t, l, catalog.DeletionRequests, []any{"r-" + user, "subject-" + user, user, at, at, nil, nil, nil, "listens", 0, offset})
	put(t, l, catalog.DeletionLog, []any{"r-" + user, "rows_deleted", at, "listens", 0, offset, int64(1), int64(0), int64(1), int64(0), nil, nil, nil, periods})
}

func put(t *testing.T, l *laketest.Lake, table string, rows ...[]any) {
	t.Helper()
	s := l.Snapshot(t, table)
	files, err := s.Table().WriteRows(t.Context(), "deletions", rows)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Commit(t.Context(), table, lake.Commit{Job: "deletions", Add: files, Stage: lake.IfUnmoved(s, nil)}); err != nil {
		t.Fatal(err)
	}
}

func shown(t *testing.T, l *laketest.Lake, run string) royalty.Statement {
	t.Helper()
	st, err := royalty.Show(t.Context(), env(l), run)
	if err != nil {
		t.Fatal(err)
	}
	st.Standing = royalty.Standing{} // what other runs there are is not the run's
	return st
}
