package ledger

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/trino"
)

func TestASliceThatIsTooMuchAtOnceIsHalved(t *testing.T) {
	ids := make([]int64, 1000)
	for i := range ids {
		ids[i] = int64(i)
	}
	for fits, times := range map[int]int{1000: 1, 700: 3, 100: 20} {
		var done []int64
		tries := 0
		h := halving{fill: func(slices, number int64) (int64, error) {
			tries++
			var here []int64
			for _, id := range ids {
				if id&(slices-1) == number {
					here = append(here, id)
				}
			}
			if len(here) > fits {
				return 0, fmt.Errorf("wrapped: %w", trino.ErrMemory)
			}
			done = append(done, here...)
			return int64(len(here)), nil
		}}
		rows, err := h.run(1, 0)
		slices.Sort(done)
		if diff := cmp.Diff(ids, done); rows != 1000 || err != nil || tries != times || diff != "" {
			t.Errorf("%d at once: %d rows in %d tries, %v\n%s", fits, rows, tries, err, diff)
		}
	}
	tries := 0
	h := halving{fill: func(int64, int64) (int64, error) { tries++; return 1, trino.ErrMemory }}
	if rows, err := h.run(1, 0); rows > 1 || !errors.Is(err, trino.ErrMemory) || tries > 30 {
		t.Errorf("what never fits: %d rows after %d tries, %v", rows, tries, err)
	}
	tries = 0
	h = halving{fill: func(int64, int64) (int64, error) { tries++; return 0, errors.Join(trino.ErrLost, trino.ErrStill) }}
	if _, err := h.run(1, 0); !errors.Is(err, trino.ErrStill) || tries != mostStill {
		t.Errorf("what always stands still: %d tries, %v", tries, err)
	}
	tries = 0
	h = halving{fill: func(slices, _ int64) (int64, error) {
		if tries++; slices == 1 {
			return 0, errors.Join(trino.ErrLost, trino.ErrStill)
		}
		return 1, nil
	}}
	if rows, err := h.run(1, 0); rows != 2 || err != nil || tries != 3 {
		t.Errorf("what stood still once: %d rows in %d tries, %v", rows, tries, err)
	}
	h = halving{fill: func(int64, int64) (int64, error) { tries = -1; return 0, trino.ErrLost }}
	if _, err := h.run(1, 0); !errors.Is(err, trino.ErrLost) || tries != -1 {
		t.Errorf("a server that is lost: %v", err)
	}
}

func TestBatchesNameEachFileOnceWithinItsDays(t *testing.T) {
	l := laketest.New(t)
	var rows [][]any
	for day := range 9 {
		at := time.Date(2026, 3, 20-day, 23, 59, 59, 999_999_000, time.UTC)
		rows = append(rows, []any{fmt.Sprint("l", day), "u", "t", "A", "phone", at, 60_000, nil, "DE", "free", nil, nil, at, nil, "file", 0, day})
	}
	l.Put(t, catalog.IngestJob, catalog.Listens, nil, rows...)
	files, err := l.Snapshot(t, catalog.Listens).Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	size := len(files[0].FilePath())
	for most, want := range map[int]int{1: 9, 3*size + 9: 3, 100 * size: 1} {
		named := map[string]int{}
		all := batches(files, most)
		for _, b := range all {
			for _, path := range b.paths {
				named[path]++
				for _, f := range files {
					if at := lake.DayStart(lake.PartitionValue(f).(int)); f.FilePath() == path && (at.Before(b.from) || !at.Add(24*time.Hour-time.Microsecond).Before(b.to)) {
						t.Errorf("%s is not within %s and %s", path, b.from, b.to)
					}
				}
			}
		}
		if len(all) != want || len(named) != 9 {
			t.Errorf("%d batches of %d files, want %d", len(all), len(named), want)
		}
	}
	if all := batches(nil, 1); len(all) != 0 {
		t.Errorf("no file: %v", all)
	}
}
