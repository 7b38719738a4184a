package open

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/relocate"
)

// RelocateOptions say how [Relocate] is to understand what it finds.
type RelocateOptions struct {
	From        string // the warehouse that the lake came from; "" = what the tables say
	Copy, Moved bool   // one of them where it cannot be told, because the old place is on another machine
	DryRun      bool
	Progress    func(text string)
}

// Relocated is what [Relocate] did.
type Relocated struct {
	From   string           `json:"from"`
	To     string           `json:"to"`
	Kind   string           `json:"kind"`    // copy, moved, or in place: nothing was to be done
	LakeID string           `json:"lake_id"` // of the lake from now on
	DryRun bool             `json:"dry_run"`
	Tables []RelocatedTable `json:"tables"`
	Left   []LeftTable      `json:"left"` // tables of others that still lie at the old place
}

// RelocatedTable is one table of it.
type RelocatedTable struct {
	Table     string `json:"table"`
	Snapshots int    `json:"snapshots"`
	Files     int    `json:"files_written"`
}

// LeftTable is a table that is none of ours and could not be relocated.
type LeftTable struct {
	Table  string `json:"table"`
	Reason string `json:"reason"`
}

// displaced is a table whose metadata says that it lies somewhere else.
type displaced struct {
	row
	move relocate.Move
	file string // the metadata file, where it is now
	old  string // the table's folder, as its metadata says
}

// Relocate makes a lake that was copied or moved whole at its new place: metadata below catalog.warehouse that names
// nothing outside of it, and a catalog that names this metadata. No file is deleted, and none at the old place is
// touched. The catalog is switched last, all tables at once. Killed at any point, it is run again.
func Relocate(ctx context.Context, o Options, r RelocateOptions) (done Relocated, err error) {
	o.ReadOnly = r.DryRun
	c, err := openUnchecked(ctx, o)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	if err := c.notMovable(); err != nil {
		return done, err
	}
	to, err := warehouseURI(o.Warehouse)
	if err != nil {
		return done, err
	}
	done.To, done.Kind, done.DryRun = relocate.URI(strings.TrimSuffix(to, "/")), "in place", r.DryRun
	from := r.From
	if from != "" {
		if from, err = warehouseURI(from); err != nil {
			return done, err
		}
		from = strings.TrimSuffix(relocate.URI(from), "/")
	}
	found, left, err := c.displaced(ctx, done.To, from)
	done.Left = left
	if err == nil && len(found) == 0 {
		err = c.settle(&done, r)
	}
	if err != nil || len(found) == 0 {
		return done, err
	}
	done.From = found[0].move.From
	marker, err := c.choose(ctx, found, &done, r)
	if err != nil {
		return done, err
	}
	if err := c.relocateAll(ctx, found, &done, r); err != nil || r.DryRun {
		return done, err
	}
	return done, c.finish(marker)
}

// displaced finds the tables that lie below the warehouse and say that they do not.
func (c *Catalog) displaced(ctx context.Context, to, from string) (found []displaced, left []LeftTable, err error) {
	rows, err := c.tables(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, r := range rows {
		d, err := locate(r, to, from)
		if err != nil && !isOurs(r) {
			left = append(left, LeftTable{r.String(), err.Error()})
			continue
		}
		if err != nil {
			return nil, left, err
		}
		if d != nil {
			found = append(found, *d)
		}
	}
	return found, left, nil
}

// locate finds the metadata file of a table below the warehouse, and from it where the warehouse was. nil: the table is
// where it says.
func locate(r row, to, from string) (*displaced, error) {
	file, err := metadataBelow(r, to, from)
	if err != nil {
		return nil, err
	}
	meta, err := relocate.Load(file)
	if err != nil {
		return nil, lake.WithHint(fmt.Errorf("table %s: %w", r, err), restoreFirst)
	}
	old := meta.Location()
	if inside, err := relocate.Below(old, to); err != nil || inside {
		return nil, err
	}
	found := from != ""
	if !found {
		from, found = relocate.From(old, to)
	}
	if !found {
		return nil, lake.WithHint(fmt.Errorf("table %s: nothing of %s is below %s", r, old, to), "copy the whole warehouse to the new place")
	}
	return &displaced{row: r, move: relocate.Move{From: from, To: to}, file: file, old: old}, nil
}

const restoreFirst = "copy the whole warehouse and its catalog; if the catalog is older than the warehouse, run 'lakectl catalog restore' first"

// metadataBelow is where the metadata file that the catalog names lies now.
func metadataBelow(r row, to, from string) (string, error) {
	if inside, err := relocate.Below(r.location, to); err != nil || inside {
		return relocate.URI(r.location), err
	}
	found := from != ""
	if !found {
		from, found = relocate.From(r.location, to)
	}
	if !found {
		return "", lake.WithHint(fmt.Errorf("table %s: the catalog names %s, and nothing of it is below %s", r, r.location, to), restoreFirst)
	}
	file, below := relocate.Move{From: from, To: to}.Apply(r.location)
	if !below {
		return "", lake.WithHint(fmt.Errorf("table %s: %s is not below %s", r, r.location, from), "give with --from the warehouse that the tables name")
	}
	return file, nil
}

// choose decides whether this is a copy or the lake itself, and under which id it goes on. While the original exists a
// copy must not keep its id: two lakes of one id would share a consumer group and archive half each.
func (c *Catalog) choose(ctx context.Context, found []displaced, done *Relocated, r RelocateOptions) (identity, error) {
	done.Kind = "moved"
	for _, d := range found {
		old, err := lake.LocalPath(relocate.URI(d.old))
		if err != nil {
			continue
		}
		if _, err := os.Stat(old); err == nil && !r.Moved {
			done.Kind = "copy"
		}
		if meta, err := relocate.Load(d.file); err == nil && done.LakeID == "" {
			done.LakeID = meta.Properties()[catalog.LakeIDProperty]
		}
	}
	if r.Copy {
		done.Kind = "copy"
	}
	if err := c.notTheOriginals(ctx, done); err != nil {
		return identity{}, err
	}
	folder, err := c.options.folder()
	if err != nil {
		return identity{}, err
	}
	was, err := readIdentity(folder)
	if err != nil {
		return identity{}, err
	}
	marker := movingMarker{From: done.From, To: done.To}
	if done.Kind == "copy" || done.LakeID == "" {
		marker.LakeID = uuid.NewString()
		if was != nil && was.Moving != nil && was.Moving.From == marker.From && was.Moving.To == marker.To && was.Moving.LakeID != done.LakeID {
			marker.LakeID = was.Moving.LakeID
		}
		done.LakeID = marker.LakeID
	}
	marker.LakeID = done.LakeID
	next := identity{LakeID: done.LakeID, Catalog: c.place(ctx), Moving: &marker}
	if r.DryRun {
		return next, nil
	}
	_, err = writeIdentity(folder, next, false)
	return next, err
}

// notTheOriginals refuses to make a copy of a warehouse with the catalog of the original: switching it would take the
// original's tables away.
func (c *Catalog) notTheOriginals(ctx context.Context, done *Relocated) error {
	if done.Kind != "copy" {
		return nil
	}
	var original *identity
	folder, err := lake.LocalPath(done.From)
	if err == nil {
		original, err = readIdentity(folder)
	}
	theirs := err == nil && original != nil && original.Catalog.same(c.place(ctx))
	if !theirs { // on another machine, of an earlier version, or another catalog's
		return nil
	}
	return lake.WithHint(fmt.Errorf("the catalog %s is that of the lake at %s, which still exists: %w", c.place(ctx), done.From, lake.ErrUnfit),
		"copy the catalog as well and set catalog.uri (LAKEHOUSE_CATALOG_URI) to the copy; if you give up the old place, say --moved")
}

// settle ends what a run left that was killed after it had switched the catalog.
func (c *Catalog) settle(done *Relocated, r RelocateOptions) error {
	folder, err := c.options.folder()
	if err != nil {
		return err
	}
	was, err := readIdentity(folder)
	if err != nil || was == nil {
		return err
	}
	done.LakeID = was.LakeID
	if was.Moving == nil || was.Moving.To != done.To || r.DryRun {
		return nil
	}
	return c.finish(*was)
}

// relocateAll rewrites every table and then switches the catalog.
func (c *Catalog) relocateAll(ctx context.Context, found []displaced, done *Relocated, r RelocateOptions) error {
	o := relocate.Options{Properties: map[string]string{catalog.LakeIDProperty: done.LakeID}, DryRun: r.DryRun}
	var moves []pointer
	var missing []string
	for i, d := range found {
		if r.Progress != nil {
			r.Progress(fmt.Sprintf("relocate: table %d of %d, %s", i+1, len(found), d.table))
		}
		table, err := relocate.Table(ctx, d.table, d.file, d.move, o)
		if err != nil {
			return err
		}
		missing = append(missing, table.Missing...)
		moves = append(moves, pointer{d.row, table.Metadata})
		done.Tables = append(done.Tables, RelocatedTable{d.table, table.Snapshots, table.Written})
	}
	if len(missing) > 0 {
		return incomplete(missing)
	}
	if r.DryRun {
		return nil
	}
	for _, m := range moves {
		if err := syncMetadata(m.to); err != nil {
			return err
		}
	}
	return c.point(ctx, moves)
}

// syncMetadata brings the names of new files to the disk before the catalog names them.
func syncMetadata(uri string) error {
	file, err := lake.LocalPath(uri)
	if err != nil {
		return err
	}
	folder := filepath.Dir(file)
	for _, f := range []string{folder, filepath.Join(filepath.Dir(folder), "data")} {
		if err := syncFolder(f); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("sync %s: %w", f, err)
		}
	}
	return nil
}

// mostListed bounds how many missing files an error names.
const mostListed = 20

func incomplete(missing []string) error {
	slices.Sort(missing)
	missing = slices.Compact(missing)
	listed := missing[:min(mostListed, len(missing))]
	return lake.WithHint(fmt.Errorf("%d files are missing:\n  %s: %w", len(missing), strings.Join(listed, "\n  "), lake.ErrNotFound),
		"copy them to these places from the original or a backup, then run the command again; nothing was switched")
}

// finish says in the warehouse that it belongs to this catalog.
func (c *Catalog) finish(id identity) error {
	folder, err := c.options.folder()
	if err != nil {
		return err
	}
	id.Moving = nil
	_, err = writeIdentity(folder, id, false)
	return err
}
