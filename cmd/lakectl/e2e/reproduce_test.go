package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/audit"
	"github.com/lakectl/lakectl/jobs/royalty"
	"github.com/lakectl/lakectl/jobs/topic"
	"github.com/lakectl/lakectl/lake"
)

func TestOldRunsReproduceWhateverCameInSince(t *testing.T) {
	laketest.Long(t, "a history of months, TestErasedDuplicatesLeaveARunTheSame is a short one")
	t.Parallel()
	a := newAudited(t)
	a.pools("2026-03,*,*,EUR,1001\n2026-03,DE,free,EUR,7\n")
	a.ingest(play("l1", "u1", march), play("l1", "u1", march, "received_time", "2026-03-11T10:00:00Z"), play("l2", "u2", march, "track_id", "t2"), play("l3", "u3", march, "ms_played", 10_000))
	a.ingest(play("l4", "u1", "2026-03-31T23:59:59.999999Z", "track_id", "t3"), play("l5", "u1", "2026-04-01T00:00:00Z"))
	first := a.publish("2026-03")
	before := *a.expect(first, audit.Same)
	if before.RowsRead != 5 || before.RowsNow != 5 || before.Payouts != audit.PayoutsSame || len(before.Erased)+len(before.LinesDiffer) != 0 {
		t.Fatalf("%+v", before)
	}
	// A smaller copy of l1, new listens, an old file once more under another name, new rules and pools.
	a.ingest(play("l1", "u9", march, "received_time", "2026-03-09T10:30:00Z", "track_id", "t9"), play("l6", "u1", march), play("l2", "u2", march, "track_id", "t2"))
	a.rules("rules:\n  - {id: all, min_ms_played: 0}\n")
	a.pools("2026-03,*,*,EUR,5\n")
	second := a.publish("2026-03")
	if second == first {
		t.Fatal("one run")
	}
	a.compact()
	if after := a.expect(first, audit.Same); !cmp.Equal(*after, before, cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".LinesDiffer" }, cmp.Ignore())) {
		t.Errorf("%+v became %+v", before, *after)
	}
	a.expect(second, audit.Same)
	if r := a.expect("2026-03", audit.Same); r.RunID != second {
		t.Errorf("the newest run of the period is %s, not %s", second, r.RunID)
	}
}

func TestRunReproducesWithoutTheSnapshotsItNamed(t *testing.T) {
	laketest.Long(t, "TestARunThatTookExpiredHistoryInIsProved is without its snapshots too")
	t.Parallel()
	a := newAudited(t)
	a.pools("2026-03,*,*,EUR,1001\n")
	a.ingest(play("l1", "u1", march))
	first := a.publish("2026-03")
	a.ingest(play("l2", "u1", march))
	a.publish("2026-03")
	for _, table := range []string{catalog.Listens, catalog.ListensCounted, catalog.RoyaltyLines, catalog.RoyaltyPayouts} {
		for range 31 { // so many are kept at any age
			_, err := a.l.Commit(t.Context(), table, lake.Commit{Job: catalog.RoyaltiesJob, Stage: func(lake.Snapshot) (map[string]string, error) { return nil, nil }})
			a.check(err)
		}
	}
	if n := thinned(t, a.env, 30*24*time.Hour); n == 0 {
		t.Fatal("nothing expired")
	}
	if r := a.expect(first, audit.Same); r.Payouts != audit.PayoutsExpired || r.RowsNow != 1 {
		t.Errorf("%+v", *r)
	}
	if r := a.expect("2026-03", audit.Same); r.Payouts != audit.PayoutsSame || r.RowsNow != 2 {
		t.Errorf("%+v", *r)
	}
	a.rewrite(catalog.Listens, "SELECT * FROM now WHERE listen_id <> 'l1'")
	a.expect(first, audit.Different)
}

func TestReplaysAfterARunAreNotPartOfIt(t *testing.T) {
	laketest.Long(t, "TestReplayCutOffAfterARunIsNotPartOfIt is the short one")
	t.Parallel()
	a := newAudited(t)
	early := func(id string) string { return play(id, "u1", "2026-03-12T10:00:00Z", "received_time", march) } // event after arrival
	a.ingest(play("l1", "u1", march), early("l2"), early("l3"), early("l4"))
	var runs []string
	want := map[string]int64{}
	note := func(rows int64) {
		run := a.publish("2026-03")
		runs, want[run] = append(runs, run), rows
	}
	note(1)
	a.replay() // two rounds
	note(4)    // the archive ends with the replay, whose records were marked after it
	a.ingest(early("l5"), play("l6", "u1", march))
	note(5)
	a.replay()
	note(6)
	a.ingest(early("l7"))
	a.replay()
	for _, run := range runs {
		if r := a.expect(run, audit.Same); r.RowsNow != want[run] {
			t.Errorf("%+v, want %d rows", *r, want[run])
		}
	}
	// Without quarantine nobody can tell what came when.
	a.rewrite(catalog.Quarantine, "SELECT * FROM now WHERE false")
	r := a.expect(runs[0], audit.InputsErased)
	if len(r.Erased) != 0 {
		t.Errorf("%+v", *r)
	}
	a.expect(runs[len(runs)-1], audit.Same) // what was replayed since came from a source that it did not know
}

// A record that was never marked, because the replay was cut off, is as little part of an earlier run.
func TestReplayCutOffAfterARunIsNotPartOfIt(t *testing.T) {
	t.Parallel()
	a := newAudited(t)
	a.ingest(play("l1", "u1", march), play("l2", "u1", "2026-03-12T10:00:00Z", "received_time", march))
	run := a.publish("2026-03")
	before := a.l.Snapshot(t, catalog.Quarantine)
	a.replay()
	a.check(rollBack(a, before))
	a.expect(run, audit.Same)
}

// rollBack moves a table to what it was, as far as readers of rows and state can tell.
func rollBack(a *audited, to lake.Snapshot) error {
	a.rewrite(to.Table().Name(), "SELECT * REPLACE (NULL AS outcome, NULL AS outcome_at) FROM now")
	marked, err := to.State(catalog.MarkedListens)
	if err != nil {
		return err
	}
	_, err = a.l.Commit(a.Context(), to.Table().Name(), lake.Commit{Job: "test", Stage: func(lake.Snapshot) (map[string]string, error) {
		return map[string]string{lake.StateKey(catalog.MarkedListens): marked}, nil
	}})
	return err
}

func TestRunsOfEarlierVersionsCannotBeProved(t *testing.T) {
	t.Parallel()
	a := newAudited(t)
	a.ingest(play("l1", "u1", march))
	run := a.publish("2026-03")
	a.rewrite(catalog.RoyaltyRuns, "SELECT * REPLACE (NULL AS listens_committed_at, NULL AS replays) FROM now")
	if r, err := audit.Reproduce(t.Context(), a.env, run); r != nil || !errors.Is(err, jobs.ErrInputsErased) || lake.Hint(err) == "" {
		t.Errorf("%v, %v", r, err)
	}
	if r, err := audit.Reproduce(t.Context(), a.env, "2026-04"); r != nil || !errors.Is(err, lake.ErrNotFound) || lake.Hint(err) == "" {
		t.Errorf("%v, %v", r, err)
	}
}

func TestPeriodWithMoneyAndNoListensReproduces(t *testing.T) {
	t.Parallel()
	a := newAudited(t)
	a.pools("2026-03,*,*,EUR,100\n")
	run := a.publish("2026-03")
	a.expect(run, audit.Same)
	a.ingest(play("l1", "u1", march))
	a.expect(run, audit.Same)
}

func TestRunsFromATopicReproduceAfterMoreCameIn(t *testing.T) {
	laketest.Long(t, "a history of months, TestErasedDuplicatesLeaveARunTheSame is a short one")
	t.Parallel()
	brokers := startTopic(t, play("l1", "u1", march), "{", play("l2", "u2", march, "track_id", "t2"))
	l := newLakeDir(t, false)
	l.run(nil, "ingest", "--until-caught-up", "--brokers", brokers)
	l.run(nil, "ingest", "file", "--source", "file", l.write("f.jsonl", play("l3", "u3", march)+"\n"))
	l.run(nil, "job", "royalties")
	first := l.query("SELECT run_id FROM royalty_runs")[0]["run_id"].(string)
	p := topic.NewProducer(topic.Options{Brokers: strings.Split(brokers, ","), Topic: "listens"})
	defer p.Close() //nolint:errcheck // test
	if err := p.Produce(t.Context(), []topic.Record{{Value: []byte(play("l1", "u1", march, "received_time", "2026-03-10T09:30:00Z"))}, {Value: []byte(play("l4", "u4", march))}}); err != nil {
		t.Fatal(err)
	}
	l.run(nil, "ingest", "--until-caught-up", "--brokers", brokers)
	l.run(nil, "job", "royalties")
	if runs := l.query("SELECT count(DISTINCT run_id) AS n FROM royalty_runs"); runs[0]["n"] != 2.0 {
		t.Fatalf("%v runs", runs)
	}
	for run, rows := range map[string]int64{first: 3, "2026-03": 5} {
		var r audit.Result
		l.run(&r, "royalties", "reproduce", run)
		if r.Outcome != audit.Same || r.RowsNow != rows {
			t.Errorf("%+v, want %d rows", r, rows)
		}
	}
}

// Whatever happens to a lake in whatever order, no run is called different; and without deletions all are the same.
func TestRandomHistoriesNeverMakeARunDifferent(t *testing.T) {
	laketest.Long(t, "random histories")
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			a := newAudited(t)
			r := rand.New(rand.NewPCG(seed, 11))
			a.pools(strings.SplitN(randomPools, "\n", 2)[1])
			var lines []string
			erasures := seed%2 == 0
			for _, e := range randomEvents(seed+100, 60) {
				if text, err := json.Marshal(e); err != nil {
					t.Fatal(err)
				} else if erasures || e["type"] != "deletion" {
					lines = append(lines, string(text))
				}
			}
			for at := 0; at < len(lines); {
				next := min(at+1+r.IntN(12), len(lines))
				a.ingest(lines[at:next]...)
				at = next
				for range r.IntN(3) {
					switch r.IntN(6) {
					case 0:
						a.replay()
					case 1:
						a.compact()
					case 2:
						a.rules(fmt.Sprintf("rules:\n  - {id: d1, device: d1, tier: premium, effective_from: 2026-03-30, effective_to: 2026-04-02, min_ms_played: 60000, min_fraction: 0.4615}\n  - {id: no, tier: free, track_id: t1, count: false}\n  - {id: all, min_ms_played: %d}\n", r.IntN(90_000)))
					case 3:
						a.erase()
					default:
						_, err := royalty.Run(t.Context(), a.env, royalty.Options{})
						a.check(err)
					}
				}
			}
			a.erase()
			runs, err := royalty.Runs(t.Context(), a.env)
			a.check(err)
			outcomes := map[audit.Outcome]int{}
			for _, run := range runs {
				result, err := audit.Reproduce(t.Context(), a.env, run.RunID)
				if result == nil || result.Outcome == audit.Different || result.Outcome != audit.Same && !erasures || result.Payouts == audit.PayoutsDifferent {
					t.Fatalf("%+v, %v", result, err)
				}
				outcomes[result.Outcome]++
			}
			for _, period := range []string{"2026-03", "2026-04"} {
				a.expect(period, audit.Same)
			}
			t.Logf("%v", outcomes)
		})
	}
}
