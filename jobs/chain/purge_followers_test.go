package chain_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/chain"
	"github.com/lakectl/lakectl/jobs/erase"
	"github.com/lakectl/lakectl/jobs/rollup"
	"github.com/lakectl/lakectl/jobs/royalty"
	"github.com/lakectl/lakectl/jobs/royalty/ledger"
)

// follower is a job that other jobs' snapshots wait for, or that makes some.
type follower struct {
	name string
	run  func(t *testing.T, l *laketest.Lake, n int) error
}

var followers = []follower{
	{"ingest", func(t *testing.T, l *laketest.Lake, n int) error {
		ingestText(t, testEnv(l), fmt.Sprint("meanwhile", n), listened(100+n%900, otherUser, 1+n%3))
		return nil
	}},
	{"rollup", func(t *testing.T, l *laketest.Lake, _ int) error {
		_, err := chain.RollUp(t.Context(), testEnv(l), rollup.Options{})
		return err
	}},
	{"royalties", func(t *testing.T, l *laketest.Lake, _ int) error {
		_, err := royalty.Run(t.Context(), testEnv(l), royalty.Options{})
		return err
	}},
	{"ledger", func(t *testing.T, l *laketest.Lake, _ int) error {
		_, err := ledger.Update(t.Context(), testEnv(l))
		return err
	}},
	{"delete", func(t *testing.T, l *laketest.Lake, n int) error {
		ingestText(t, testEnv(l), fmt.Sprint("later", n), asked(fmt.Sprint("later", n), "fourth"))
		_, err := erase.Delete(t.Context(), testEnv(l))
		return err
	}},
}

// After it nothing comes any more: what a purge waits for goes on by itself.
func TestAPurgeThatDiedIsFinishedWhateverOthersDidMeanwhile(t *testing.T) {
	laketest.Long(t, "it makes a lake for each seed")
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 0))
		l := prepared(t)
		story := []string{fmt.Sprint("seed ", seed)}
		for n := range 1 + random.IntN(2) {
			nth := 1 + random.IntN(110)
			story = append(story, fmt.Sprint("died at ", nth))
			died(t, l, nth) //nolint:errcheck // or it did not
			for m := range 1 + random.IntN(5) {
				f := followers[random.IntN(len(followers))]
				story = append(story, f.name)
				if err := f.run(t, l, n*10+m); err != nil {
					t.Fatal(story, err)
				}
			}
		}
		age(t, l, 25*time.Hour)
		r, err := chain.CarryOut(t.Context(), testEnv(l), chain.DeletionsOptions{Purge: atOnce})
		if err != nil || slices.ContainsFunc(states(t, l), func(s string) bool { return !strings.HasSuffix(s, " purged") }) {
			t.Errorf("%v: %v, %v, %+v", story, err, states(t, l), r.Purged)
			continue
		}
		same(t, fmt.Sprint("files with the listener, ", story), found(t, l, erasedUser), []string(nil))
	}
}
