package bench

import (
	"context"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

var ledgerTables = []string{catalog.ListensCounted, catalog.Duplicates, catalog.RoyaltyLines}

// ledgerHeads are the tables of the ledger as they are now, in the order of ledgerTables.
func ledgerHeads(ctx context.Context, env jobs.Env) ([]lake.Snapshot, error) {
	heads := make([]lake.Snapshot, len(ledgerTables))
	for i, name := range ledgerTables {
		var err error
		if heads[i], err = env.Snapshot(ctx, name); err != nil {
			return nil, err
		}
	}
	return heads, nil
}

// writtenSince sums the files, row deletes among them, that the tables gained.
func writtenSince(ctx context.Context, env jobs.Env, before []lake.Snapshot) ([]tableWritten, error) {
	after, err := ledgerHeads(ctx, env)
	if err != nil {
		return nil, err
	}
	written := make([]tableWritten, len(after))
	for i := range after {
		w := &written[i]
		w.Table = ledgerTables[i]
		old, err := liveFiles(ctx, before[i])
		if err != nil {
			return nil, err
		}
		now, err := liveFiles(ctx, after[i])
		if err != nil {
			return nil, err
		}
		for path, f := range now {
			if _, was := old[path]; !was {
				w.Bytes, w.Rows = w.Bytes+f.FileSizeBytes(), w.Rows+f.Count()
			}
		}
		for _, f := range old {
			w.Before += f.FileSizeBytes()
		}
	}
	return written, nil
}

// ledgerBytes is what each of so many copies has in the ledger, without the lines, which do not grow with the copies.
func ledgerBytes(ctx context.Context, env jobs.Env, copies int) (float64, error) {
	var sum int64
	for _, table := range []string{catalog.ListensCounted, catalog.Duplicates} {
		s, err := env.Snapshot(ctx, table)
		if err != nil {
			return 0, err
		}
		files, err := liveFiles(ctx, s)
		if err != nil {
			return 0, err
		}
		for _, f := range files {
			sum += f.FileSizeBytes()
		}
	}
	return float64(sum) / float64(copies), nil
}

func liveFiles(ctx context.Context, s lake.Snapshot) (map[string]lake.File, error) {
	data, err := s.Files(ctx)
	if err != nil {
		return nil, err
	}
	deletes, err := s.DeleteFiles(ctx)
	files := map[string]lake.File{}
	for _, f := range append(data, deletes...) {
		files[f.FilePath()] = f
	}
	return files, err
}

// watchSize looks at the size of a folder ten times a second until the function it returns is called, which gives
// the largest.
func watchSize(dir string) (peak func() int64) {
	stop, done := make(chan struct{}), make(chan int64, 1)
	go func() {
		var most int64
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				done <- most
				return
			case <-tick.C:
				most = max(most, sizeOf(dir))
			}
		}
	}()
	return func() int64 { close(stop); return <-done }
}

func sizeOf(dir string) (bytes int64) {
	filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error { //nolint:errcheck // what vanishes meanwhile has no size
		if err != nil || e.IsDir() {
			return nil //nolint:nilerr // and the rest is walked all the same
		}
		if info, err := e.Info(); err == nil {
			bytes += info.Size()
		}
		return nil
	})
	return bytes
}
