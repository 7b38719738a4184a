package statement_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/royalty"
	"github.com/lakectl/lakectl/jobs/royalty/statement"
)

var posted = time.Date(2026, 3, 9, 0, 0, 0, 0, time.UTC)

// adjustment is a difference for the track of the first artist, posted to March. party is "" for the kind payout.
func adjustment(kind, origin, currency, party string, amount int64, cause string) []any {
	var to, role any
	if party != "" {
		to, role = party, "writer"
	}
	return []any{march, origin, kind, hostileArtists[0], trackOf(hostileArtists[0]), "SE", "premium", currency, to, role, nil, int64(-1), amount, cause, "later-run", posted, nil}
}

// share divides every payout of an artist among two parties, 70 to 30, and returns the snapshot.
func share(t *testing.T, l *laketest.Lake, artist string, missing int64) int64 {
	t.Helper()
	st, err := royalty.Show(t.Context(), env(l), march)
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]any
	for _, p := range st.Payouts {
		if p.ArtistID == artist {
			first := p.AmountMinor * 7 / 10
			rows = append(rows,
				[]any{march, p.Country, p.Tier, p.Currency, p.ArtistID, p.TrackID, "writer=one", "writer", first - missing},
				[]any{march, p.Country, p.Tier, p.Currency, p.ArtistID, p.TrackID, "publisher", "publisher", p.AmountMinor - first})
		}
	}
	return insert(t, l, catalog.RoyaltyShares, rows...).ID()
}

func TestPartiesGetExactlyWhatTheTracksEarned(t *testing.T) {
	l := newWorld(t)
	artist := hostileArtists[3]
	republish(t, l, "2026-03-shared", share(t, l, artist, 0), 0)
	report := export(t, l, options(t, "party", "csv"))
	equal(t, report.RunID, "2026-03-shared")
	records := statements(t, report.Folder)
	equal(t, sums(t, records, "payout"), marchPools)
	shared := 0
	for _, r := range records {
		switch {
		case r["holder_id"] == "writer=one" || r["holder_id"] == "publisher":
			equal(t, r["track_id"], trackOf(artist))
			shared++
		default:
			equal(t, []string{r["role"], r["party"], r["holder_id"]}, []string{"artist", r["artist_id"], r["artist_id"]})
			equal(t, r["track_id"] != trackOf(artist), true)
		}
		equal(t, r.number(t, "qualified_listens") > 0, true)
	}
	equal(t, shared, 6)
}

func TestSharesThatDoNotSumToTheirPayoutAreNotExported(t *testing.T) {
	l := newWorld(t)
	republish(t, l, "2026-03-short", share(t, l, hostileArtists[3], 1), 0)
	o := options(t, "party", "csv")
	_, err := statement.Export(t.Context(), env(l), o)
	equal(t, errors.Is(err, jobs.ErrProof), true)
	equal(t, len(names(t, o.Dir)), 0)
	o.By = "artist" // needs no shares
	export(t, l, o)
}

func TestPostingsToAPeriodAreInItsStatementsOncePerCause(t *testing.T) {
	l := newWorld(t)
	pending := adjustment("payout", "2026-02", "SEK", "", -999, "late listens")
	pending[0] = "pending"
	s := insert(t, l, catalog.Adjustments,
		adjustment("payout", "2026-02", "SEK", "", -7, "late listens"),
		adjustment("payout", "2026-02", "SEK", "", 3, "late listens"),
		adjustment("payout", "2026-02", "SEK", "", -10, "deletions"),
		adjustment("line", "2026-02", "", "", 0, "deletions"),
		adjustment("payout", "2026-01", "EUR", "", 20, "rules changed"),
		adjustment("share", "2026-01", "EUR", "writer", 15, "rules changed"),
		adjustment("share", "2026-01", "EUR", "publisher", 5, "rules changed"),
		pending)
	republish(t, l, "2026-03-adjusted", 0, s.ID())
	insert(t, l, catalog.Adjustments, adjustment("payout", "2026-02", "SEK", "", 1000, "after the run"))
	newest := export(t, l, options(t, "artist", "csv")) // of an open period: what is posted to it so far
	equal(t, sums(t, statements(t, newest.Folder), "adjustment"), map[string]int64{"SEK": 986, "EUR": 20})
	republish(t, l, "2026-03-later", 0, l.Snapshot(t, catalog.Adjustments).ID())
	for _, by := range holders {
		o := options(t, by, "csv")
		o.Run = "2026-03-adjusted" // as it saw it
		report := export(t, l, o)
		records := statements(t, report.Folder)
		equal(t, sums(t, records, "payout"), marchPools)
		equal(t, sums(t, records, "adjustment"), map[string]int64{"SEK": -14, "EUR": 20})
		byKey := map[string]int64{}
		for _, r := range records {
			if r["kind"] == "adjustment" {
				key := strings.Join([]string{r["origin_period"], r["holder_id"], r["role"], r["cause"]}, "|")
				if _, twice := byKey[key]; twice {
					t.Errorf("by %s: %s is two rows", by, key)
				}
				byKey[key] = r.number(t, "amount_minor")
			}
		}
		if by == "party" {
			first := hostileArtists[0]
			equal(t, byKey, map[string]int64{
				"2026-01|publisher|writer|rules changed": 5, "2026-01|writer|writer|rules changed": 15,
				"2026-02|" + first + "|artist|deletions": -10, "2026-02|" + first + "|artist|late listens": -4,
			})
		}
		equal(t, report.Totals[1], statement.Total{Currency: "SEK", PayoutsMinor: 10_001, AdjustmentsMinor: -14, TotalMinor: 9_987})
	}
}

func TestSharePostingsThatLoseMoneyAreNotExported(t *testing.T) {
	l := newWorld(t)
	insert(t, l, catalog.Adjustments,
		adjustment("payout", "2026-01", "EUR", "", 20, "rules changed"), adjustment("share", "2026-01", "EUR", "writer", 19, "rules changed"))
	o := options(t, "party", "parquet")
	_, err := statement.Export(t.Context(), env(l), o)
	equal(t, errors.Is(err, jobs.ErrProof), true)
	equal(t, len(names(t, o.Dir)), 0)
}

// A closed period is exported as it was published, told by the tracks of that day; its restatement by its run id.
func TestAClosedPeriodIsTheRunThatClosedIt(t *testing.T) {
	l := newWorld(t)
	closing, err := royalty.NewestRun(t.Context(), env(l), march)
	if err != nil {
		t.Fatal(err)
	}
	known := insert(t, l, catalog.Tracks, []any{"t0", "Old title", "Band", "old", "Old", "", nil, nil})
	if err := l.Tag(t.Context(), "royalties-2026-03-v1", known, 0); err != nil {
		t.Fatal(err)
	}
	insert(t, l, catalog.RoyaltyCloses,
		[]any{march, int64(1), posted, "someone", closing.RunID, "royalties-2026-03-v1", closing.Checksum, "[]"})
	insert(t, l, catalog.Tracks, []any{"t1", "New title", "Band", "new", "New", "", nil, nil})
	republish(t, l, "2026-03-restated", 0, 0)

	report := export(t, l, options(t, "label", "csv"))
	equal(t, []string{report.RunID, report.StatementVersion}, []string{closing.RunID, "v1"})
	equal(t, report.Holders, int64(2)) // old and unassigned; what was loaded later is not known
	equal(t, readCSV(t, filepath.Join(report.Folder, "label-old.csv"))[0]["statement_version"], "v1")

	o := options(t, "label", "csv")
	o.Run = "2026-03-restated"
	report = export(t, l, o)
	equal(t, []string{report.RunID, report.StatementVersion}, []string{"2026-03-restated", ""})
}
