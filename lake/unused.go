package lake

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/apache/iceberg-go"
)

// maxUnused bounds the names that are remembered, about 200 B each. Names that are forgotten are looked for in the
// table.
const maxUnused = 10_000

// unusedNames are the names of data files that this lake gave out and that nobody has tried to commit. No table can
// have them, for each is unique: a commit of such files need not look through the manifests, which would cost an ingest
// more than all else that it commits.
type unusedNames struct {
	mu    sync.Mutex
	stems map[string]struct{} // of a file without ".parquet", or of the folder that one COPY fills
}

func (u *unusedNames) add(stem string) {
	if u == nil {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.stems == nil || len(u.stems) >= maxUnused {
		u.stems = map[string]struct{}{}
	}
	u.stems[stem] = struct{}{}
}

// take tells whether the names of all files are unused, and uses them.
func (u *unusedNames) take(files []iceberg.DataFile) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	all, taken := true, map[string]bool{}
	for _, f := range files {
		stem := strings.TrimSuffix(f.FilePath(), ".parquet")
		for {
			if _, unused := u.stems[stem]; unused || taken[stem] {
				delete(u.stems, stem)
				taken[stem] = true
				break
			}
			end := strings.LastIndexByte(stem, '/')
			if end < 0 {
				all = false
				break
			}
			stem = stem[:end]
		}
	}
	return all
}

// files are all that the commit adds.
func (c Commit) files() []iceberg.DataFile {
	return append(append([]iceberg.DataFile{}, c.Add...), c.Deletes...)
}

// refuseTwice refuses a file that the commit adds twice.
func (c Commit) refuseTwice(table string) error {
	seen := map[string]bool{}
	for _, f := range c.files() {
		if seen[f.FilePath()] {
			return fmt.Errorf("commit %s: file %s is added twice: %w", table, f.FilePath(), ErrUnsupported)
		}
		seen[f.FilePath()] = true
	}
	return nil
}

// refuseLive refuses a file that the table has: its rows would count twice, without a word.
func (c Commit) refuseLive(ctx context.Context, now Snapshot) error {
	added := map[string]bool{}
	for _, f := range c.files() {
		added[f.FilePath()] = true
	}
	found := ""
	err := now.entries(ctx, 0, true, func(e iceberg.ManifestEntry) {
		if file := e.DataFile().FilePath(); added[file] {
			found = file
		}
	})
	if err == nil && found != "" {
		err = WithHint(fmt.Errorf("file %s is in table %s already: %w", found, now.table.name, ErrFenced),
			"nothing was written; run the command again, it goes on from what the table has")
	}
	return err
}

// comesFrom tells whether a snapshot is the one with an id or known to come from it; 0 is the empty table.
func (s Snapshot) comesFrom(id int64) bool {
	whole := true // down to the first snapshot of all
	for at := range s.line() {
		if at.SnapshotID == id {
			return true
		}
		whole = first(at)
	}
	return whole && id == 0
}
