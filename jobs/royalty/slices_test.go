package royalty_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/royalty"
	"github.com/lakectl/lakectl/jobs/royalty/ledger"
)

// hashes that DuckDB's is replaced by: statements find the macro before the function.
var hashes = map[string]string{
	"DuckDB's hash": "",
	"few hashes":    "CREATE MACRO hash(x) AS (ascii(right(x, 1)) % 3)::UBIGINT",
	"one hash":      "CREATE MACRO hash(x) AS 7::UBIGINT",
}

func dbWith(t *testing.T, l *laketest.Lake, macro string) *jobs.Session {
	t.Helper()
	d := jobs.NewSession(l.DB(t), nil)
	if macro != "" {
		if err := d.ExecText(t.Context(), macro); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

func periodsOf(sums map[string]string) (periods []string) {
	for p := range sums {
		periods = append(periods, p)
	}
	return periods
}

func TestCollisionsOfIDsChangeNoRecount(t *testing.T) {
	l := laketest.New(t)
	copies := world(31, 300)
	archive(t, l, copies)
	want := checksums(recount(copies, atLeast30s))
	for name, macro := range hashes {
		t.Run(name, func(t *testing.T) {
			d := dbWith(t, l, macro)
			if err := d.Bind(t.Context(), "fresh", l.Snapshot(t, catalog.Listens)); err != nil {
				t.Fatal(err)
			}
			if err := ledger.PickWinners(t.Context(), d, int64(len(copies))); err != nil {
				t.Fatal(err)
			}
			if err := royalty.ComputeLines(t.Context(), d, "winners", royalty.DefaultRules, periodsOf(want)); err != nil {
				t.Fatal(err)
			}
			sums, err := royalty.Summarize(t.Context(), d, periodsOf(want))
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]string{}
			for p, r := range sums {
				got[p] = r.Checksum
			}
			equal(t, got, want)
		})
	}
}

func TestCollisionsOfIDsChangeNoLedger(t *testing.T) {
	laketest.Long(t, "many ids that collide")
	for name, macro := range hashes {
		t.Run(name, func(t *testing.T) {
			l := laketest.New(t)
			copies := world(32, 240)
			for part := range slices.Chunk(copies, 80) {
				archive(t, l, part)
				if _, err := ledger.UpdateOn(t.Context(), env(l), dbWith(t, l, macro)); err != nil {
					t.Fatal(err)
				}
			}
			checkLedger(t, l, copies)
			report := run(t, l, royalty.Options{Full: true})
			equal(t, report.Ledger.Committed, false)
			equal(t, published(t, l), checksums(recount(copies, atLeast30s)))
		})
	}
}

// rowByRow is the checksum as the specification has it, from rows that DuckDB sorts.
func rowByRow(t *testing.T, d *jobs.Session, period string) string {
	t.Helper()
	sum := sha256.New()
	var key [5]string
	var listens, qualified int64
	dest := []any{&key[0], &key[1], &key[2], &key[3], &key[4], &listens, &qualified}
	err := d.EachText(t.Context(), "SELECT period, artist_id, track_id, country, tier, listens, qualified_listens FROM lines WHERE period = $1 ORDER BY ALL",
		[]any{period}, dest, func() error {
			fmt.Fprintf(sum, "%s\x1f%d\x1f%d\n", strings.Join(key[:], "\x1f"), listens, qualified) //nolint:errcheck // a hash takes everything
			return nil
		})
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// Two months of lines in several blocks, the second beginning within one; values that are the beginning of others.
func TestChecksumOfBlocksIsThatOfRows(t *testing.T) {
	laketest.Costly(t)
	l := laketest.New(t)
	d := jobs.NewSession(l.DB(t), nil)
	err := d.ExecText(t.Context(), `CREATE TABLE counted AS SELECT TIMESTAMPTZ '2026-03-31 23:59:59+00' + INTERVAL (i % 2) SECOND AS event_time,
		['a', 'a!', 'ä', 'A', 'aa'][1 + i % 5] AS artist_id, 't' || (i // 10) AS track_id, ['DE', 'BR'][1 + i % 2] AS country,
		['free', 'free ', 'fre'][1 + i % 3] AS tier, 40000 AS ms_played, NULL::INTEGER AS track_ms, 'd' AS device FROM range(600_000) r(i)`)
	if err != nil {
		t.Fatal(err)
	}
	periods := []string{"2026-04", "2026-03", "2026-05"}
	for range 2 { // a second time makes the same tables anew
		if err := royalty.ComputeLines(t.Context(), d, "counted", royalty.DefaultRules, periods); err != nil {
			t.Fatal(err)
		}
	}
	sums, err := royalty.Summarize(t.Context(), d, periods)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range periods {
		if got, want := sums[p].Checksum, rowByRow(t, d, p); got != want {
			t.Errorf("%s: %d lines, checksum %s, want %s", p, sums[p].Lines, got, want)
		}
	}
	equal(t, sums["2026-03"].Listens, int64(300_000))
	equal(t, sums["2026-05"].Lines, int64(0))

	if err := d.ExecText(t.Context(), "INSERT INTO lines VALUES ('2026-04', '', '', '', '', 1, 1)"); err != nil {
		t.Fatal(err)
	}
	if _, err := royalty.Summarize(t.Context(), d, periods); err == nil || !strings.Contains(err.Error(), "out of order") {
		t.Errorf("lines out of order gave a checksum, or %v", err)
	}
}

func TestPeriodsWhoseLinesChangedAreFound(t *testing.T) {
	const lines = "(period VARCHAR, artist_id VARCHAR, track_id VARCHAR, country VARCHAR, tier VARCHAR, listens BIGINT, qualified_listens BIGINT)"
	published := "('p1','A','t1','DE','free',2,1), ('p1','A','t2','DE','free',1,1), ('p2','A','t1','DE','free',1,0)"
	for name, c := range map[string]struct {
		computed string
		want     []string
	}{
		"nothing":                      {published, nil},
		"a count":                      {strings.Replace(published, "2,1", "3,1", 1), []string{"p1"}},
		"counts that sum to the same":  {strings.Replace(strings.Replace(published, "2,1", "1,1", 1), "'t2','DE','free',1,1", "'t2','DE','free',2,1", 1), []string{"p1"}},
		"a track":                      {strings.Replace(published, "t2", "t3", 1), []string{"p1"}},
		"a period that has lines now":  {published + ", ('p3','A','t1','DE','free',1,0)", []string{"p3"}},
		"a period that has none now":   {strings.Replace(published, ", ('p2','A','t1','DE','free',1,0)", "", 1), []string{"p2"}},
		"one line more, another fewer": {"('p1','A','t1','DE','free',2,1), ('p2','A','t1','DE','free',1,0), ('p2','A','t2','DE','free',1,1)", []string{"p1", "p2"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := jobs.NewSession(laketest.New(t).DB(t), nil)
			for _, text := range []string{
				"CREATE TABLE lines " + lines, "INSERT INTO lines VALUES " + c.computed,
				"CREATE TABLE published_lines " + lines, "INSERT INTO published_lines VALUES " + published,
			} {
				if err := d.ExecText(t.Context(), text); err != nil {
					t.Fatal(err)
				}
			}
			var got []string
			var period string
			if err := d.Each(t.Context(), "royalty/changed_lines", nil, []any{&period}, func() error { got = append(got, period); return nil }); err != nil {
				t.Fatal(err)
			}
			slices.Sort(got)
			equal(t, got, c.want)
		})
	}
}
