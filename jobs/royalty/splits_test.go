package royalty

import (
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/royalty/terms"
	"github.com/lakectl/lakectl/lake"
)

func inputsEnv(l *laketest.Lake) jobs.Env {
	return jobs.Env{
		Lake: l.Lake, Duck: l.Duck, Log: slog.New(slog.DiscardHandler), Now: time.Now, CodeVersion: "test", Progress: func(string) {},
	}
}

// applySplits applies rows of a splits file.
func applySplits(t *testing.T, env jobs.Env, rows string) SplitSet {
	t.Helper()
	splits, err := terms.ParseSplits(strings.NewReader("track_id,party,role,basis_points,effective_from,effective_to\n" + rows))
	if err != nil {
		t.Fatal(err)
	}
	set, err := ApplySplits(t.Context(), env, splits)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// splitsOf lists the relation splits as "track party" in the order of files.
func splitsOf(t *testing.T, db *jobs.Session) (list []string) {
	t.Helper()
	var s string
	err := db.EachText(t.Context(), "SELECT track_id || ' ' || party FROM splits ORDER BY ALL", nil, []any{&s}, func() error { list = append(list, s); return nil })
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestSplitsReplaceThoseOfTheTracksTheyName(t *testing.T) {
	t.Parallel()
	l := laketest.New(t)
	env := inputsEnv(l)
	first := applySplits(t, env, "t1,a,x,10000,,\nt2,a,x,6000,,2026-03-01\nt2,b,x,4000,,2026-03-01\n")
	if first.Version != 1 || !first.Stored || first.Tracks != 2 || first.Rows != 3 {
		t.Errorf("first: %+v", first)
	}
	if second := applySplits(t, env, "t2,c,x,10000,,\nt3,c,x,10000,2026-04-01,\n"); second.Version != 2 || !second.Stored {
		t.Errorf("second: %+v", second)
	}
	for _, same := range []string{"t1,a,x,10000,,\n", "t3,c,x,10000,2026-04-01,\nt2,c,x,10000,,\n"} {
		if again := applySplits(t, env, same); again.Stored || again.Version != 2 {
			t.Errorf("the same again: %+v", again)
		}
	}
	set, err := Splits(t.Context(), env)
	want := []terms.Split{
		{TrackID: "t1", Party: "a", Role: "x", BasisPoints: 10_000},
		{TrackID: "t2", Party: "c", Role: "x", BasisPoints: 10_000},
		{TrackID: "t3", Party: "c", Role: "x", BasisPoints: 10_000, EffectiveFrom: "2026-04-01"},
	}
	if err != nil || set.Version != 2 || set.Tracks != 3 || !slices.Equal(set.Splits, want) {
		t.Errorf("in force: %+v, %v", set, err)
	}
	db := jobs.NewSession(l.DB(t), nil)
	for version, want := range [][]string{nil, {"t1 a", "t2 a", "t2 b"}, {"t1 a", "t2 c", "t3 c"}} {
		if err := bindSplits(t.Context(), db, l.Snapshot(t, catalog.RoyaltySplits), int64(version)); err != nil {
			t.Fatal(err)
		}
		if got := splitsOf(t, db); !slices.Equal(got, want) {
			t.Errorf("version %d: got %v, want %v", version, got, want)
		}
	}
}

func TestSplitsChangeThePeriodsTheyBearOnOnly(t *testing.T) {
	laketest.Costly(t)
	t.Parallel()
	l := laketest.New(t)
	env := inputsEnv(l)
	for _, rows := range []string{
		"t1,a,x,10000,,\nt2,a,x,10000,2026-03-15,\n",
		"t1,a,x,10000,,2026-04-01\nt1,b,x,10000,2026-04-01,\n",                                     // 2: differs from April on
		"t2,a,x,10000,2026-03-15,2026-05-01\nt2,c,x,10000,2026-05-09,\n",                           // 3: differs from May on
		"t1,a,x,10000,,2026-04-01\nt1,b,x,10000,2026-04-01,\nt3,z,x,10000,2026-02-01,2026-03-01\n", // 4: a new track, over before March
		"t1,a,x,10000,,\n", // 5: as in 1
	} {
		applySplits(t, env, rows)
	}
	db := jobs.NewSession(l.DB(t), nil)
	if err := bindSplits(t.Context(), db, l.Snapshot(t, catalog.RoyaltySplits), 5); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		before, after int64
		want          string
	}{
		{0, 1, "2026-02 2026-03 2026-04 2026-05 2026-06"},
		{1, 1, ""},
		{1, 2, "2026-04 2026-05 2026-06"},
		{2, 1, "2026-04 2026-05 2026-06"},
		{2, 3, "2026-05 2026-06"},
		{3, 4, "2026-02"},
		{1, 5, "2026-02 2026-05 2026-06"},
		{4, 5, "2026-04 2026-05 2026-06"},
	} {
		var changed []string
		for _, period := range []string{"2026-02", "2026-03", "2026-04", "2026-05", "2026-06"} {
			is, err := splitsChanged(t.Context(), db, c.before, c.after, period)
			if err != nil {
				t.Fatal(err)
			}
			if is {
				changed = append(changed, period)
			}
		}
		if got := strings.Join(changed, " "); got != c.want {
			t.Errorf("from version %d to %d: %s changed, want %s", c.before, c.after, got, c.want)
		}
	}
}

func TestAnOldVersionOfRulesAndPoolsCanBeRead(t *testing.T) {
	t.Parallel()
	l := laketest.New(t)
	env := inputsEnv(l)
	for i, id := range []string{"one", "two"} {
		if _, err := ApplyRules(t.Context(), env, []terms.Rule{{ID: id, Counts: true, MinMsPlayed: int64(i)}}); err != nil {
			t.Fatal(err)
		}
		if _, err := ApplyPools(t.Context(), env, []terms.Pool{{Period: "2026-03", Country: "*", Tier: "*", Currency: "EUR", AmountMinor: int64(i)}, {Period: "2026-0" + string(rune('4'+i)), Country: "*", Tier: "*", Currency: "EUR", AmountMinor: 9}}); err != nil {
			t.Fatal(err)
		}
	}
	db := jobs.NewSession(l.DB(t), nil)
	if err := errors.Join(bindRules(t.Context(), db, l.Snapshot(t, catalog.RoyaltyRules)), bindPools(t.Context(), db, l.Snapshot(t, catalog.RoyaltyPools))); err != nil {
		t.Fatal(err)
	}
	for version, want := range []string{"default", "one", "two"} {
		if set, err := rulesAt(t.Context(), db, int64(version)); err != nil || set.Version != int64(version) || len(set.Rules) != 1 || set.Rules[0].ID != want {
			t.Errorf("rules of version %d: %+v, %v", version, set, err)
		}
	}
	if _, err := rulesAt(t.Context(), db, 3); !errors.Is(err, lake.ErrNotFound) || lake.Hint(err) == "" {
		t.Errorf("rules that never were: %v", err)
	}
	for version, want := range []map[string]int64{{}, {"2026-03": 1, "2026-04": 1}, {"2026-03": 2, "2026-04": 1, "2026-05": 2}} {
		set, err := poolsAt(t.Context(), db, int64(version))
		if err != nil || set.Version != int64(version) || len(set.Pools) != len(want) {
			t.Errorf("pools of version %d: %+v, %v", version, set, err)
		}
		for period, from := range want {
			if set.byPeriod[period] != from {
				t.Errorf("pools of version %d: %s is from version %d, want %d", version, period, set.byPeriod[period], from)
			}
		}
	}
}
