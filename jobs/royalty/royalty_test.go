package royalty_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/royalty"
	"github.com/lakectl/lakectl/lake"
)

func env(l *laketest.Lake) jobs.Env {
	return jobs.Env{
		Lake: l.Lake, Duck: l.Duck, Log: slog.New(slog.DiscardHandler), Now: time.Now, CodeVersion: "test", Progress: func(string) {},
	}
}

func archive(t *testing.T, l *laketest.Lake, copies []copyOf) {
	t.Helper()
	rows := make([][]any, len(copies))
	for i, c := range copies {
		rows[i] = c.row()
	}
	tbl, err := l.Table(t.Context(), catalog.Listens)
	if err != nil {
		t.Fatal(err)
	}
	files, err := tbl.WriteRows(t.Context(), "ingest", rows)
	if err != nil {
		t.Fatal(err)
	}
	anyBase := func(lake.Snapshot) (map[string]string, error) { return nil, nil }
	if _, err := l.Commit(t.Context(), catalog.Listens, lake.Commit{Job: "ingest", Add: files, Stage: anyBase}); err != nil {
		t.Fatal(err)
	}
}

func run(t *testing.T, l *laketest.Lake, o royalty.Options) royalty.Report {
	t.Helper()
	report, err := royalty.Run(t.Context(), env(l), o)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func published(t *testing.T, l *laketest.Lake) map[string]string {
	t.Helper()
	runs, err := royalty.Runs(t.Context(), env(l))
	if err != nil {
		t.Fatal(err)
	}
	sums := map[string]string{}
	for _, r := range runs {
		if _, newer := sums[r.Period]; !newer && r.Lines > 0 {
			sums[r.Period] = r.Checksum
		}
	}
	return sums
}

func equal(t *testing.T, got, want any) {
	t.Helper()
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Fatalf("(-want +got)\n%s", diff)
	}
}

func atLeast30s(c copyOf) bool { return c.ms >= 30_000 }

var tables = []string{catalog.ListensCounted, catalog.Duplicates, catalog.RoyaltyLines, catalog.RoyaltyPayouts, catalog.RoyaltyRuns}

func heads(t *testing.T, l *laketest.Lake) map[string]int64 {
	ids := map[string]int64{}
	for _, name := range tables {
		ids[name] = l.Snapshot(t, name).ID()
	}
	return ids
}

// checkLedger holds the ledger and the duplicates against the recount: every copy in exactly one of them.
func checkLedger(t *testing.T, l *laketest.Lake, copies []copyOf) {
	t.Helper()
	d := l.DB(t)
	for view, table := range map[string]string{"ledger": catalog.ListensCounted, "dups": catalog.Duplicates} {
		if err := d.Bind(t.Context(), view, l.Snapshot(t, table)); err != nil {
			t.Fatal(err)
		}
	}
	got := map[string]int64{}
	var listen string
	var offset int64
	dest := []any{&listen, &offset}
	counted := func() error {
		if _, twice := got[listen]; twice {
			t.Errorf("id %s is twice in the ledger", listen)
		}
		got[listen] = offset
		return nil
	}
	if err := d.EachText(t.Context(), "SELECT listen_id, source_offset FROM ledger", nil, dest, counted); err != nil {
		t.Fatal(err)
	}
	byOffset := map[int64]copyOf{}
	for _, c := range copies {
		byOffset[c.offset] = c
	}
	want := winners(copies)
	for id, w := range want {
		if o, ok := got[id]; !ok || smaller(byOffset[o], w) != 0 {
			t.Errorf("id %s: counted offset %d, want content of %d", id, o, w.offset)
		}
	}
	equal(t, len(got), len(want))
	var rows, distinct, conflicts, others int64
	err := d.OneText(t.Context(), "SELECT count(*), count(DISTINCT source_offset), count(*) FILTER (WHERE payload_conflict), count(*) FILTER (WHERE other_user) FROM dups ANTI JOIN ledger USING (source_offset)", nil, []any{&rows, &distinct, &conflicts, &others})
	if err != nil {
		t.Fatal(err)
	}
	var wantConflicts, wantOthers int64
	for _, c := range copies {
		w := want[c.listen]
		x, y := c, w
		x.received, y.received, x.offset, y.offset = time.Time{}, time.Time{}, 0, 0
		if x != y {
			wantConflicts++
		}
		if c.user != w.user {
			wantOthers++
		}
	}
	equal(t, []int64{rows, distinct, conflicts, others}, []int64{int64(len(copies) - len(want)), int64(len(copies) - len(want)), wantConflicts, wantOthers})
}

func TestAnyCutOfTheArchiveGivesTheRecountsLines(t *testing.T) {
	laketest.Long(t, "random histories")
	t.Parallel()
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			l := laketest.New(t)
			copies := world(seed, 120)
			r := rand.New(rand.NewPCG(seed, 2))
			r.Shuffle(len(copies), func(i, j int) { copies[i], copies[j] = copies[j], copies[i] })
			for at := 0; at < len(copies); {
				next := min(at+1+r.IntN(60), len(copies))
				archive(t, l, copies[at:next])
				if r.IntN(3) > 0 {
					run(t, l, royalty.Options{})
				}
				at = next
			}
			report := run(t, l, royalty.Options{Full: true})
			if !report.Full.Agrees {
				t.Fatal("full recount disagrees")
			}
			equal(t, published(t, l), checksums(recount(copies, atLeast30s)))
			checkLedger(t, l, copies)
			before := heads(t, l)
			if again := run(t, l, royalty.Options{}); again.Written {
				t.Error("a run with nothing new says it wrote")
			}
			equal(t, heads(t, l), before)
		})
	}
}

func TestReplayFromAnotherSourceChangesNoLine(t *testing.T) {
	laketest.Costly(t)
	t.Parallel()
	l := laketest.New(t)
	copies := world(7, 100)
	archive(t, l, copies)
	run(t, l, royalty.Options{})
	before := published(t, l)
	replay := make([]copyOf, len(copies))
	for i, c := range copies {
		c.offset += 1_000
		replay[i] = c
	}
	archive(t, l, replay)
	report := run(t, l, royalty.Options{Full: true})
	equal(t, published(t, l), before)
	equal(t, report.Ledger.Replaced, int64(0))
	equal(t, report.Ledger.Counted, int64(0))
}

// A device whose clock was reset plays in 1970, or just before it.
func TestDuplicatesAreOfTheMonthOfTheirOwnPlay(t *testing.T) {
	t.Parallel()
	l := laketest.New(t)
	var copies []copyOf
	for at, times := range map[string]int{"1969-12-31T16:00:00Z": 3, "1970-01-01T00:00:00Z": 2, "1970-01-31T23:59:59Z": 4, "2026-02-28T23:00:00Z": 2, "2026-03-01T00:00:00Z": 1} {
		event, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		for range times {
			copies = append(copies, copyOf{
				listen: at, user: "u", track: "t", artist: "A", device: "phone", country: "DE", tier: "paid",
				event: event, received: time.Date(2026, 3, 2, 0, 0, 0, len(copies)*1000, time.UTC), ms: 60_000, offset: int64(len(copies)),
			})
		}
	}
	archive(t, l, copies)
	got := map[string]int64{}
	for _, p := range run(t, l, royalty.Options{}).Periods {
		got[p.Period] = p.Duplicates
	}
	equal(t, got, map[string]int64{"1969-12": 2, "1970-01": 4, "2026-02": 1, "2026-03": 0})
}

func TestKilledAtEveryStepAndRunAgainGivesTheSame(t *testing.T) {
	t.Parallel()
	first, second := world(11, 60), world(12, 60)
	for i := range second {
		second[i].offset += 1_000
	}
	all := append(append([]copyOf{}, first...), second...)
	want := checksums(recount(all, atLeast30s))
	for nth := 1; ; nth = laketest.NextStep(nth) {
		l := laketest.New(t)
		archive(t, l, first)
		run(t, l, royalty.Options{})
		archive(t, l, second)
		ctx, cancel := context.WithCancel(t.Context())
		_, err := royalty.Run(ctx, env(l.With(laketest.CrashOnce(nth, cancel))), royalty.Options{})
		cancel()
		if err == nil {
			if nth < 10 {
				t.Fatalf("only %d steps", nth)
			}
			break
		}
		run(t, l, royalty.Options{})
		equal(t, published(t, l), want)
		checkLedger(t, l, all)
	}
}

func TestErasedWinnerHandsOverToTheNextCopy(t *testing.T) {
	t.Parallel()
	l := laketest.New(t)
	at := func(day, hour int) time.Time { return time.Date(2026, 3, day, hour, 0, 0, 0, time.UTC) }
	copies := []copyOf{
		{listen: "a", user: "u1", track: "t1", artist: "A", device: "d", event: at(31, 23), received: at(31, 23), ms: 40_000, country: "DE", tier: "free", offset: 1},
		{listen: "a", user: "u2", track: "t2", artist: "A", device: "d", event: at(32, 1), received: at(32, 1), ms: 50_000, country: "DE", tier: "free", offset: 2},
		{listen: "a", user: "u2", track: "t2", artist: "A", device: "d", event: at(32, 1), received: at(32, 2), ms: 50_000, country: "DE", tier: "free", offset: 3},
		{listen: "b", user: "u3", track: "t3", artist: "A", device: "d", event: at(31, 1), received: at(31, 1), ms: 50_000, country: "DE", tier: "free", offset: 4},
	}
	archive(t, l, copies)
	run(t, l, royalty.Options{})
	equal(t, published(t, l), checksums(recount(copies, atLeast30s)))
	for _, table := range []string{catalog.Listens, catalog.ListensCounted} {
		erase(t, l, table, "u1")
	}
	report := run(t, l, royalty.Options{Full: true})
	equal(t, published(t, l), checksums(recount(copies[1:], atLeast30s)))
	checkLedger(t, l, copies[1:])
	equal(t, report.Ledger.Counted, int64(1))
	if again := run(t, l, royalty.Options{}); again.Written {
		t.Error("a run with nothing new says it wrote")
	}
}

// erase deletes the rows of users as an erasure does.
func erase(t *testing.T, l *laketest.Lake, table string, users ...string) {
	t.Helper()
	s := l.Snapshot(t, table)
	files, err := s.Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d := l.DB(t)
	if err := d.Bind(t.Context(), "x", s); err != nil {
		t.Fatal(err)
	}
	rows, err := d.PositionsText(t.Context(), files, "SELECT _file, _pos FROM x WHERE user_id IN ('"+strings.Join(users, "', '")+"')")
	if err != nil {
		t.Fatal(err)
	}
	deletes, err := s.WritePositionDeletes(t.Context(), "deletions", files, rows)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Commit(t.Context(), table, lake.Commit{Job: "deletions", Deletes: deletes, Stage: lake.IfUnmoved(s, nil)}); err != nil {
		t.Fatal(err)
	}
}

func TestTwoRunsAtOnceOneWinsAndNothingIsDouble(t *testing.T) {
	t.Parallel()
	l := laketest.New(t)
	copies := world(21, 80)
	archive(t, l, copies)
	raced := false
	faults := &laketest.Faults{Strike: func(step laketest.Step, table string) error {
		if step == laketest.BeforeCommit && table == catalog.ListensCounted && !raced {
			raced = true
			_, err := royalty.Run(context.Background(), env(l), royalty.Options{})
			return err
		}
		return nil
	}}
	_, err := royalty.Run(t.Context(), env(l.With(faults)), royalty.Options{})
	if !raced || !errors.Is(err, lake.ErrFenced) {
		t.Fatalf("raced %v, error %v; want ErrFenced", raced, err)
	}
	equal(t, published(t, l), checksums(recount(copies, atLeast30s)))
	checkLedger(t, l, copies)
}

// A copy that takes over from an erased one moves from listens_duplicates to the ledger, in two commits.
func TestHandOverKilledAtEveryStepLosesNoCopy(t *testing.T) {
	laketest.Long(t, "TestErasedWinnerHandsOver hands over, TestKilledAtEveryStep is killed")
	first := world(13, 40)
	for i := range first { // half of the listens have one copy left when u1 is erased, on another day
		c := first[i]
		c.user, c.event, c.received, c.offset = "u1", c.event.AddDate(0, 0, -2), c.received.AddDate(0, 0, -2), c.offset+500
		if first[i].user == "u1" {
			first[i].user = "u2"
		}
		first = append(first, c)
	}
	second := world(14, 20)
	for i := range second {
		second[i].offset += 1_000
	}
	all := append(append([]copyOf{}, first...), second...)
	left := without(all, "u1")
	for nth := 1; ; nth = laketest.NextStep(nth) {
		l := laketest.New(t)
		archive(t, l, first)
		run(t, l, royalty.Options{})
		archive(t, l, without(second, "u1"))
		taken(t, l, "u1")
		ctx, cancel := context.WithCancel(t.Context())
		_, err := royalty.Run(ctx, env(l.With(laketest.CrashOnce(nth, cancel))), royalty.Options{})
		cancel()
		if err == nil {
			if nth < 10 {
				t.Fatalf("only %d steps", nth)
			}
			break
		}
		run(t, l, royalty.Options{})
		equal(t, published(t, l), checksums(recount(left, atLeast30s)))
		checkLedger(t, l, left)
		if again := run(t, l, royalty.Options{}); again.Written {
			t.Error("a run with nothing new says it wrote")
		}
	}
}
