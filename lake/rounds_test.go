package lake_test

import (
	"testing"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
)

// Between the look at the table and the change, another engine commits and deletes what it expired: the files that the
// change was to be made from are gone, and those of the newer table are there.
func TestFilesThatARivalExpiredMeanwhileAreNoFailure(t *testing.T) {
	l := laketest.New(t)
	commit(t, l, lake.Commit{Job: "test", Add: write(t, l, play(1, "old", 1))})
	hand, looks := l.Hand(t, catalog.PlaysByHour), 0
	rival := func(lake.Snapshot) (map[string]string, error) {
		if looks++; looks == 1 {
			hand.Insert(play(2, "rival", 1))
			hand.Expire()
		}
		return nil, nil
	}
	commit(t, l, lake.Commit{Job: "test", Add: write(t, l, play(3, "t", 1)), Stage: rival})
	expect(t, sums(t, l, l.Snapshot(t, catalog.PlaysByHour)), map[string]int64{"01old": 1, "02rival": 1, "03t": 1})
	if looks != 2 {
		t.Errorf("looked %d times", looks)
	}
}
