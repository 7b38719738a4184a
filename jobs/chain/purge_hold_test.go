package chain_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/chain"
	"github.com/lakectl/lakectl/jobs/erase"
	"github.com/lakectl/lakectl/jobs/purge"
	"github.com/lakectl/lakectl/lake"
)

// purges carries out a purge at once and returns what it reports.
func purges(t *testing.T, l *laketest.Lake) purge.Report {
	t.Helper()
	r, err := purge.Run(t.Context(), testEnv(l), *atOnce)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// heldLake is [apart], and the first request is held.
func heldLake(t *testing.T) (l *laketest.Lake, path string) {
	t.Helper()
	l, path = apart(t)
	hold(t, l, "r1")
	return l, path
}

func hold(t *testing.T, l *laketest.Lake, id string) {
	t.Helper()
	if _, err := erase.Hold(t.Context(), testEnv(l), id, "case 4711"); err != nil {
		t.Fatal(err)
	}
}

// released ends the hold, and holds that nothing is left of anybody after one purge, which waits for no other job.
func released(t *testing.T, l *laketest.Lake, id string) {
	t.Helper()
	if _, err := erase.Release(t.Context(), testEnv(l), id); err != nil {
		t.Fatal(err)
	}
	purges(t, l)
	for _, state := range states(t, l) {
		if !strings.HasSuffix(state, " purged") {
			t.Errorf("once the hold has ended: %s", state)
		}
	}
	same(t, "files with the listeners", slices.Concat(found(t, l, erasedUser), found(t, l, otherUser+"-"), found(t, l, "third")), []string(nil))
}

// whose are the requests of what blocks, by table.
func whose(r purge.Report) (list []string) {
	for _, b := range r.Blocked {
		list = append(list, fmt.Sprintf("%s: %s %v", b.Table, b.By, b.Requests))
	}
	return sorted(list)
}

func TestAHoldKeepsNobodyWhoseRowsAreInOtherFiles(t *testing.T) {
	laketest.Costly(t)
	l, path := heldLake(t)
	r := purges(t, l)
	same(t, "blocked", whose(r), []string(nil))
	same(t, "states", sorted(states(t, l)), []string{"r1 recomputed", "r2 purged", "r3 purged"})
	same(t, "files with the others", append(found(t, l, otherUser+"-"), found(t, l, "third")...), []string(nil))
	if !slices.Contains(found(t, l, erasedUser), path) {
		t.Errorf("the file of the held request is gone")
	}
	last := heads(t, l)
	purges(t, l)
	same(t, "heads after one more run", heads(t, l), last)
	released(t, l, "r1")
}

// The record of files does not tell requests apart that were carried out together.
func TestAHoldKeepsThoseAloneWhoWereCarriedOutWithIt(t *testing.T) {
	laketest.Costly(t)
	l := laketest.New(t)
	for i, user := range []string{erasedUser, otherUser, "third"} {
		ingestText(t, testEnv(l), fmt.Sprint("listens", i), listened(1, user, 1+i)+listened(2, user, 1+i))
	}
	ingestText(t, testEnv(l), "together", asked("r1", erasedUser)+asked("r2", otherUser))
	carryOut(t, l, nil)
	ingestText(t, testEnv(l), "alone", asked("r3", "third"))
	carryOut(t, l, nil)
	hold(t, l, "r1")
	_, err := chain.CarryOut(t.Context(), testEnv(l), chain.DeletionsOptions{Purge: atOnce})
	if err == nil || !strings.Contains(err.Error(), "1 requests are not purged: hold of request r1") {
		t.Fatal(err)
	}
	same(t, "states", sorted(states(t, l)), []string{"r1 recomputed", "r2 recomputed", "r3 purged"})
	same(t, "files with the third", found(t, l, "third"), []string(nil))
	all, err := erase.List(t.Context(), testEnv(l))
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range all {
		if keeps := len(q.Kept) > 0; keeps != (q.RequestID == "r2") || keeps && (q.Kept[0].By != "hold" || q.Misses != "blocked") {
			t.Errorf("%s is kept by %+v, misses its deadline: %q", q.RequestID, q.Kept, q.Misses)
		}
	}
	same(t, "blocked", whose(purges(t, l)), []string{": hold of request r1 [r2]"})
	released(t, l, "r1")
}

// Once a held file was compacted only snapshots have it. They keep what they reach of others, and nothing else.
func TestAHeldFileThatMainHasNoMoreKeepsThoseWhoseRowsItsSnapshotsReach(t *testing.T) {
	laketest.Costly(t)
	l, path := apart(t)
	ingestText(t, testEnv(l), "refused", strings.Replace(listened(50, "fourth", 2), `"ms_played":201000`, `"ms_played":"x"`, 1))
	ingestText(t, testEnv(l), "last request", asked("r4", "fourth"))
	carryOut(t, l, nil)
	hold(t, l, "r1")
	now := l.Snapshot(t, catalog.Listens)
	files, err := now.Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	files = slices.DeleteFunc(files, func(f lake.File) bool {
		local, err := lake.LocalPath(f.FilePath())
		if err != nil {
			t.Fatal(err)
		}
		return local != path
	})
	nowhere := func(string, []int64) (map[string][]int64, error) { return nil, nil } // all of its rows are deleted
	if _, err := l.Rewrite(t.Context(), lake.Rewrite{Job: catalog.MaintainJob, Base: now, Inputs: files, Compacts: true, Moved: nowhere, Verify: l.Duck.Verify}); err != nil {
		t.Fatal(err)
	}
	carryOut(t, l, nil)
	r := purges(t, l)
	same(t, "blocked", whose(r), []string{"listens: hold of request r1 [r2 r3]"})
	same(t, "states", sorted(states(t, l)), []string{"r1 recomputed", "r2 recomputed", "r3 recomputed", "r4 purged"})
	same(t, "files with the fourth", found(t, l, "fourth"), []string(nil))
	if !slices.Contains(found(t, l, erasedUser), path) {
		t.Errorf("the file of the held request is gone")
	}
	released(t, l, "r1")
}

// Rows in a held file that another engine deleted may be of anybody who asked.
func TestAHeldFileWithDeletedRowsOfNoRecordKeepsAll(t *testing.T) {
	laketest.Costly(t)
	l := laketest.New(t)
	ingestText(t, testEnv(l), "shared", listened(1, erasedUser, 1)+listened(2, otherUser, 1)+listened(3, "third", 1))
	carryOut(t, l, nil)
	l.Hand(t, catalog.Listens).DeleteRows("listen_id = '"+otherUser+"-2'", false)
	carryOut(t, l, nil)
	for i, user := range []string{erasedUser, otherUser} {
		ingestText(t, testEnv(l), fmt.Sprint("request", i), asked(fmt.Sprint("r", i+1), user))
		carryOut(t, l, nil)
	}
	hold(t, l, "r1")
	r := purges(t, l)
	if list := whose(r); !slices.Contains(list, "listens: hold of request r1 [r2]") {
		t.Errorf("blocked: %q", list)
	}
	same(t, "states", sorted(states(t, l)), []string{"r1 recomputed", "r2 recomputed"})
	if _, err := erase.Release(t.Context(), testEnv(l), "r1"); err != nil {
		t.Fatal(err)
	}
	carryOut(t, l, atOnce)
	same(t, "states", sorted(states(t, l)), []string{"r1 purged", "r2 purged"})
	same(t, "files with the listeners", append(found(t, l, erasedUser), found(t, l, otherUser+"-")...), []string(nil))
}

// Killed anywhere, the next run purges the others, and keeps what is held.
func TestAPurgeThatAHoldKeepsAndThatWasKilledAnywhereIsFinishedByTheNext(t *testing.T) {
	laketest.Long(t, "it makes a lake for each step")
	const stride = 17
	for nth := 1; ; nth += stride {
		l, path := heldLake(t)
		if err := died(t, l, nth); err == nil {
			if nth < 60 {
				t.Fatalf("%d steps: the faults do not reach the job", nth)
			}
			break
		}
		purges(t, l)
		age(t, l, 25*time.Hour)
		purges(t, l)
		same(t, fmt.Sprintf("states, died at %d", nth), sorted(states(t, l)), []string{"r1 recomputed", "r2 purged", "r3 purged"})
		if !slices.Contains(found(t, l, erasedUser), path) {
			t.Fatalf("died at %d: the file of the held request is gone", nth)
		}
		released(t, l, "r1")
	}
}
