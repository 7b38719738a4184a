package royalty

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/royalty/terms"
)

// heard is one counted listen.
type heard struct {
	track, artist, country, tier string
	at                           time.Time
	ms                           int64
}

// paid is the key of a payout, owed that of a share of it.
type (
	paid struct{ period, country, tier, currency, artist, track string }
	owed struct {
		paid
		party, role string
	}
)

// sharesWorld is what shares are computed from.
type sharesWorld struct {
	listens []heard
	pools   []terms.Pool
	splits  []terms.Split
}

func makeSharesWorld(seed uint64) (w sharesWorld) {
	r := rand.New(rand.NewPCG(seed, 9))
	start := time.Date(2026, 2, 28, 0, 0, 0, 0, time.UTC)
	for range 400 {
		at := start.AddDate(0, 0, r.IntN(64))
		if r.IntN(3) > 0 {
			at = at.Add(time.Duration(r.Int64N(int64(24 * time.Hour)))).Truncate(time.Microsecond)
		}
		w.listens = append(w.listens, heard{
			fmt.Sprintf("t%d", r.IntN(8)), fmt.Sprintf("A%d", r.IntN(2)), []string{"DE", "FR"}[r.IntN(2)], []string{"free", "premium"}[r.IntN(2)], at, r.Int64N(60_000),
		})
	}
	for _, period := range []string{"2026-03", "2026-04"} {
		for _, country := range []string{"*", "DE", "FR"} {
			for _, tier := range []string{"*", "free"} {
				w.pools = append(w.pools, terms.Pool{Period: period, Country: country, Tier: tier, Currency: "EUR", AmountMinor: r.Int64N(1 << (r.UintN(62) + 1))})
			}
		}
	}
	for i := range 7 { // the eighth track has no splits
		w.splits = append(w.splits, randomSplits(r, fmt.Sprintf("t%d", i))...)
	}
	return w
}

// randomSplits cuts time at some dates and gives each stretch to nobody or to parties.
func randomSplits(r *rand.Rand, track string) (splits []terms.Split) {
	bounds := []string{""}
	for _, day := range []string{"2026-02-11", "2026-03-01", "2026-03-02", "2026-03-17", "2026-03-31", "2026-04-01", "2026-04-30", "2026-05-01", "2026-06-06"} {
		if r.IntN(4) == 0 {
			bounds = append(bounds, day)
		}
	}
	bounds = append(bounds, "")
	for i := range len(bounds) - 1 {
		if r.IntN(4) == 0 {
			continue
		}
		left := int64(terms.AllBasisPoints)
		parties := []string{"A0/artist", "label/Arranger", "ana/composer", "ana/lyricist", "Zoe/x"}
		r.Shuffle(len(parties), func(a, b int) { parties[a], parties[b] = parties[b], parties[a] })
		parties = parties[:1+r.IntN(len(parties))]
		equal := r.IntN(3) == 0 && len(parties) != 3 // ties
		for n, p := range parties {
			points := left
			switch {
			case equal:
				points = terms.AllBasisPoints / int64(len(parties))
			case n+1 < len(parties):
				points = 1 + r.Int64N(left-int64(len(parties)-n-1))
			}
			left -= points
			party, role, _ := strings.Cut(p, "/")
			splits = append(splits, terms.Split{TrackID: track, Party: party, Role: role, BasisPoints: points, EffectiveFrom: bounds[i], EffectiveTo: bounds[i+1]})
		}
	}
	return splits
}

// recountShares divides each payout in plain Go, listen by listen, with rational numbers.
func (w sharesWorld) recountShares(payouts map[paid]int64) map[owed]int64 {
	shares := map[owed]int64{}
	for p, amount := range payouts {
		if !slices.ContainsFunc(w.splits, func(s terms.Split) bool {
			return s.TrackID == p.track && s.EffectiveFrom < p.period+"-32" && (s.EffectiveTo == "" || s.EffectiveTo > p.period+"-01")
		}) {
			continue
		}
		weights, total := map[owed]int64{}, int64(0)
		for _, l := range w.listens {
			day := l.at.Format(time.DateOnly)
			if l.ms < 30_000 || day[:7] != p.period || l.track != p.track || l.artist != p.artist || (p.country != "*" && p.country != l.country) || (p.tier != "*" && p.tier != l.tier) {
				continue
			}
			covered := false
			for _, s := range w.splits {
				if s.TrackID == p.track && s.EffectiveFrom <= day && (s.EffectiveTo == "" || day < s.EffectiveTo) {
					covered = true
					weights[owed{p, s.Party, s.Role}] += s.BasisPoints
				}
			}
			if !covered {
				weights[owed{p, p.artist, "artist"}] += terms.AllBasisPoints
			}
			total += terms.AllBasisPoints
		}
		maps.Copy(shares, largestRemainder(amount, weights, total))
	}
	return shares
}

func largestRemainder(amount int64, weights map[owed]int64, total int64) map[owed]int64 {
	rest, left, parts := map[owed]*big.Int{}, amount, map[owed]int64{}
	for k, weight := range weights {
		whole, remainder := new(big.Int).QuoRem(new(big.Int).Mul(big.NewInt(amount), big.NewInt(weight)), big.NewInt(total), new(big.Int))
		parts[k], rest[k] = whole.Int64(), remainder
		left -= whole.Int64()
	}
	order := slices.SortedFunc(maps.Keys(weights), func(a, b owed) int {
		return cmp.Or(rest[b].Cmp(rest[a]), strings.Compare(a.party, b.party), strings.Compare(a.role, b.role))
	})
	for _, k := range order[:left] {
		parts[k]++
	}
	return parts
}

// prepare makes the relations of the world: judged, payouts and splits.
func (w sharesWorld) prepare(t *testing.T, db *jobs.Session) {
	t.Helper()
	const columns = "(track_id VARCHAR, artist_id VARCHAR, country VARCHAR, tier VARCHAR, device VARCHAR, event_time TIMESTAMPTZ, ms_played BIGINT, track_ms BIGINT)"
	rows := make([][]any, len(w.listens))
	for i, l := range w.listens {
		rows[i] = []any{l.track, l.artist, l.country, l.tier, "d", l.at, l.ms, nil}
	}
	date := func(s string) any {
		if at := dateOf(s); at != nil {
			return *at
		}
		return nil
	}
	parts := make([][]any, len(w.splits))
	for i, s := range w.splits {
		parts[i] = []any{s.TrackID, s.Party, s.Role, s.BasisPoints, date(s.EffectiveFrom), date(s.EffectiveTo)}
	}
	periods := []string{"2026-03", "2026-04"}
	err := errors.Join(
		db.ExecText(t.Context(), "CREATE TABLE heard "+columns), db.Fill(t.Context(), "heard", rows),
		db.ExecText(t.Context(), "CREATE TABLE splits (track_id VARCHAR, party VARCHAR, role VARCHAR, basis_points BIGINT, effective_from DATE, effective_to DATE)"),
		db.Fill(t.Context(), "splits", parts),
		computeLines(t.Context(), db, "heard", terms.DefaultRules(), periods))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := computePayouts(t.Context(), db, w.pools, periods); err != nil {
		t.Fatal(err)
	}
}

func readPayouts(t *testing.T, db *jobs.Session) map[paid]int64 {
	t.Helper()
	payouts := map[paid]int64{}
	var p paid
	var amount int64
	err := db.EachText(t.Context(), "SELECT period, country, tier, currency, artist_id, track_id, amount_minor FROM payouts", nil,
		[]any{&p.period, &p.country, &p.tier, &p.currency, &p.artist, &p.track, &amount}, func() error { payouts[p] = amount; return nil })
	if err != nil {
		t.Fatal(err)
	}
	return payouts
}

func readShares(t *testing.T, db *jobs.Session, relation string) map[owed]int64 {
	t.Helper()
	shares := map[owed]int64{}
	var s owed
	var amount int64
	err := db.EachText(t.Context(), "SELECT period, country, tier, currency, artist_id, track_id, party, role, amount_minor FROM "+relation, nil,
		[]any{&s.period, &s.country, &s.tier, &s.currency, &s.artist, &s.track, &s.party, &s.role, &amount}, func() error {
			if _, twice := shares[s]; twice {
				t.Errorf("%+v is there twice", s)
			}
			shares[s] = amount
			return nil
		})
	if err != nil {
		t.Fatal(err)
	}
	return shares
}

func TestPayoutsAreSharedAmongThePartiesAsListensFell(t *testing.T) {
	t.Parallel()
	l := laketest.New(t)
	many := 0
	for seed := range uint64(laketest.Times(30, 5)) {
		w, db := makeSharesWorld(seed), jobs.NewSession(l.DB(t), nil)
		w.prepare(t, db)
		for range 2 { // again in the same database: what restatement does
			if err := computeShares(t.Context(), db, shareRelations{Payouts: "payouts", Judged: "judged", Into: "some_shares"}); err != nil {
				t.Fatal(err)
			}
		}
		got := readShares(t, db, "some_shares")
		if diff := gocmp.Diff(w.recountShares(readPayouts(t, db)), got, gocmp.AllowUnexported(owed{}, paid{})); diff != "" {
			t.Fatalf("seed %d: %+v (-want +got)\n%s", seed, w.splits, diff)
		}
		many += len(got)
	}
	if many < laketest.Times(3_000, 500) {
		t.Errorf("%d shares in all: the worlds are too empty to show anything", many)
	}
}

func TestSharesThatDoNotAddUpAreNotPublished(t *testing.T) {
	t.Parallel()
	l := laketest.New(t)
	w, db := makeSharesWorld(1), jobs.NewSession(l.DB(t), nil)
	w.splits = []terms.Split{{TrackID: "t1", Party: "p", Role: "r", BasisPoints: 10_000, EffectiveFrom: "2026-03-09"}}
	w.prepare(t, db)
	for _, damage := range []string{
		"CREATE VIEW judged_less AS SELECT * FROM judged WHERE event_time < TIMESTAMPTZ '2026-03-20'", // a listen is missing
		"CREATE OR REPLACE VIEW judged_less AS SELECT * FROM judged WHERE false",
	} {
		if err := db.ExecText(t.Context(), damage); err != nil {
			t.Fatal(err)
		}
		err := computeShares(t.Context(), db, shareRelations{Payouts: "payouts", Judged: "judged_less", Into: "shares"})
		if !errors.Is(err, jobs.ErrProof) {
			t.Errorf("%s: got %v, want ErrProof", damage, err)
		}
	}
	if err := db.ExecText(t.Context(), "UPDATE splits SET basis_points = 9999"); err != nil {
		t.Fatal(err)
	}
	if err := computeShares(t.Context(), db, shareRelations{Payouts: "payouts", Judged: "judged", Into: "shares"}); !errors.Is(err, jobs.ErrProof) {
		t.Errorf("splits that do not sum to the whole: got %v, want ErrProof", err)
	}
}
