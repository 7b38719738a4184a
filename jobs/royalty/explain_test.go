package royalty_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/royalty"
	"github.com/lakectl/lakectl/jobs/royalty/ledger"
	"github.com/lakectl/lakectl/jobs/royalty/terms"
	"github.com/lakectl/lakectl/lake"
)

const explainedRules = `rules:
  - {id: "o'neil", artist_id: A1, effective_from: 2026-03-31, min_ms_played: 60000}
  - {id: no-d1, device: d1, count: false}
  - {id: germany, country: de, min_ms_played: 40000, min_fraction: 0.3333}
`

// decided is the rule that decides about a copy, and what it says.
func decided(c copyOf) (rule string, qualifies bool) {
	switch {
	case c.artist == "A1" && c.event.UTC().Format(time.DateOnly) >= "2026-03-31":
		return "o'neil", c.ms >= 60_000
	case c.device == "d1":
		return "no-d1", false
	case c.country == "DE":
		return "germany", c.ms >= 40_000 || (c.trackMs > 0 && c.ms*10_000 >= 3333*c.trackMs)
	default:
		return "", false
	}
}

func TestExplanationsNameTheRuleAndTheCopiesBehindEveryLine(t *testing.T) {
	laketest.Costly(t)
	l := laketest.New(t)
	copies := world(51, 200)
	archive(t, l, copies)
	apply(t, l, explainedRules)
	run(t, l, royalty.Options{})
	// What comes later is not behind the published run: it is the run's ledger and rules that are read.
	archive(t, l, []copyOf{{
		listen: "late", user: "u1", track: "t1", artist: "A1", device: "d0", event: copies[0].event, received: copies[0].event, ms: 50_000, country: "DE", tier: "free", offset: 9000,
	}})
	if _, err := ledger.Update(t.Context(), env(l)); err != nil {
		t.Fatal(err)
	}
	apply(t, l, "rules:\n  - {id: all, min_ms_played: 0}\n")

	copiesOf := map[string]int64{}
	for _, c := range copies {
		copiesOf[c.listen]++
	}
	best := winners(copies)
	line := 0
	for k, n := range recount(copies, func(c copyOf) bool { _, yes := decided(c); return yes }) {
		if line++; line%laketest.Stride(4) != 0 {
			continue
		}
		s := royalty.Selection{Period: k.period, ArtistID: k.artist, TrackID: k.track, Country: k.country, Tier: k.tier}
		e, err := royalty.Explain(t.Context(), env(l), s, 1000, true)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, []int64{e.Listens, e.QualifiedListens, int64(len(e.Counted))}, []int64{n.listens, n.qualified, n.listens})
		refused := map[string]int64{}
		var others int64
		for i, got := range e.Counted {
			w := best[got.ListenID]
			rule, yes := decided(w)
			equal(t, got.Rule+fmt.Sprint(got.Qualifies, got.Copies, got.MsPlayed, got.EventTime.UTC()), rule+fmt.Sprint(yes, copiesOf[w.listen], w.ms, w.event))
			if (w.trackMs > 0) != (got.TrackMs != nil) || got.TrackMs != nil && *got.TrackMs != w.trackMs {
				t.Errorf("track_ms %v, want %d", got.TrackMs, w.trackMs)
			}
			if !yes {
				refused[rule]++
			}
			if i > 0 && e.Counted[i-1].Qualifies && !yes {
				t.Error("a refused listen after one that qualifies")
			}
			others += got.Copies - 1
		}
		equal(t, e.Duplicates, others)
		for _, by := range e.Refused {
			equal(t, by.Listens, refused[by.Rule])
			delete(refused, by.Rule)
		}
		equal(t, len(refused), 0)
	}
}

func apply(t *testing.T, l *laketest.Lake, text string) {
	t.Helper()
	rules, err := terms.ParseRules(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := royalty.ApplyRules(t.Context(), env(l), rules); err != nil {
		t.Fatal(err)
	}
}

func TestExplanationsAreBoundedAndNameNoUser(t *testing.T) {
	l := laketest.New(t)
	copies := world(52, 60)
	for i := range copies {
		copies[i].user, copies[i].artist, copies[i].track = "somebody", "A", "t"
	}
	archive(t, l, copies)
	run(t, l, royalty.Options{})
	s := royalty.Selection{Period: "2026-03", ArtistID: "A", TrackID: "t"}
	e, err := royalty.Explain(t.Context(), env(l), s, 2, true)
	if err != nil || len(e.Counted) != 2 || e.Listens <= 2 || !e.LedgerOfRun || e.RulesVersion != 0 {
		t.Fatalf("%+v, %v", e, err)
	}
	text, err := json.Marshal(e)
	if err != nil || strings.Contains(string(text), "somebody") {
		t.Errorf("%s, %v", text, err)
	}
	s.TrackID = "unknown"
	if e, err := royalty.Explain(t.Context(), env(l), s, 2, true); err != nil || e.Listens != 0 {
		t.Errorf("%+v, %v", e, err)
	}
	s.Period = "2026-09"
	if e, err := royalty.Explain(t.Context(), env(l), s, 2, true); e != nil || !errors.Is(err, lake.ErrNotFound) {
		t.Errorf("%+v, %v", e, err)
	}
}

// A ledger that does not sum to what was published is a failed proof, unless it is no longer the one of the run.
func TestExplanationsMustSumToThePublishedLines(t *testing.T) {
	l := laketest.New(t)
	at := time.Date(2026, 3, 10, 10, 0, 0, 0, time.UTC)
	listen := func(n int64) copyOf {
		return copyOf{listen: fmt.Sprint("l", n), user: "u", track: "t", artist: "A", device: "d", event: at, received: at, ms: 60_000, country: "DE", tier: "free", offset: n}
	}
	archive(t, l, []copyOf{listen(1), listen(2)})
	run(t, l, royalty.Options{})
	s := royalty.Selection{Period: "2026-03", ArtistID: "A", TrackID: "t", Country: "DE", Tier: "free"}

	// The run of the period as if it had summed another ledger: one that has come since, and one that is gone.
	archive(t, l, []copyOf{listen(3)})
	updated, err := ledger.Update(t.Context(), env(l))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		ledger int64
		ofRun  bool
		want   error
	}{{updated.LedgerSnapshotID, true, jobs.ErrProof}, {12345, false, lake.ErrExpired}} {
		repoint(t, l, c.ledger)
		e, err := royalty.Explain(t.Context(), env(l), s, 10, true)
		if !errors.Is(err, c.want) || lake.Hint(err) == "" || e == nil || e.LedgerOfRun != c.ofRun || e.Listens != 3 {
			t.Errorf("%+v, %v; want %v", e, err, c.want)
		}
	}
}

// repoint writes the newest run once more, with another ledger snapshot.
func repoint(t *testing.T, l *laketest.Lake, ledger int64) {
	t.Helper()
	base := l.Snapshot(t, catalog.RoyaltyRuns)
	d := l.DB(t)
	if err := d.Bind(t.Context(), "runs", base); err != nil {
		t.Fatal(err)
	}
	if err := d.ExecText(t.Context(), fmt.Sprintf("CREATE VIEW again AS SELECT * REPLACE (%d AS ledger_snapshot_id) FROM runs LIMIT 1", ledger)); err != nil {
		t.Fatal(err)
	}
	files, err := d.Write(t.Context(), base.Table(), catalog.RoyaltiesJob, "again")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Commit(t.Context(), catalog.RoyaltyRuns, lake.Commit{Job: catalog.RoyaltiesJob, Add: files, Stage: lake.IfUnmoved(base, nil)}); err != nil {
		t.Fatal(err)
	}
}
