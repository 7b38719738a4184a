package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/lakectl/lakectl/lake"
)

const (
	seconds = time.Second // stores tell times no finer
	// inUse is how long after its last use a copy stays, whatever the limit.
	inUse = time.Hour
	// sweepEvery is how often copies are compared with the bucket.
	sweepEvery = time.Hour
	// lookEvery is how often an open store looks whether that is due.
	lookEvery = time.Minute
	// lockEvery is how often a lock is tried that others hold, and busyFor how long a sweep waits for them.
	lockEvery, busyFor = 10 * time.Millisecond, 10 * time.Second
	// parallel is the number of files that are fetched at once.
	parallel = 8
	// lockName is a file in the folder: shared while copies are made or used anew, exclusive while some go.
	lockName   = ".lock"
	sweptName  = ".swept-" // and the warehouse
	partPrefix = ".part-"
)

// errBusy says that others fetched all the time.
var errBusy = errors.New("others make copies")

// fetch makes the copies that are lacking.
func (s *Store) fetch(ctx context.Context, files []lake.RemoteFile, columns []int) error {
	unlock, err := s.lock(ctx, lockName, syscall.LOCK_SH)
	if err != nil {
		return err
	}
	defer unlock()
	workers, ctx := errgroup.WithContext(ctx)
	workers.SetLimit(parallel)
	for _, f := range files {
		path, err := lake.LocalPath(f.URI)
		if err != nil {
			return errors.Join(err, workers.Wait())
		}
		info, err := os.Stat(path)
		sparse := err == nil && lake.MayLack(path, info)
		if err == nil && !sparse && used(path, info) {
			continue
		}
		sparse = sparse || columns != nil && f.Bytes >= s.o.WholeBelow && lake.IsSealed(path)
		workers.Go(lake.Safely(func() error {
			if sparse {
				if err := s.grow(ctx, f.URI, path, columns); !errors.Is(err, errWhole) {
					return err
				}
			}
			return s.copy(ctx, f.URI, path)
		}))
	}
	return workers.Wait()
}

// used notes that a copy is used now, and tells whether it is still there.
func used(path string, info fs.FileInfo) bool {
	if now := time.Now(); now.Sub(info.ModTime()) > inUse/4 {
		return os.Chtimes(path, now, now) == nil
	}
	return true
}

func (s *Store) copy(ctx context.Context, uri, path string) (err error) {
	key, err := s.key(uri)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return s.notKept(uri, err)
	}
	got, err := s.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &s.bucket, Key: &key})
	if err != nil {
		return failed("read", uri, err)
	}
	defer got.Body.Close() //nolint:errcheck // only read
	part, err := newPart(path)
	if err != nil {
		return s.notKept(uri, err)
	}
	defer os.Remove(part.Name()) //nolint:errcheck // most often it is renamed
	n, err := io.Copy(part, got.Body)
	if err == nil && n != aws.ToInt64(got.ContentLength) {
		err = fmt.Errorf("%d bytes came of %d: %w", n, aws.ToInt64(got.ContentLength), io.ErrUnexpectedEOF)
	}
	if err == nil {
		err = part.Sync() // or the name could outlive the bytes when the machine dies
	}
	err = errors.Join(err, part.Close())
	if here := new(fs.PathError); errors.As(err, &here) {
		return s.notKept(uri, err)
	}
	if err != nil {
		return failed("read", uri, err)
	}
	if n >= s.o.WholeBelow && lake.IsSealed(path) { // who lets a copy grow must not put a lesser one here
		unlock, err := s.lock(ctx, lockOf(path), syscall.LOCK_EX)
		if err != nil {
			return err
		}
		defer unlock()
		if _, err := s.stat(ctx, uri); err != nil { // who deletes the file meanwhile waits for the lock to remove the copy
			return err
		}
	}
	return s.notKept(uri, os.Rename(part.Name(), path))
}

// newPart makes the file that becomes a copy.
func newPart(path string) (*os.File, error) {
	return os.OpenFile(filepath.Join(filepath.Dir(path), partPrefix+uuid.NewString()), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o400)
}

// notKept says that this machine has no place for a copy.
func (s *Store) notKept(uri string, err error) error {
	if err == nil {
		return nil
	}
	return lake.WithHint(fmt.Errorf("copy %s: %w", uri, err), "make room in %s, or set catalog.s3.copies to a folder with more (LAKEHOUSE_CATALOG_S3_COPIES)", s.o.Folder)
}

// forget removes a copy. Who lets it grow meanwhile is waited for, or the copy would be there again; one that takes
// long is left to the sweep.
func (s *Store) forget(uri string) error {
	path, err := lake.LocalPath(uri)
	if err != nil {
		return err
	}
	if lake.IsSealed(path) {
		waiting, stop := context.WithTimeoutCause(context.Background(), busyFor, errBusy)
		defer stop()
		unlock, err := s.lock(waiting, lockOf(path), syscall.LOCK_EX)
		switch {
		case err == nil:
			defer unlock()
		case errors.Is(err, fs.ErrNotExist): // the folder went, and all copies with it
			return nil
		case !errors.Is(err, errBusy):
			return err
		}
	}
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// lock takes a lock of the folder. Others may hold it for as long as they fetch, so it waits no longer than its
// context.
func (s *Store) lock(ctx context.Context, name string, how int) (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(s.o.Folder, name), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock copies: %w", err)
	}
	again := time.NewTicker(lockEvery)
	defer again.Stop()
	for err = syscall.EINTR; errors.Is(err, syscall.EINTR) || errors.Is(err, syscall.EWOULDBLOCK); {
		if err = syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB); err == nil {
			break
		}
		select {
		case <-ctx.Done():
			err = context.Cause(ctx)
		case <-again.C:
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock copies: %w", err), f.Close())
	}
	return func() { f.Close() }, nil //nolint:errcheck // gives the lock back
}

func (s *Store) sweepIfDue(ctx context.Context) error {
	mark := filepath.Join(s.o.Folder, sweptName+uuid.NewSHA1(uuid.NameSpaceURL, []byte(s.o.Endpoint+" "+s.o.Warehouse)).String())
	if info, err := os.Stat(mark); err == nil && time.Since(info.ModTime()) < sweepEvery {
		return nil
	}
	if err := s.Sweep(ctx); errors.Is(err, errBusy) {
		return nil // it stays due
	} else if err != nil {
		return err
	}
	return os.WriteFile(mark, nil, 0o600)
}

// watch sweeps where that is due, for as long as the store is open: a server may be for months.
func (s *Store) watch(ctx context.Context) {
	look := time.NewTicker(cmp.Or(s.o.Look, lookEvery))
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
		err := lake.Safely(func() error { return s.sweepIfDue(ctx) })()
		if err != nil && ctx.Err() == nil {
			s.o.Log.Warn("copies of files were not swept, which is tried again", "error", err, "hint", lake.Hint(err))
		}
	}
}

// kept is a copy.
type kept struct {
	path  string
	bytes int64
	used  time.Time
}

// usedMeanwhile tells whether a copy was used anew since it was listed: who did that may not have opened it yet.
func (c kept) usedMeanwhile() bool {
	info, err := os.Stat(c.path)
	return err == nil && info.ModTime().After(c.used)
}

// Sweep removes the copies of files that are stored no more, what killed processes left half copied, and the copies
// that were not used for the longest time where all take more than the limit.
func (s *Store) Sweep(ctx context.Context) error {
	copies, err := s.copies()
	if err != nil || len(copies) == 0 {
		return err
	}
	stored := map[string]bool{}
	err = s.List(ctx, s.o.Warehouse, func(f lake.RemoteFile) error {
		path, err := lake.LocalPath(f.URI)
		if errors.Is(err, lake.ErrOutside) { // then there is no copy of it
			return nil
		}
		stored[path] = true
		return err
	})
	if err != nil {
		return err
	}
	waiting, stop := context.WithTimeoutCause(ctx, busyFor, errBusy)
	defer stop()
	unlock, err := s.lock(waiting, lockName, syscall.LOCK_EX)
	if err != nil {
		return err
	}
	defer unlock()
	began, gone := time.Now(), 0
	slices.SortFunc(copies, func(a, b kept) int { return b.used.Compare(a.used) })
	var total int64
	for _, c := range copies {
		part := strings.HasPrefix(filepath.Base(c.path), partPrefix)
		recent := began.Sub(c.used) < inUse
		switch {
		case part && recent, !part && stored[c.path] && (recent || total+c.bytes <= s.o.Limit):
			total += c.bytes
			continue
		case !part && !stored[c.path] && recent: // it may be under way
			continue
		case c.usedMeanwhile():
			total += c.bytes
			continue
		}
		if err := os.Remove(c.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove copy: %w", err)
		}
		gone++
	}
	s.o.Log.Debug("swept copies of files", "left_bytes", total, "removed_files", gone)
	return nil
}

// copies lists the copies below the warehouse.
func (s *Store) copies() (list []kept, err error) {
	root, err := lake.LocalPath(s.o.Warehouse)
	if err != nil {
		return nil, err
	}
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil {
			list = append(list, kept{path, onDisk(info), info.ModTime()})
		}
		return err
	})
	return list, err
}
