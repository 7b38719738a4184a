package compact

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
)

var starveCommits = flag.Int("starve", 1200, "commits that TestCompactionKeepsUpWithCommitsAndDeletesAndKeepsNobody makes, ten a second")

// The load: ten commits a second, each tenth of them with a delete after it, on a machine that commits in a fifth of
// that time. A busier machine gets them more slowly, so that the load is the same part of what it manages.
const (
	starvePace  = 100 * time.Millisecond
	starveShare = 5
	starveKept  = 50 // snapshots, as maintenance thins them
	starveLook  = 20 // commits between two looks at what there is to do
)

// starved is the lake under load, and what the load met.
type starved struct {
	*world
	erasing      atomic.Bool
	tries        int // of the commit that is under way
	most, again  int // tries of one commit; tries beyond the first, of all
	erased       int64
	mostErasures int // attempts of one erasure
	longest      time.Duration
}

// Compaction goes last, and yet its work does not pile up while others commit all the time; nor does it keep them.
func TestCompactionKeepsUpWithCommitsAndDeletesAndKeepsNobody(t *testing.T) {
	laketest.Long(t, "two minutes of commits")
	w := newWorld(t)
	s := &starved{world: w}
	faults := &laketest.Faults{Strike: func(step laketest.Step, table string) error {
		if step == laketest.BeforeCommit && table == catalog.Listens {
			s.tries++
		}
		return nil
	}}
	ingester := *w
	ingester.Lake = w.With(faults)
	s.world = &ingester
	stop := w.compactForEver(func(context.Context) (bool, error) { return !s.erasing.Load(), nil })
	half := s.load(*starveCommits / 2)
	whole := s.load(*starveCommits / 2)
	all := stop()

	t.Logf("backlog %+v, then %+v; compaction %d files to %d, %d races lost; commits %d tries more, %d at most, %s at most; an erasure %d attempts at most",
		half, whole, all.Files, all.Written, all.Lost, s.again, s.most, s.longest, s.mostErasures)
	s.judge(half, whole)
	w.compact(Options{Target: starveTarget})
	if n := w.files(); n >= 3*fewest {
		t.Errorf("%d files are left once nobody commits", n)
	}
	var rows int64
	w.check(w.Reading(t, "rows", catalog.Listens).OneText(t.Context(), "SELECT count(*) FROM rows", nil, []any{&rows}))
	w.equal("rows", rows, s.n-s.erased)
}

// judge holds the backlog of the first half of the commits and of the second, and the tries, against what they may be.
// It looks at no clock.
func (s *starved) judge(half, whole lake.Debt) {
	s.Helper()
	came := *starveCommits / 2
	for _, d := range []struct {
		of   string
		left int
	}{{"first", half.SmallFiles}, {"second", whole.SmallFiles - half.SmallFiles}} {
		if d.left > came/4 {
			s.Errorf("of %d files that came in the %s half %d are left", came, d.of, d.left)
		}
	}
	if whole.DeleteFiles-half.DeleteFiles > half.DeleteFiles+came/4 {
		s.Errorf("%d delete files in the first half of the time, %d in the second", half.DeleteFiles, whole.DeleteFiles)
	}
	if s.mostErasures > 2 {
		s.Errorf("an erasure, which goes first, took %d attempts", s.mostErasures)
	}
	if s.most > 4 || s.again > *starveCommits/4 {
		s.Errorf("a commit was tried %d times, all of them %d times more than once", s.most, s.again)
	}
}

const starveTarget = 4 << 20

// compactForEver has one run after another until stop is called, which gives the sum of them.
func (w *world) compactForEver(free func(context.Context) (bool, error)) (stop func() Report) {
	ctx, cancel := context.WithCancel(w.Context())
	var all Report
	ended := make(chan error, 1)
	go func() {
		for ctx.Err() == nil {
			_, err := w.Expire(ctx, catalog.Listens, func(now *lake.Table) ([]lake.Snapshot, error) {
				list := now.Snapshots()
				return list[:max(len(list)-starveKept, 0)], nil
			})
			var r Report
			if err == nil {
				r, err = Run(ctx, w.env(), Options{Target: starveTarget, Free: free})
			}
			all.Files, all.Written, all.Lost = all.Files+r.Files, all.Written+r.Written, all.Lost+r.Lost
			if err != nil && ctx.Err() == nil {
				ended <- err
				return
			}
			lake.Pause(ctx, starvePace) //nolint:errcheck // the loop looks at the context
		}
		ended <- nil
	}()
	return func() Report {
		w.Helper()
		cancel()
		w.check(<-ended)
		return all
	}
}

// load commits so many times, and says what maintenance has to do at the least in the second half of them. How much
// more there is at a moment depends on when the run that is at work began.
func (s *starved) load(commits int) (least lake.Debt) {
	s.Helper()
	for i := range commits {
		began := time.Now()
		s.tries = 0
		s.ingest(20, 1)
		took := time.Since(began)
		s.most, s.again, s.longest = max(s.most, s.tries), s.again+s.tries-1, max(s.longest, took)
		if i%10 == 9 {
			s.eraseAtLast(fmt.Sprintf("user_id = 'user-%d'", i/10%40))
		}
		if i >= commits/2 && i%starveLook == starveLook-1 {
			debt, err := s.archive().Debt(s.Context())
			s.check(err)
			if least.Table == "" {
				least = debt
			}
			least.SmallFiles, least.DeleteFiles = min(least.SmallFiles, debt.SmallFiles), min(least.DeleteFiles, debt.DeleteFiles)
		}
		s.check(lake.Pause(s.Context(), max(starvePace, starveShare*took)-time.Since(began)))
	}
	return least
}

// eraseAtLast is erase where a compaction that had begun may take the files away meanwhile.
func (s *starved) eraseAtLast(where string) {
	s.Helper()
	s.erasing.Store(true)
	defer s.erasing.Store(false)
	for attempt := 1; ; attempt++ {
		s.mostErasures = max(s.mostErasures, attempt)
		now := s.archive()
		files, err := now.Files(s.Context())
		s.check(err)
		d := s.DB(s.T)
		s.check(d.Bind(s.Context(), "rows", now))
		hit, err := d.PositionsText(s.Context(), files, "SELECT _file, _pos FROM rows WHERE "+where)
		s.check(err)
		deletes, err := now.WritePositionDeletes(s.Context(), catalog.DeletionsJob, files, hit)
		s.check(err)
		stage := func(lake.Snapshot) (map[string]string, error) { return nil, nil }
		_, err = s.Commit(s.Context(), catalog.Listens, lake.Commit{Job: catalog.DeletionsJob, Deletes: deletes, Stage: stage})
		if errors.Is(err, lake.ErrFenced) {
			continue
		}
		s.check(err)
		for _, f := range deletes {
			s.erased += f.Count()
		}
		return
	}
}
