package lake_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
)

// Whatever history is left, a snapshot that a rollback left behind is never taken for an ancestor.
func TestARollbackIsNeverForgotten(t *testing.T) {
	for name, act := range map[string]func(*testing.T, *laketest.Lake, laketest.Hand) (lost lake.Snapshot){
		"ours": func(t *testing.T, l *laketest.Lake, h laketest.Hand) lake.Snapshot {
			lost := ours(t, l, "2")
			h.Rollback(1)
			ours(t, l, "3")
			return lost
		},
		"ours, then others append": func(t *testing.T, l *laketest.Lake, h laketest.Hand) lake.Snapshot {
			lost := ours(t, l, "2")
			h.Rollback(1)
			h.Insert(play(3, "other", 1))
			h.Insert(play(4, "other", 1))
			return lost
		},
		"another engine's, then others append": func(t *testing.T, l *laketest.Lake, h laketest.Hand) lake.Snapshot {
			h.Insert(play(2, "other", 1))
			lost := h.Insert(play(3, "other", 1))
			h.Rollback(1)
			h.Insert(play(4, "other", 1))
			return lost
		},
		"another engine's, then ours": func(t *testing.T, l *laketest.Lake, h laketest.Hand) lake.Snapshot {
			h.Insert(play(2, "other", 1))
			lost := h.Insert(play(3, "other", 1))
			h.Rollback(1)
			h.Insert(play(4, "other", 1))
			h.Expire()
			forgetMetadata(t, l)
			ours(t, l, "3")
			return lost
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			laketest.EachExpiry(t, func(t *testing.T, cuts bool) {
				l := laketest.New(t)
				l.CutsParents = cuts
				first := ours(t, l, "1")
				h := l.Hand(t, catalog.PlaysByHour)
				lost := act(t, l, h)
				h.Expire()
				forgetMetadata(t, l)
				head := l.Snapshot(t, catalog.PlaysByHour)
				if there, err := head.Includes(lost.ID(), lost.Sequence()); err != nil || there {
					t.Errorf("what was left behind is included: %v, %v", there, err)
				}
				if there, err := head.Includes(first.ID(), first.Sequence()); err != nil || name != "ours, then others append" && !there {
					t.Errorf("the first is included: %v, %v", there, err) // of that one nobody knows what it comes from
				}
			})
		})
	}
}

func TestManyRollbacksAreNotForgottenInSilence(t *testing.T) {
	l := laketest.New(t)
	l.CutsParents = true
	var gaps []string
	for i := range 199 {
		gaps = append(gaps, fmt.Sprintf("%d-%d", 1000+2*i, 1000+2*i))
	}
	state := map[string]string{lake.StateKey(lake.AbandonedKey): "7-9," + strings.Join(gaps, ",")}
	commit(t, l, lake.Commit{Job: "test", Stage: anyBase(state)})
	h := l.Hand(t, catalog.PlaysByHour)
	for range 2 { // two more than there is room for
		ours(t, l, "1")
		h.Rollback(1)
		ours(t, l, "2")
	}
	h.Expire()
	head := l.Snapshot(t, catalog.PlaysByHour)
	text, err := head.State(lake.AbandonedKey)
	if err != nil || !strings.HasPrefix(text, "?-1002,1004-1004,") {
		t.Fatalf("%.40s, %v", text, err)
	}
	if _, err := head.Includes(1, 3); !errors.Is(err, lake.ErrExpired) || lake.Hint(err) == "" {
		t.Errorf("a commit before them: %v", err)
	}
}
