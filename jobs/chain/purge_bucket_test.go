package chain_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/purge"
)

// foundIn are the objects of a bucket that have a text, decoded; requests keep who asked.
func foundIn(t *testing.T, b *laketest.Bucket, text string) []string {
	t.Helper()
	dir := t.TempDir()
	b.Lock()
	defer b.Unlock()
	for key, object := range b.Objects {
		path := filepath.Join(dir, key)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, object, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return found(t, &laketest.Lake{Dir: dir}, text)
}

func TestAPurgeOnS3ThatWasKilledAnywhereIsFinishedByTheNextAndLeavesNoCopy(t *testing.T) {
	laketest.Long(t, "it makes a lake for each step, TestAPurgeThatWasKilledAnywhereIsFinishedByTheNext is on files")
	const stride = 43
	first := 1 + rand.IntN(stride)
	t.Logf("killed at step %d and each %d after it", first, stride)
	for nth := first; ; nth += stride {
		b := laketest.NewBucket(t)
		l := requested(t, fill(t, b.Lake(t, 1)))
		before := figures(t, l)
		if len(foundIn(t, b, erasedUser)) == 0 {
			t.Fatal("nothing is there to purge")
		}
		if err := died(t, l, nth); err == nil {
			if nth < 60 {
				t.Fatalf("%d steps: the faults do not reach the job", nth)
			}
			break
		}
		same(t, "figures after the crash", figures(t, l), before)
		r, err := purge.Run(t.Context(), testEnv(l), *atOnce)
		if err != nil {
			t.Fatalf("after %d steps: %v", nth, err)
		}
		if len(r.Residuals) > 0 { // what the crash left waits for its grace
			b.Age(25 * time.Hour)
			if r, err = purge.Run(t.Context(), testEnv(l), *atOnce); err != nil {
				t.Fatalf("after %d steps: %v", nth, err)
			}
		}
		if slices.ContainsFunc(states(t, l), func(s string) bool { return !strings.HasSuffix(s, " purged") }) {
			t.Fatalf("died at %d: %v, %+v", nth, states(t, l), r)
		}
		same(t, "objects with the listener", foundIn(t, b, erasedUser), []string(nil))
		copies := slices.DeleteFunc(found(t, l, erasedUser), func(path string) bool { return strings.Contains(path, catalog.DeletionRequests) })
		same(t, "copies with the listener", copies, []string(nil))
		same(t, "figures", figures(t, l), before)
	}
}
