package royalty_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/royalty"
	"github.com/lakectl/lakectl/lake"
)

// statusOf is where a period stands, nil where there is none.
func statusOf(t *testing.T, l *laketest.Lake, period string) *royalty.PeriodStatus {
	t.Helper()
	list, err := royalty.Status(t.Context(), env(l))
	if err != nil {
		t.Fatal(err)
	}
	if i := slices.IndexFunc(list, func(s royalty.PeriodStatus) bool { return s.Period == period }); i >= 0 {
		return &list[i]
	}
	return nil
}

func TestPoolsAndSplitsAreTakenBackAsAVersion(t *testing.T) {
	laketest.Long(t, "the script takeback takes pools back, TestOnlyWhatWasEverGiven both")
	t.Parallel()
	l := laketest.New(t)
	archive(t, l, world(97, 200))
	money(t, l, twoPools+"2062-03,*,*,EUR,5\n")
	splitTracks(t, l, "t1,ann,writer,7000,,\nt1,bob,artist,3000,,\nt2,ann,writer,10000,,\n")
	april := run(t, l, royalty.Options{}).Periods[1]
	c := closePeriod(t, l, "2026-03")
	statement := shown(t, l, c.RunID)

	if statusOf(t, l, "2062-03") == nil {
		t.Fatal("a month with pools is no period")
	}
	pools, err := royalty.RemovePools(t.Context(), env(l), []string{"2026-03", "2026-04", "2062-03", "2062-03"})
	if err != nil || !pools.Stored || pools.Version != 2 || len(pools.Pools) != 0 {
		t.Fatalf("%+v, %v", pools, err)
	}
	splits, err := royalty.RemoveSplits(t.Context(), env(l), []string{"t1", "t1"})
	if err != nil || !splits.Stored || splits.Version != 2 || splits.Tracks != 1 {
		t.Fatalf("%+v, %v", splits, err)
	}
	run(t, l, royalty.Options{Full: true})
	reconcile(t, l, c.Closing)
	equal(t, shown(t, l, c.RunID), statement)
	if now := adjustmentsOf(t, l); now["2026-04 2026-03 pools"] == 0 {
		t.Errorf("nothing is taken off the open month: %v", now)
	}
	if s := statusOf(t, l, "2062-03"); s != nil {
		t.Errorf("a month of which nothing is left: %+v", s)
	}
	if now := shown(t, l, "2026-04"); len(now.Payouts) != 0 || len(now.Lines) == 0 {
		t.Errorf("paid without pools: %+v", now.Payouts)
	}

	money(t, l, twoPools)
	splitTracks(t, l, "t1,ann,writer,7000,,\nt1,bob,artist,3000,,\n")
	run(t, l, royalty.Options{})
	reconcile(t, l, c.Closing)
	if again := shown(t, l, "2026-04"); again.Run.Checksum != april.Checksum || again.Run.PoolsVersion != 3 || again.Run.SplitsVersion != 3 {
		t.Errorf("given again: %+v", again.Run)
	}
}

func TestOnlyWhatWasEverGivenIsTakenBackAndOnce(t *testing.T) {
	t.Parallel()
	l := laketest.New(t)
	money(t, l, twoPools)
	splitTracks(t, l, "t1,ann,writer,10000,,\n")
	before := [2]int64{l.Snapshot(t, catalog.RoyaltyPools).ID(), l.Snapshot(t, catalog.RoyaltySplits).ID()}
	for _, periods := range [][]string{{"2026-05"}, {"2026-03", "2026-05"}} {
		if _, err := royalty.RemovePools(t.Context(), env(l), periods); !errors.Is(err, lake.ErrNotFound) || lake.Hint(err) == "" {
			t.Errorf("%v: %v", periods, err)
		}
	}
	if _, err := royalty.RemoveSplits(t.Context(), env(l), []string{"t1", "t2"}); !errors.Is(err, lake.ErrNotFound) || lake.Hint(err) == "" {
		t.Errorf("%v", err)
	}
	equal(t, [2]int64{l.Snapshot(t, catalog.RoyaltyPools).ID(), l.Snapshot(t, catalog.RoyaltySplits).ID()}, before)
	for n := range 2 {
		pools, err := royalty.RemovePools(t.Context(), env(l), []string{"2026-03"})
		if err != nil || pools.Stored != (n == 0) || pools.Version != 2 || len(pools.Pools) != 1 {
			t.Errorf("time %d: %+v, %v", n+1, pools, err)
		}
		splits, err := royalty.RemoveSplits(t.Context(), env(l), []string{"t1"})
		if err != nil || splits.Stored != (n == 0) || splits.Version != 2 {
			t.Errorf("time %d: %+v, %v", n+1, splits, err)
		}
	}
	if list, err := royalty.Splits(t.Context(), env(l)); err != nil || list.Rows != 0 {
		t.Errorf("in force: %+v, %v", list, err)
	}
}
