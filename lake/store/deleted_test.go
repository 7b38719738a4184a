package store_test

import (
	"errors"
	"io/fs"
	"os"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/lake"
)

// Erased rows that were purged on this machine must not come back with who was fetching them.
func TestACopyThatIsMadeWhileItsFileIsDeletedDoesNotStay(t *testing.T) {
	some := func(l large) error { return l.fetch(t, "country") }
	nothing := func(large) error { return nil }
	for what, c := range map[string]struct{ before, fetch func(large) error }{
		"a new copy":        {nothing, some},
		"one that grows":    {some, func(l large) error { return l.fetch(t, "device") }},
		"that of the whole": {nothing, func(l large) error { return lake.Fetch(t.Context(), l.file.FilePath()) }},
	} {
		l := aLargeFile(t)
		gets := func(do func(large) error) int {
			before, _ := l.served()
			if err := do(l); err != nil {
				t.Fatal(err)
			}
			after, _ := l.served()
			return after - before
		}
		gets(c.before)
		last := gets(c.fetch)
		if err := os.Remove(l.path); err != nil {
			t.Fatal(err)
		}
		gets(c.before)
		deletedDuring(t, l, last, c.fetch)
		if _, err := os.Stat(l.path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is there when its file was deleted: %v", what, err)
		}
	}
}

// deletedDuring deletes the file once its store has read all that a fetch asks for, so many times, and sends the rest
// then.
func deletedDuring(t *testing.T, l large, asks int, fetch func(large) error) {
	t.Helper()
	stored, err := l.Snapshot(t, catalog.PlaysByHour).Table().FS(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	read, send := make(chan bool), make(chan bool)
	l.bucket.Sending = func() {
		if asks--; asks == 0 {
			close(read)
			<-send
		}
	}
	fetched, deleted := make(chan error, 1), make(chan error, 1)
	go func() { fetched <- fetch(l) }()
	select {
	case <-read:
	case err := <-fetched:
		t.Fatal("it asked for less", err)
	}
	go func() { deleted <- stored.Remove(l.file.FilePath()) }()
	select {
	case err = <-deleted:
		deleted <- err
	case <-time.After(100 * time.Millisecond): // it waits for the copy
	}
	close(send)
	if err := <-fetched; err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if err := <-deleted; err != nil {
		t.Error(err)
	}
}

func TestAFileIsDeletedWhereTheFolderOfCopiesIsGone(t *testing.T) {
	l := aLargeFile(t)
	stored, err := l.Snapshot(t, catalog.PlaysByHour).Table().FS(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(l.Options.S3.Copies); err != nil {
		t.Fatal(err)
	}
	if err := stored.Remove(l.file.FilePath()); err != nil {
		t.Error(err)
	}
}
