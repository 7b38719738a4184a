package royalty_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/royalty"
	"github.com/lakectl/lakectl/jobs/royalty/terms"
)

func TestTermsThatNameWhatNobodyHeardAreNamed(t *testing.T) {
	laketest.Costly(t)
	t.Parallel()
	l := laketest.New(t)
	e := env(l)
	rules, err := terms.ParseRules(strings.NewReader(`rules:
  - {id: a, track_id: T1, min_ms_played: 1}
  - {id: b, track_id: t1, device: d9, country: XX, tier: free, min_ms_played: 1}
  - {id: c, artist_id: A0, device: d0, min_ms_played: 1}
  - {id: d, artist_id: nobody, min_ms_played: 1}
  - {id: default, min_ms_played: 30000}
`))
	if err != nil {
		t.Fatal(err)
	}
	if set, err := royalty.CheckRules(t.Context(), e, rules); err != nil || set.Unheard != nil {
		t.Fatalf("nothing was counted, and %+v is unheard, %v", set.Unheard, err)
	}
	copies := world(98, 150)
	archive(t, l, copies)
	run(t, l, royalty.Options{})
	wantRules := []royalty.Unheard{
		{Terms: "rules", Column: "artist_id", Values: 1, First: []string{"nobody"}},
		{Terms: "rules", Column: "country", Values: 1, First: []string{"XX"}},
		{Terms: "rules", Column: "device", Values: 1, First: []string{"d9"}},
		{Terms: "rules", Column: "track_id", Values: 1, First: []string{"T1"}},
	}
	checked, err := royalty.CheckRules(t.Context(), e, rules)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, checked.Unheard, wantRules)
	for range 2 { // stored, and there already
		applied, err := royalty.ApplyRules(t.Context(), e, rules)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, applied.Unheard, wantRules)
	}

	money(t, l, "2026-03,*,*,EUR,5\n2026-03,XX,*,EUR,5\n2026-03,DE,gold,EUR,5\n")
	splits, err := terms.ParseSplits(strings.NewReader("track_id,party,role,basis_points,effective_from,effective_to\n" +
		"t1,a,x,10000,,\nu1,a,x,10000,,\nu2,a,x,10000,,\nu3,a,x,10000,,\nu4,a,x,10000,,\nu5,a,x,5000,,\nu5,b,x,5000,,\nu6,a,x,10000,,\n"))
	if err != nil {
		t.Fatal(err)
	}
	wantSplits := royalty.Unheard{Terms: "splits", Column: "track_id", Values: 6, First: []string{"u1", "u2", "u3", "u4", "u5"}}
	set, err := royalty.ApplySplits(t.Context(), e, splits)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, set.Unheard, []royalty.Unheard{wantSplits})
	want := slices.Concat([]royalty.Unheard{
		{Terms: "pools", Column: "country", Values: 1, First: []string{"XX"}}, {Terms: "pools", Column: "tier", Values: 1, First: []string{"gold"}},
	}, wantRules, []royalty.Unheard{wantSplits})
	equal(t, run(t, l, royalty.Options{}).Unheard, want)

	// A run of one month knows what the others heard.
	money(t, l, "2026-04,*,*,EUR,5\n")
	if report := run(t, l, royalty.Options{}); len(report.Periods) != 1 {
		t.Fatalf("recomputed %+v", report.Periods)
	} else {
		equal(t, report.Unheard, want)
	}
	tracks, err := royalty.CheckTracks(t.Context(), e, []terms.Track{{TrackID: "t1"}, {TrackID: "t1 again"}})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, tracks.Unheard, []royalty.Unheard{{Terms: "tracks", Column: "track_id", Values: 1, First: []string{"t1 again"}}})
}

func TestCloseNamesMoneyThatGoesToNobody(t *testing.T) {
	laketest.Costly(t)
	t.Parallel()
	l := laketest.New(t)
	archive(t, l, world(99, 60))
	money(t, l, "2026-03,*,*,EUR,5\n2026-03,XX,*,SEK,7\n2026-04,*,*,EUR,5\n")
	run(t, l, royalty.Options{})
	if _, err := royalty.RemovePools(t.Context(), env(l), []string{"2026-04"}); err != nil {
		t.Fatal(err)
	}
	run(t, l, royalty.Options{})
	for range laketest.Times(2, 1) { // closed, and closed again
		march := closePeriod(t, l, "2026-03")
		equal(t, march.Undistributed, []royalty.UndistributedPool{{Country: "XX", Tier: "*", Currency: "SEK", AmountMinor: 7}})
		if april := closePeriod(t, l, "2026-04"); march.WithoutPools || !april.WithoutPools || len(april.Undistributed) > 0 {
			t.Errorf("March without pools %v, April %v, undistributed %v", march.WithoutPools, april.WithoutPools, april.Undistributed)
		}
	}
}
