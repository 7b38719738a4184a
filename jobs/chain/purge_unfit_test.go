package chain_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/chain"
	"github.com/lakectl/lakectl/jobs/purge"
	"github.com/lakectl/lakectl/lake"
)

// apart is a lake in which three listeners have files of their own and have asked one after the other, and a path to
// the file of listens of the first.
func apart(t *testing.T) (l *laketest.Lake, path string) {
	t.Helper()
	l = laketest.New(t)
	for i, user := range []string{erasedUser, otherUser, "third"} {
		added := newestFile(t, l, func() {
			ingestText(t, testEnv(l), fmt.Sprint("listens", i), listened(1, user, 1+i)+listened(2, user, 1+i))
		})
		if i == 0 {
			path = added
		}
		carryOut(t, l, nil)
	}
	for i, user := range []string{erasedUser, otherUser, "third"} {
		ingestText(t, testEnv(l), fmt.Sprint("request", i), asked(fmt.Sprint("r", i+1), user))
		carryOut(t, l, nil)
	}
	return l, path
}

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }

// newestFile is where the one file is that something adds to listens.
func newestFile(t *testing.T, l *laketest.Lake, add func()) (path string) {
	t.Helper()
	add()
	now := l.Snapshot(t, catalog.Listens)
	files, err := now.Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f.AddedBy != now.ID() {
			continue
		}
		if path != "" {
			t.Fatal("several files were added")
		}
		if path, err = lake.LocalPath(f.FilePath()); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// spoil makes a file one that cannot be written anew, and returns what puts it back.
func spoil(t *testing.T, path, how string) (mend func()) {
	t.Helper()
	was, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	switch how {
	case "encrypted":
		err = os.WriteFile(path, encrypted(t), 0o600)
	case "damaged":
		bad := slices.Clone(was)
		for i := range len(bad) / 2 {
			bad[4+i] ^= 0x55
		}
		err = os.WriteFile(path, bad, 0o600)
	case "cut off":
		err = os.Truncate(path, int64(len(was)/2))
	case "gone":
		err = os.Remove(path)
	}
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.WriteFile(path, was, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// The file of one listener is no reason to keep what others asked for.
func TestAFileThatCannotBeRewrittenKeepsThoseAloneWhoseRowsItHad(t *testing.T) {
	laketest.Costly(t)
	for _, how := range []string{"encrypted", "damaged", "cut off", "gone"} {
		t.Run(how, func(t *testing.T) {
			l, path := apart(t)
			mend := spoil(t, path, how)
			for _, want := range []int{2, 0} {
				r, err := purge.Run(t.Context(), testEnv(l), *atOnce)
				if err != nil || r.Requests != want || len(r.Blocked) != 1 {
					t.Fatalf("%+v, %v", r, err)
				}
				b := r.Blocked[0]
				same(t, "requests that are kept", b.Requests, []string{"r1"})
				if !strings.Contains(b.By, filepath.Base(path)) || b.Hint == "" || b.Table != catalog.Listens {
					t.Errorf("%+v", b)
				}
				same(t, "states", sorted(states(t, l)), []string{"r1 recomputed", "r2 purged", "r3 purged"})
			}
			mend()
			same(t, "files with the others", append(found(t, l, otherUser+"-"), found(t, l, "third")...), []string(nil))
			if r := carryOut(t, l, atOnce).Purged; r.Requests != 1 || len(r.Blocked) > 0 {
				t.Errorf("once it can be read: %+v", r)
			}
			same(t, "files with the listener", found(t, l, erasedUser), []string(nil))
		})
	}
}

// Rows that no erasure deleted may be of anybody who asked.
func TestAFileWithDeletedRowsOfNoRecordKeepsAll(t *testing.T) {
	laketest.Costly(t)
	l, path := apart(t)
	added := newestFile(t, l, func() { ingestText(t, testEnv(l), "more", listened(3, "fourth", 4)+listened(4, "fourth", 4)) })
	if added == path {
		t.Fatal("nothing was added")
	}
	l.Hand(t, catalog.Listens).DeleteRows("listen_id = 'fourth-3'", false)
	carryOut(t, l, nil)
	spoil(t, added, "encrypted")
	r, err := purge.Run(t.Context(), testEnv(l), *atOnce)
	if err != nil || r.Requests != 0 || len(r.Blocked) != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	same(t, "requests that are kept", sorted(r.Blocked[0].Requests), []string{"r1", "r2", "r3"})
}

// Orphans are told of while a file keeps a request: they have to grow old for it too, from when it was cleared on.
func TestARequestThatAFileKeepsWaitsForTheOrphansOfItsOwnPurge(t *testing.T) {
	laketest.Costly(t)
	l, path := apart(t)
	mend := spoil(t, path, "damaged")
	left(t, l, time.Hour)
	purges := func(blocked, residuals int, want ...string) {
		t.Helper()
		r, err := purge.Run(t.Context(), testEnv(l), *atOnce)
		if err != nil || len(r.Blocked) != blocked || len(r.Residuals) != residuals {
			t.Fatalf("%+v, %v", r, err)
		}
		same(t, "states", sorted(states(t, l)), want)
	}
	purges(1, 1, "r1 recomputed", "r2 recomputed", "r3 recomputed")
	left(t, l, 30*time.Minute)
	passes(t, l, 23*time.Hour+29*time.Minute) // the older of both is old enough, and the younger not
	purges(1, 1, "r1 recomputed", "r2 recomputed", "r3 recomputed")
	passes(t, l, time.Hour)
	left(t, l, time.Minute)
	purges(1, 1, "r1 recomputed", "r2 purged", "r3 purged")
	mend()
	if _, err := chain.CarryOut(t.Context(), testEnv(l), chain.DeletionsOptions{Purge: atOnce}); !errors.Is(err, jobs.ErrPartial) {
		t.Fatal(err)
	}
	purges(0, 1, "r1 recomputed", "r2 purged", "r3 purged")
	passes(t, l, 25*time.Hour)
	purges(0, 0, "r1 purged", "r2 purged", "r3 purged")
}

func TestAPurgeThatAFileKeepsAndThatWasKilledAnywhereIsFinishedByTheNext(t *testing.T) {
	laketest.Long(t, "it makes a lake for each step")
	const stride = 17
	for nth := 1; ; nth += stride {
		l, path := apart(t)
		mend := spoil(t, path, "damaged")
		if err := died(t, l, nth); err == nil {
			if nth < 60 {
				t.Fatalf("%d steps: the faults do not reach the job", nth)
			}
			break
		}
		if slices.Contains(states(t, l), "r1 purged") {
			t.Fatalf("died at %d: %v", nth, states(t, l))
		}
		for pass := range 2 {
			r, err := purge.Run(t.Context(), testEnv(l), *atOnce)
			if err != nil || len(r.Blocked) != 1 {
				t.Fatalf("died at %d: %+v, %v", nth, r, err)
			}
			if pass == 0 {
				age(t, l, 25*time.Hour)
			}
		}
		same(t, fmt.Sprintf("states, died at %d", nth), sorted(states(t, l)), []string{"r1 recomputed", "r2 purged", "r3 purged"})
		mend()
		if r := carryOut(t, l, atOnce).Purged; r.Requests != 1 {
			t.Fatalf("died at %d: %+v", nth, r)
		}
		same(t, fmt.Sprintf("files with the listeners, died at %d", nth), slices.Concat(found(t, l, erasedUser), found(t, l, otherUser+"-"), found(t, l, "third")), []string(nil))
	}
}
