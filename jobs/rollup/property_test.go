package rollup_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
)

// Any order of deliveries, ledger updates, erasures, other engines' deletes and updates, and runs ends in the recount's
// sums.
func TestAnyHistoryEndsExactAfterTheTrueUp(t *testing.T) {
	laketest.Costly(t)
	for seed := range uint64(laketest.Times(4, 1)) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			w := newWorld(t)
			rng := rand.New(rand.NewPCG(seed, 7))
			w.archive(anyCopy(rng), anyCopy(rng))
			w.rollup(plain)
			first, _ := w.shown()
			for range 25 {
				step(w, rng)
			}
			w.royalties()
			w.rollup(plain)
			w.rollup(trueUp)
			w.mustShow(recount(counting(w.copies)))
			w.explained(first[catalog.PlaysByDay])
			w.unchanged(trueUp)
			w.unchanged(plain)
		})
	}
}

func step(w *world, rng *rand.Rand) {
	switch n := rng.IntN(24); {
	case n < 9:
		batch := make([]copyOf, 1+rng.IntN(6))
		for i := range batch {
			batch[i] = anyCopy(rng)
		}
		w.archive(batch...)
	case n < 12:
		w.royalties()
	case n < 13:
		w.royaltiesBegun()
	case n < 15:
		w.erase(fmt.Sprint("u", rng.IntN(8)))
	case n < 16:
		w.royalties()
		w.rollup(trueUp)
		w.mustShow(recount(counting(w.copies)))
	case n < 20:
		w.rollup(plain)
	case n < 21:
		if rng.IntN(3) == 0 {
			w.Compact(w.T, catalog.Listens)
			return
		}
		w.Merge(w.T, catalog.Listens, func(lake.File) bool { return rng.IntN(2) == 0 })
	case n < 23:
		user := fmt.Sprint("u", rng.IntN(8))
		w.Hand(w.T, catalog.Listens).Delete(someWay(rng), "user_id = '"+user+"'")
		w.copies = slices.DeleteFunc(w.copies, func(c copyOf) bool { return c.user == user })
	default:
		user := fmt.Sprint("u", rng.IntN(8))
		w.Hand(w.T, catalog.Listens).Update(someWay(rng), "user_id = '"+user+"'", "event_time + INTERVAL 1 DAY AS event_time, ms_played + 1 AS ms_played")
		for i := range w.copies {
			if c := &w.copies[i]; c.user == user {
				c.event, c.ms = c.event.AddDate(0, 0, 1), c.ms+1
			}
		}
	}
}

func someWay(rng *rand.Rand) laketest.Way {
	return []laketest.Way{laketest.ByPosition, laketest.WholeFiles}[rng.IntN(2)]
}

// anyCopy makes collisions likely: few ids, some of them heard on other days, by other users, or very late.
func anyCopy(rng *rand.Rand) copyOf {
	c := heard(fmt.Sprint("l", rng.IntN(40)), fmt.Sprint("u", rng.IntN(8)), fmt.Sprint("t", rng.IntN(3)), at(28+rng.IntN(6), rng.IntN(24)))
	c.ms = int64(rng.IntN(90_000))
	c.received = c.event.Add(time.Duration(rng.IntN(100)) * time.Hour)
	return c
}
