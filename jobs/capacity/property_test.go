package capacity

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// someLoad is between one listen a second and some millions.
func someLoad(r *rand.Rand) Load {
	l := Load{ListensPerSecond: 1, Days: 1 + r.IntN(2000), Flush: time.Second + time.Duration(r.Int64N(int64(time.Minute))), Share: 1, Catalog: Catalogs[r.IntN(len(Catalogs))]}
	for range 1 + r.IntN(7) {
		l.ListensPerSecond *= 1 + 9*r.Float64()
	}
	l.FlushRows, l.FlushBytes = 1+r.Int64N(2_000_000), 1000+r.Int64N(1<<30)
	return l
}

func planOf(t *testing.T, l Load, b Book) Plan {
	t.Helper()
	p, err := New(l, b)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestMoreListensNeverNeedLess(t *testing.T) {
	b, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // no secret
		less := someLoad(r)
		more := less
		more.ListensPerSecond *= 1 + r.Float64()*r.Float64()
		p, q := planOf(t, less, b), planOf(t, more, b)
		for i, f := range p.Figures {
			grows := f.What != "between two flushes of an ingester" && f.What != "ingesters whose commits fit" && f.Part != "cost per billion"
			if g := q.Figures[i]; grows && g.Value < f.Value*(1-1e-9) {
				t.Errorf("seed %d: %s, %s: %v at %v listens a second, %v at %v", seed, f.Part, f.What, f.Value, less.ListensPerSecond, g.Value, more.ListensPerSecond)
			}
		}
	}
}

func TestMoreDaysKeepMoreAndAskNoMoreOfTheJobs(t *testing.T) {
	b := testBook(t)
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 2)) //nolint:gosec // no secret
		less := someLoad(r)
		more := less
		more.Days += 1 + r.IntN(100)
		p, q := planOf(t, less, b), planOf(t, more, b)
		for i, f := range p.Figures {
			g := q.Figures[i]
			if grows := slices.Contains(f.From, "load: days"); grows && g.Value < f.Value || !grows && g.Value != f.Value {
				t.Errorf("seed %d: %s, %s: %v of %d days, %v of %d", seed, f.Part, f.What, f.Value, less.Days, g.Value, more.Days)
			}
		}
	}
}

func TestAFigureChangesWithNothingThatItDoesNotName(t *testing.T) {
	b := testBook(t)
	moved := map[string]bool{}
	for seed := range uint64(40) {
		l := someLoad(rand.New(rand.NewPCG(seed, 3))) //nolint:gosec // no secret
		p := planOf(t, l, b)
		for _, c := range b {
			factor := 0.37
			if c.Unit == "times" { // which is not below 1
				factor = 1.37
			}
			other, err := b.Set(c.Name, fmt.Sprint(c.Value*factor))
			if err != nil {
				t.Fatal(err)
			}
			q := planOf(t, l, other)
			for i, f := range p.Figures {
				switch changed := q.Figures[i].Value != f.Value; {
				case changed && !slices.Contains(f.From, c.Name):
					t.Errorf("seed %d: %s, %s changes with %s and does not name it", seed, f.Part, f.What, c.Name)
				case changed:
					moved[c.Name] = true
				}
			}
			for _, limit := range p.Limits {
				i := slices.IndexFunc(q.Limits, func(o Limit) bool { return o.Stage == limit.Stage })
				switch changed := q.Limits[i].Used != limit.Used; {
				case changed && !slices.Contains(limit.From, c.Name):
					t.Errorf("seed %d: %s changes with %s and does not name it", seed, limit.Stage, c.Name)
				case changed:
					moved[c.Name] = true
				}
			}
		}
	}
	for _, c := range b {
		if !moved[c.Name] {
			t.Errorf("no figure of 40 loads changes with %s", c.Name)
		}
	}
}

// Set takes numbers that are larger or smaller than anything; the plan of them says nothing useful, but it is numbers.
func TestNoNumberThatIsTakenLeadsToNone(t *testing.T) {
	b := testBook(t)
	loads := []Load{
		{ListensPerSecond: mostListens, Days: mostDays, Flush: time.Second, FlushRows: 1, FlushBytes: 1, Share: 1},
		{ListensPerSecond: leastListens, Days: 1, Flush: 24 * time.Hour, FlushRows: math.MaxInt64, FlushBytes: math.MaxInt64, Share: mostShare},
	}
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 4)) //nolint:gosec // no secret
		l, book := loads[r.IntN(len(loads))], b
		l.Catalog = Catalogs[r.IntN(len(Catalogs))]
		for _, c := range b {
			for _, value := range []float64{1, leastSet, mostSet}[r.IntN(3):] {
				if set, err := book.Set(c.Name, fmt.Sprint(value)); err == nil {
					book = set
					break
				}
			}
		}
		p := planOf(t, l, book)
		for _, f := range p.Figures {
			if !(f.Value >= 0) || math.IsInf(f.Value, 0) {
				t.Errorf("seed %d: %s, %s is %v", seed, f.Part, f.What, f.Value)
			}
		}
		for _, l := range p.Limits {
			for _, n := range []float64{l.Need, l.Takes, l.Used, l.Fits} {
				if !(n > 0) || math.IsInf(n, 0) {
					t.Errorf("seed %d: %s has %v", seed, l.Stage, n)
				}
			}
		}
	}
}

func TestAFigureIsMarkedWhereItsConstantsEnd(t *testing.T) {
	b := testBook(t)
	l := Load{ListensPerSecond: 1, Days: 9998, Flush: 15 * time.Second, FlushRows: 1_000_000, FlushBytes: 1 << 28, Share: 1, Catalog: "sqlite"}
	l.Flush = 30 * time.Minute // one file of the day and one flush of 2 files half done: days + 1 files
	for days, marked := range map[int]bool{9_999: false, 10_000: true} {
		l.Days = days
		got := beyondOf(planOf(t, l, b))
		if is := slices.Contains(got, "manifest_bytes_per_file"); is != marked {
			t.Errorf("%d days: beyond what was measured are %v", days, got)
		}
	}
}
