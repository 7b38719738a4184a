package lake

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"
	"github.com/google/uuid"
)

// DefaultGrace is how old a file must be that nothing refers to before a sweep may delete it.
const DefaultGrace = 24 * time.Hour

// ErrStale says that the files to commit were written so long ago that a sweep may have taken them for orphans. It is
// [ErrFenced] too: the job goes on from what the table has, and writes them anew.
var ErrStale = fmt.Errorf("files were written too long before their commit: %w", ErrFenced)

// WithGrace is the same lake with another grace for files that nothing refers to. Commits refuse files that are older
// than half of it.
func (l *Lake) WithGrace(grace time.Duration) *Lake {
	other := *l
	other.grace = grace
	return &other
}

// storeNow is the time by the clock of the store that the table lies on. Times of files are by that clock, which need
// not be this machine's.
func (t *Table) storeNow(ctx context.Context) (at time.Time, err error) {
	if r, _ := remoteOf(t.MetadataURI()); r != nil {
		return t.remoteNow(ctx)
	}
	file, err := LocalPath(t.MetadataURI())
	if err != nil {
		return at, err
	}
	probe, err := os.CreateTemp(filepath.Dir(file), "lakectl-clock-*.tmp")
	if err != nil {
		return at, fmt.Errorf("ask the store of %s for the time: %w", t.name, err)
	}
	defer func() { err = errors.Join(err, probe.Close(), os.Remove(probe.Name())) }()
	if _, err := probe.WriteString("\n"); err != nil {
		return at, fmt.Errorf("ask the store of %s for the time: %w", t.name, err)
	}
	info, err := probe.Stat()
	if err != nil {
		return at, err
	}
	return info.ModTime().UTC(), nil
}

// remoteNow stores a probe for the time that the store gives it, in whole seconds.
func (t *Table) remoteNow(ctx context.Context) (at time.Time, err error) {
	storage, err := t.FS(ctx)
	if err != nil {
		return at, err
	}
	probe := t.Location() + "/metadata/lakectl-clock-" + uuid.NewString() + ".tmp"
	if err := storage.WriteFile(probe, []byte("\n")); err != nil {
		return at, fmt.Errorf("ask the store of %s for the time: %w", t.name, err)
	}
	defer func() { err = errors.Join(err, storage.Remove(probe)) }()
	info, err := Stat(ctx, probe)
	if err != nil {
		return at, fmt.Errorf("ask the store of %s for the time: %w", t.name, err)
	}
	return info.ModTime().UTC(), nil
}

// refuseStale refuses files that are older than half the grace or gone. The other half is for this attempt; one that
// takes longer is not confirmed once a sweep has been there, see [afterSweep].
func (c Commit) refuseStale(ctx context.Context, t *Table, grace time.Duration) error {
	files := c.files()
	if len(files) == 0 {
		return nil
	}
	now, err := t.storeNow(ctx)
	if err != nil {
		return err
	}
	for _, f := range files {
		info, err := Stat(ctx, f.FilePath())
		if errors.Is(err, fs.ErrNotExist) {
			return stale(f, "is gone")
		}
		if err != nil {
			return err
		}
		if age := now.Sub(info.ModTime()); age > grace/2 {
			return stale(f, fmt.Sprintf("is %s old, more than half of orphans.grace", age.Round(time.Second)))
		}
	}
	return nil
}

func stale(f iceberg.DataFile, how string) error {
	return WithHint(fmt.Errorf("file %s, which was to be added, %s: %w", f.FilePath(), how, ErrStale),
		"nothing was written; run the command again, it goes on from what the table has")
}

// afterSweep is a catalog whose commits to a table are confirmed only while no sweep of orphans began after the table
// was loaded. It covers all that a commit stages: data files, manifests, manifest lists.
type afterSweep struct {
	icetable.CatalogIO
	swept sameSwept
}

// CommitTable implements [icetable.CatalogIO].
func (c afterSweep) CommitTable(ctx context.Context, id icetable.Identifier, requirements []icetable.Requirement, updates []icetable.Update) (icetable.Metadata, string, error) {
	return c.CatalogIO.CommitTable(ctx, id, append(requirements[:len(requirements):len(requirements)], c.swept), updates)
}

// sameSwept is the requirement that [SweptProperty] is what it was; see [sameRefs].
type sameSwept string

// GetType names the requirement.
func (sameSwept) GetType() string { return "lakectl-assert-same-swept" }

// Validate implements [icetable.Requirement].
func (s sameSwept) Validate(meta icetable.Metadata) error {
	if meta == nil || properties(meta)[SweptProperty] != string(s) {
		return errors.New("requirement failed: orphans were swept since the table was loaded")
	}
	return nil
}
