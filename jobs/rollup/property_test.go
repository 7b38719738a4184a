package rollup_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// Any order of deliveries, ledger updates, erasures and runs ends in the recount's sums.
func TestAnyHistoryEndsExactAfterTheTrueUp(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			w := newWorld(t)
			rng := rand.New(rand.NewPCG(seed, 7))
			for range 25 {
				step(w, rng)
			}
			w.royalties()
			w.rollup(plain)
			w.rollup(trueUp)
			w.mustShow(recount(counting(w.copies)))
			w.unchanged(trueUp)
			w.unchanged(plain)
		})
	}
}

func step(w *world, rng *rand.Rand) {
	switch n := rng.IntN(20); {
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
	default:
		w.rollup(plain)
	}
}

// anyCopy makes collisions likely: few ids, some of them heard on other days, by other users, or very late.
func anyCopy(rng *rand.Rand) copyOf {
	c := heard(fmt.Sprint("l", rng.IntN(40)), fmt.Sprint("u", rng.IntN(8)), fmt.Sprint("t", rng.IntN(3)), at(28+rng.IntN(6), rng.IntN(24)))
	c.ms = int64(rng.IntN(90_000))
	c.received = c.event.Add(time.Duration(rng.IntN(100)) * time.Hour)
	return c
}
