package rollup_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/rollup"
	"github.com/lakectl/lakectl/lake"
)

// someArtists says that in so many days a run compares some artists only.
func someArtists(days int) string {
	return fmt.Sprintf("rollup: in %d of these days only artists of rows that came or went\n", days)
}

// twins are two lakes of one history. In the second the ledger is written anew each time, so nothing tells which of its
// rows came and went, and days are compared whole.
type twins struct {
	*testing.T
	both [2]*world
	rng  [2]*rand.Rand
	some int // runs that compared some artists only
}

func newTwins(t *testing.T, seed uint64) *twins {
	p := &twins{T: t}
	for i := range p.both {
		p.both[i], p.rng[i] = newWorld(t), rand.New(rand.NewPCG(seed, 31))
	}
	p.both[1].whole = true
	return p
}

func (p *twins) do(work func(w *world, rng *rand.Rand)) {
	p.Helper()
	for i, w := range p.both {
		work(w, p.rng[i])
	}
}

// rollup runs the job in both, which must show the same rows then.
func (p *twins) rollup(o rollup.Options) {
	p.Helper()
	var rows [2]map[string][]string
	for i, w := range p.both {
		_, said := w.saying(o)
		if some := strings.Contains(said, "only artists"); some && w.whole {
			p.Fatal("some artists only, although nothing tells which rows came and went")
		} else if some {
			p.some++
		}
		rows[i] = w.rows()
	}
	p.both[0].equal(rows[0], rows[1])
	p.both[0].equal(p.both[0].changes(), p.both[1].changes())
}

// rows are all rows of the tables, as they stand.
func (w *world) rows() map[string][]string {
	w.Helper()
	all := map[string][]string{}
	for table := range shownBy {
		var row string
		d := w.Reading(w.T, "f", table)
		w.check(d.EachText(w.Context(), "SELECT CAST(t AS VARCHAR) FROM (SELECT * EXCLUDE (_file, _pos) FROM f) t ORDER BY ALL", nil, []any{&row}, func() error {
			all[table] = append(all[table], row)
			return nil
		}))
	}
	return all
}

// Late copies, copies of copies, a topic that is sent again, erasures of several users, other engines' hands and
// compactions: the tables have the same rows as when whole days are compared.
func TestComparingSomeArtistsWritesTheRowsThatComparingWholeDaysDoes(t *testing.T) {
	laketest.Long(t, "histories of two lakes each, TestAnErasureComparesArtistsOfWhatItTookOnly is the short one")
	some := 0
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			p := newTwins(t, seed)
			p.do(func(w *world, rng *rand.Rand) {
				for range 40 {
					w.archive(anyCopy(rng))
				}
			})
			for range 12 {
				p.do((*world).amongExactDays)
				p.rollup(plain)
			}
			p.do(func(w *world, _ *rand.Rand) { w.royalties() })
			p.rollup(plain)
			for _, w := range p.both {
				w.exactDaysHold()
			}
			p.rollup(trueUp)
			for _, w := range p.both {
				w.mustShow(recount(counting(w.copies)))
			}
			some += p.some
		})
	}
	if some == 0 {
		t.Error("no run compared some artists only")
	}
}

// amongExactDays is a step of a history in which most days are exact.
func (w *world) amongExactDays(rng *rand.Rand) {
	w.Helper()
	switch n := rng.IntN(12); {
	case n < 2:
		w.royalties()
		w.rollup(trueUp)
	case n < 3:
		w.archive(anyCopy(rng), anyCopy(rng))
	case n < 4 && len(w.copies) > 4: // sent again
		again := slices.Clone(w.copies[:4])
		w.archive(again...)
		w.royalties()
	case n < 8:
		w.royalties()
		w.rollup(trueUp)
		for range 1 + rng.IntN(3) {
			log := w.eraseUnlogged(fmt.Sprint("u", rng.IntN(8)))
			if rng.IntN(4) == 0 { // it dies, and others go on
				w.royalties()
				w.rollup(plain)
			}
			log()
		}
		if rng.IntN(3) > 0 {
			w.royalties()
		}
	case n < 9:
		w.Merge(w.T, catalog.ListensCounted, func(lake.File) bool { return true })
	case n < 10 && rng.IntN(2) == 0:
		w.Purge(w.T, catalog.ListensCounted)
	case n < 10:
		user := fmt.Sprint("u", rng.IntN(8))
		w.Hand(w.T, catalog.Listens).Delete(someWay(rng), "user_id = '"+user+"'")
		w.copies = slices.DeleteFunc(w.copies, func(c copyOf) bool { return c.user == user })
	default:
		w.archive(anyCopy(rng).late(at(40, rng.IntN(24))))
		w.royalties()
	}
}

func TestAnErasureComparesArtistsOfWhatItTookOnly(t *testing.T) {
	anErasureComparesFewArtists(t, func(*world) {})
}

// A purge of the one before expires the snapshots of the ledger that the days were compared with.
func TestAnErasureAfterAPurgeComparesArtistsOfWhatItTookOnly(t *testing.T) {
	laketest.Costly(t)
	anErasureComparesFewArtists(t, func(w *world) { w.Purge(w.T, catalog.ListensCounted) })
}

func anErasureComparesFewArtists(t *testing.T, before func(w *world)) {
	t.Helper()
	w := newWorld(t)
	for _, user := range []string{"u1", "u2"} {
		w.archive(heard("a"+user, user, "t1", at(1, 9)), heard("b"+user, user, "t2", at(1, 9)), heard("c"+user, user, "t2", at(2, 9)))
	}
	w.archive(heard("d", "u2", "t1", at(2, 9)), heard("e", "u1", "t1", at(3, 9)), heard("f", "u3", "t1", at(3, 9)))
	w.royalties()
	w.rollup(trueUp)
	w.archive(heard("g", "u3", "t1", at(3, 10)))
	w.rollup(plain) // the third day is not exact now
	before(w)
	w.erase("u1")
	w.royalties()
	r, said := w.saying(plain)
	w.equal(strings.Contains(said, compares(3)+someArtists(2)), true)
	w.equal([][]string{r.DaysRewritten, r.DaysMarked}, [][]string{{"2026-03-01", "2026-03-02", "2026-03-03"}, {}})
	w.mustShow(recount(counting(w.copies)))
	w.unchanged(plain)
	w.unchanged(trueUp)
}

// An erasure may have taken its rows from the ledger before a run that did not know of it yet: it died before it logged
// that, or the run had read the log before.
func TestAnErasureThatIsLoggedLateIsNotMissed(t *testing.T) {
	w := newWorld(t)
	w.archive(heard("a", "u1", "t1", at(1, 9)), heard("b", "u2", "t1", at(1, 9)), heard("c", "u2", "t2", at(2, 9)))
	w.royalties()
	w.rollup(trueUp)
	log := w.eraseUnlogged("u1")
	w.royalties()
	w.rollup(plain)
	log()
	w.archive(heard("d", "u3", "t1", at(3, 9)))
	w.royalties()
	w.rollup(plain)
	w.mustShow(recount(counting(w.copies)))
}
