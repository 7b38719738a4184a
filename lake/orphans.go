package lake

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Orphan is a file in a table's folder that nothing refers to.
type Orphan struct {
	Path     string    `json:"path"` // below the folder
	Bytes    int64     `json:"bytes"`
	Modified time.Time `json:"modified"` // by the clock of the store
}

// OrphanPlan is what a sweep of a table would delete, and what it must hold against the table before it does.
type OrphanPlan struct {
	Table    string        `json:"table"`
	TableID  uuid.UUID     `json:"table_id"`
	Location string        `json:"location"`
	At       time.Time     `json:"at"` // by the clock of the store
	Grace    time.Duration `json:"grace"`
	Files    []Orphan      `json:"files"`
}

// Bytes is the size of all files of the plan.
func (p OrphanPlan) Bytes() (n int64) {
	for _, f := range p.Files {
		n += f.Bytes
	}
	return n
}

// Oldest is when the oldest file of the plan was modified; zero without any.
func (p OrphanPlan) Oldest() (at time.Time) {
	for _, f := range p.Files {
		if at.IsZero() || f.Modified.Before(at) {
			at = f.Modified
		}
	}
	return at
}

// PlanOrphans lists the files in a table's folder that are older than the grace of the lake and that nothing refers to:
// no snapshot, tag or branch of the newest metadata, no entry of its metadata log, no statistics file. What a metadata
// file refers to that is newer than the catalog's counts as referred to, for 'catalog restore' may take it. It writes
// nothing but a probe that tells the time of the store, and takes it away again.
//
// Where the metadata names a file outside of the folder, or another table lies in it, nobody can tell by the folder
// what is in use: that is an error, and no plan.
func (l *Lake) PlanOrphans(ctx context.Context, name string) (OrphanPlan, error) {
	plan, err := l.planOrphans(ctx, name, l.grace)
	return plan, wrap(err, "plan the orphans of "+name)
}

// planOrphans plans again where a file went that was read: an expiry beside took its snapshot away.
func (l *Lake) planOrphans(ctx context.Context, name string, grace time.Duration) (OrphanPlan, error) {
	for stood := ""; ; {
		t, err := l.load(ctx, name)
		if err != nil {
			return OrphanPlan{}, err
		}
		plan, err := t.planOrphans(ctx, grace)
		if !missing(err) || stood == t.MetadataURI() {
			return plan, err
		}
		stood = t.MetadataURI()
	}
}

// YoungOrphans lists the files that [Lake.PlanOrphans] will list once they are old enough, and those that are written
// just now.
func (l *Lake) YoungOrphans(ctx context.Context, name string) ([]Orphan, error) {
	plan, err := l.planOrphans(ctx, name, math.MinInt64/2)
	young := slices.DeleteFunc(plan.Files, func(f Orphan) bool { return plan.At.Sub(f.Modified) > l.grace })
	return young, wrap(err, "list what nothing refers to in "+name)
}

// Grace is how old a file must be that nothing refers to before a sweep may delete it.
func (l *Lake) Grace() time.Duration { return l.grace }

func (t *Table) planOrphans(ctx context.Context, grace time.Duration) (OrphanPlan, error) {
	plan := OrphanPlan{Table: t.name, TableID: t.ice.Metadata().TableUUID(), Location: t.Location(), Grace: grace}
	r, err := newReach(ctx, t)
	if err != nil {
		return plan, err
	}
	if plan.At, err = t.storeNow(ctx); err != nil {
		return plan, err
	}
	old := map[string]Orphan{}
	judge := func() error {
		left, err := r.unreached(ctx, old)
		plan.Files = append(plan.Files, left...)
		clear(old)
		return err
	}
	err = r.walk(ctx, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && path != r.root {
			return nil // somebody was faster
		}
		if err = errors.Join(err, ctx.Err()); err != nil || !d.Type().IsRegular() {
			return err
		}
		f, err := r.candidate(path, d)
		if err != nil || f.Path == "" || plan.At.Sub(f.Modified) <= grace {
			return err
		}
		if old[f.Path] = f; len(old) < candidateLimit {
			return nil
		}
		return judge()
	})
	if err == nil {
		err = judge()
	}
	return plan, err
}

// candidate describes a file of the folder; one without a path is none that could go.
func (r *reach) candidate(path string, d fs.DirEntry) (Orphan, error) {
	rel := strings.TrimPrefix(strings.TrimPrefix(path, r.root), "/")
	if d.Name() == versionHint {
		return Orphan{}, nil
	}
	id, staged := stagingOf(filepath.ToSlash(rel))
	if r.standing[id] {
		return Orphan{}, nil
	}
	if isMetadataFile(d.Name()) && filepath.Dir(path) != r.metadata && !staged {
		return Orphan{}, WithHint(fmt.Errorf("another table lies in the folder of %s: %s: %w", r.table.name, path, ErrUnsupported),
			"nothing was deleted; give each table a folder of its own: what is in use cannot be told where they share one")
	}
	info, err := d.Info()
	if errors.Is(err, fs.ErrNotExist) {
		return Orphan{}, nil
	}
	if err != nil {
		return Orphan{}, err
	}
	return Orphan{Path: rel, Bytes: info.Size(), Modified: info.ModTime().UTC()}, nil
}

// versionHint is a file that engines without a catalog keep beside the metadata.
const versionHint = "version-hint.text"

func isMetadataFile(name string) bool {
	return strings.HasSuffix(name, ".metadata.json") || strings.HasSuffix(name, ".metadata.json.gz")
}
