package maintain

import (
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
)

// A commit that left a request alone stays until that request's rows in it were searched for: at once while a search
// may be under way, and later where the request has been carried out since.
func TestCommitThatLeftARequestAloneStaysUntilItWasSearched(t *testing.T) {
	l := laketest.New(t)
	stage := func(lake.Snapshot) (map[string]string, error) {
		return map[string]string{catalog.RequestsThrough: "9", catalog.RequestsPassed: "4,7..8"}, nil
	}
	s, err := l.Commit(t.Context(), catalog.Listens, lake.Commit{Job: catalog.IngestJob, Stage: stage})
	if err != nil {
		t.Fatal(err)
	}
	over := passedOver(s.Table(), 0)[s.ID()]
	for name, c := range map[string]struct {
		age   time.Duration
		done  map[int64]bool
		after int64
		stays bool
	}{
		"young":                           {time.Hour, nil, 0, true},
		"old, none carried out":           {longestSearch, nil, 0, false},
		"old, another carried out":        {longestSearch, map[int64]bool{5: true, 9: true}, 0, false},
		"old, one of them carried out":    {longestSearch, map[int64]bool{7: true}, 0, true},
		"the same, and searched since":    {longestSearch, map[int64]bool{7: true}, s.Sequence(), false},
		"old, the single one carried out": {longestSearch, map[int64]bool{4: true}, 0, true},
	} {
		e := erasure{now: s.Time().Add(c.age), done: c.done}
		if got := e.passed(s, c.after, over); got != c.stays {
			t.Errorf("%s: stays is %v", name, got)
		}
	}
}
