package chain_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/erase"
	"github.com/lakectl/lakectl/jobs/purge"
)

// age makes every file below a folder older.
func age(t *testing.T, l *laketest.Lake, by time.Duration) {
	t.Helper()
	err := filepath.WalkDir(l.Options.Warehouse, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		return os.Chtimes(path, time.Time{}, info.ModTime().Add(-by))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// died runs a purge until its nth step that changes something, removing a file among them: from then on nothing works.
func died(t *testing.T, l *laketest.Lake, nth int) error {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	broken := l.With(&laketest.Faults{Strike: func(step laketest.Step, _ string) error {
		if step != laketest.LoadTable {
			n++
		}
		if n >= nth {
			cancel()
			return laketest.ErrInjected
		}
		return nil
	}})
	_, err := purge.Run(ctx, testEnv(broken), *atOnce)
	return err
}

func TestAPurgeThatWasKilledAnywhereIsFinishedByTheNext(t *testing.T) {
	laketest.Long(t, "it makes a lake for each step")
	const stride = 13
	residual := false
	for nth := 1; ; nth += stride {
		l := prepared(t)
		before := figures(t, l)
		if err := died(t, l, nth); err == nil {
			if nth < 60 {
				t.Fatalf("%d steps: the faults do not reach the job", nth)
			}
			break
		}
		same(t, "figures after the crash", figures(t, l), before)
		r, err := purge.Run(t.Context(), testEnv(l), *atOnce)
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Residuals) > 0 {
			residual = true
			if r.Requests != 0 || !strings.HasPrefix(r.Residuals[0].What, "orphans until ") {
				t.Fatalf("died at %d: %+v", nth, r)
			}
			age(t, l, 25*time.Hour)
			if r, err = purge.Run(t.Context(), testEnv(l), *atOnce); err != nil {
				t.Fatal(err)
			}
		}
		if slices.ContainsFunc(states(t, l), func(s string) bool { return !strings.HasSuffix(s, " purged") }) {
			t.Fatalf("died at %d: %v, %+v", nth, states(t, l), r)
		}
		same(t, fmt.Sprintf("files with the listener, died at %d", nth), found(t, l, erasedUser), []string(nil))
		same(t, "figures", figures(t, l), before)
	}
	if !residual {
		t.Error("no crash left an orphan")
	}
}

// prepared is a copy of a lake whose requests are recomputed.
func prepared(t *testing.T) *laketest.Lake {
	t.Helper()
	return requested(t, erasable(t))
}

// requested carries out requests of two listeners, up to the purge.
func requested(t *testing.T, l *laketest.Lake) *laketest.Lake {
	t.Helper()
	ingestText(t, testEnv(l), "requests", asked("r1", erasedUser)+asked("r2", "third"))
	carryOut(t, l, nil)
	return l
}

// Between the rewrite and its commit others append to the archive and delete from the file.
func TestRowsThatComeAndGoDuringARewriteAreKeptAndGone(t *testing.T) {
	laketest.Long(t, "TestTwoPurgesAtOncePurgeOnce and the e2e tests go the same way")
	l := prepared(t)
	env := testEnv(l)
	struck := false
	busy := l.With(&laketest.Faults{Strike: func(step laketest.Step, table string) error {
		if step == laketest.BeforeCommit && table == catalog.Listens && !struck {
			struck = true
			ingestText(t, env, "meanwhile", listened(40, otherUser, 1)+asked("r3", otherUser))
			if _, err := erase.Delete(t.Context(), env); err != nil {
				t.Error(err)
			}
		}
		return nil
	}})
	if _, err := purge.Run(t.Context(), testEnv(busy), *atOnce); err != nil || !struck {
		t.Fatal(struck, err)
	}
	carryOut(t, l, &purge.Options{}) // what the attempts that lost wrote may remain
	age(t, l, 25*time.Hour)
	carryOut(t, l, atOnce)
	same(t, "states", states(t, l), []string{"r3 purged", "r1 purged", "r2 purged"})
	for _, user := range []string{erasedUser, otherUser + "-"} {
		same(t, "files with "+user, found(t, l, user), []string(nil))
	}
}

func TestAConsumerThatLagsIsWaitedForAndNamed(t *testing.T) {
	laketest.Costly(t)
	l := prepared(t)
	env := testEnv(l)
	ingestText(t, env, "late", listened(41, otherUser, 1))
	r, err := purge.Run(t.Context(), env, *atOnce)
	if err != nil || r.Requests != 0 || len(r.Waiting) == 0 || !strings.Contains(r.Waiting[0].Hint, "lakectl job") {
		t.Fatalf("%+v, %v", r, err)
	}
	covered := l.Snapshot(t, catalog.Listens).ID()
	carryOut(t, l, atOnce)
	same(t, "states", states(t, l), []string{"r1 purged", "r2 purged"})
	if _, unbroken := l.Snapshot(t, catalog.Listens).Since(covered); !unbroken {
		t.Error("a consumer has to start over")
	}
	same(t, "files with the listener", found(t, l, erasedUser), []string(nil))
}

func TestTwoPurgesAtOncePurgeOnce(t *testing.T) {
	laketest.Costly(t)
	l := prepared(t)
	before := figures(t, l)
	reports, errs := make([]purge.Report, 2), make([]error, 2)
	done := make(chan int)
	for i := range 2 {
		go func() {
			reports[i], errs[i] = purge.Run(t.Context(), testEnv(l), *atOnce)
			done <- i
		}()
	}
	<-done
	<-done
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if _, err := purge.Run(t.Context(), testEnv(l), *atOnce); err != nil {
		t.Fatal(err)
	}
	age(t, l, 25*time.Hour) // what the loser wrote
	if _, err := purge.Run(t.Context(), testEnv(l), *atOnce); err != nil {
		t.Fatal(err)
	}
	same(t, "states", states(t, l), []string{"r1 purged", "r2 purged"})
	same(t, "figures", figures(t, l), before)
	same(t, "files with the listener", found(t, l, erasedUser), []string(nil))
	d := l.DB(t)
	if err := d.Bind(t.Context(), "log", l.Snapshot(t, catalog.DeletionLog)); err != nil {
		t.Fatal(err)
	}
	var n int64
	if err := d.OneText(t.Context(), "SELECT count(*) FROM log WHERE state = 'purged'", nil, []any{&n}); err != nil || n != 2 {
		t.Errorf("%d steps, %v", n, err)
	}
}
