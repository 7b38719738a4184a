package store_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/store"
)

// A query that began meanwhile opens its files when it reads them.
func TestACopyThatIsUsedAnewDuringASweepStays(t *testing.T) {
	s, b, o := opened(t, 1)
	b.Objects["lake/a"] = []byte("rows")
	read(t, "s3://bucket/lake/a")
	age(t, "s3://bucket/lake/a", 2*time.Hour)
	b.Listing = func() {
		if err := lake.Fetch(t.Context(), "s3://bucket/lake/a"); err != nil {
			t.Error(err)
		}
	}
	if err := s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := copies(t, o); !slices.Equal(got, []string{"a"}) {
		t.Errorf("left are %v", got)
	}
}

// due lets the next sweep of every warehouse in the folder be due.
func due(t *testing.T, o store.Options) {
	t.Helper()
	marks, err := filepath.Glob(filepath.Join(o.Folder, ".swept*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, mark := range marks {
		if err := os.Chtimes(mark, time.Time{}, time.Now().Add(-2*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
}

// A server is open for months.
func TestAnOpenStoreGoesOnSweeping(t *testing.T) {
	s, b, o := opened(t, 1<<20)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	o.Look = time.Millisecond
	reopened(t, o)
	b.Lock()
	b.Objects["lake/purged"] = []byte("x")
	b.Unlock()
	read(t, "s3://bucket/lake/purged")
	b.Lock()
	delete(b.Objects, "lake/purged")
	b.Unlock()
	age(t, "s3://bucket/lake/purged", 2*time.Hour)
	due(t, o)
	look, late := time.NewTicker(time.Millisecond), time.After(30*time.Second)
	defer look.Stop()
	for len(copies(t, o)) > 0 {
		select {
		case <-look.C:
		case <-late:
			t.Fatalf("left are %v", copies(t, o))
		}
	}
}

func TestOneLakesSweepIsNotTakenForAnothers(t *testing.T) {
	_, b, o := opened(t, 1<<20)
	b.Objects["lake/purged"] = []byte("x")
	read(t, "s3://bucket/lake/purged")
	delete(b.Objects, "lake/purged")
	age(t, "s3://bucket/lake/purged", 2*time.Hour)
	due(t, o)
	other := o
	other.Warehouse = "s3://bucket/other"
	reopened(t, other) // which is swept now
	reopened(t, o)
	if got := copies(t, o); len(got) != 0 {
		t.Errorf("left are %v", got)
	}
}

// Who may write to the bucket must not write to this machine.
func TestACopyLiesBelowTheFolderWhateverItsKeyIs(t *testing.T) {
	s, b, o := opened(t, 1<<20)
	b.Objects["lake/../../../escaped"] = []byte("x")
	b.Objects["lake/a/./b"] = []byte("x")
	for key := range b.Objects {
		uri := "s3://bucket/" + key
		if path, err := lake.LocalPath(uri); !errors.Is(err, lake.ErrOutside) || lake.Hint(err) == "" {
			t.Errorf("%s is copied to %s, %v", uri, path, err)
		}
		if err := lake.Fetch(t.Context(), uri); !errors.Is(err, lake.ErrOutside) {
			t.Errorf("%s is fetched: %v", uri, err)
		}
	}
	b.Objects["lake/usual"] = []byte("x")
	read(t, "s3://bucket/lake/usual")
	if err := s.Sweep(t.Context()); err != nil {
		t.Errorf("such names stop a sweep: %v", err)
	}
	if got := copies(t, o); !slices.Equal(got, []string{"usual"}) {
		t.Errorf("left are %v", got)
	}
}

// Another process fetches for long. Who is told to stop must not wait for it.
func TestASweepStopsWaitingForTheLock(t *testing.T) {
	s, b, o := opened(t, 1<<20)
	b.Objects["lake/a"] = []byte("x")
	read(t, "s3://bucket/lake/a")
	other, err := os.Open(filepath.Join(o.Folder, ".lock"))
	if err == nil {
		err = syscall.Flock(int(other.Fd()), syscall.LOCK_SH)
	}
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer stop()
	swept := make(chan error, 1)
	go func() { swept <- s.Sweep(ctx) }()
	select {
	case err := <-swept:
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
	case <-time.After(30 * time.Second):
		t.Error("it still waits")
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Sweep(t.Context()); err != nil {
		t.Errorf("once the other one is done: %v", err)
	}
}

// A limit on the size of files does what a full disk does. It holds for a whole process, and the testing package writes
// its own log of opened files at times: the test runs itself, and the limit is the child's alone.
func TestACopyWithoutRoomNamesTheFolderAndLeavesNothing(t *testing.T) {
	const limited = "LAKECTL_TEST_NO_ROOM"
	if os.Getenv(limited) != "" {
		copyWithoutRoom(t)
		return
	}
	child := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v")
	child.Env = append(os.Environ(), limited+"=1")
	out, err := child.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("--- PASS: "+t.Name())) {
		t.Fatalf("%v\n%s", err, out)
	}
}

func copyWithoutRoom(t *testing.T) {
	_, b, o := opened(t, 1<<20)
	b.Objects["lake/x"] = bytes.Repeat([]byte("x"), 1<<20)
	var usual syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &usual); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 1 << 16, Max: usual.Max}); err != nil {
		t.Fatal(err)
	}
	err := lake.Fetch(t.Context(), "s3://bucket/lake/x")
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &usual); err != nil {
		t.Fatal(err)
	}
	if err == nil || !strings.Contains(lake.Hint(err), o.Folder) || strings.Contains(lake.Hint(err), "credentials") {
		t.Errorf("%v, hint %q", err, lake.Hint(err))
	}
	if got := copies(t, o); len(got) != 0 {
		t.Errorf("left are %v", got)
	}
	if got := read(t, "s3://bucket/lake/x"); len(got) != 1<<20 {
		t.Errorf("%d bytes once there is room", len(got))
	}
}

// sweepOf sweeps a folder of copies.
func sweepOf(t *testing.T, folder, endpoint string, limit int64) {
	t.Helper()
	o := store.Options{Warehouse: "s3://bucket/lake", Endpoint: endpoint, Region: "us-east-1", Folder: folder, Limit: limit, Log: slog.New(slog.DiscardHandler)}
	if err := reopened(t, o).Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
}
