package open

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/relocate"
)

// ErrHeads says that the files of a table do not tell which of its states is the newest.
var ErrHeads = errors.New("several states of a table, neither of which contains the other")

// RestoreOptions say what [Restore] is to take.
type RestoreOptions struct {
	Heads  map[string]string // table to the metadata file to take, where [Restore] cannot tell
	DryRun bool
}

// Restored is what [Restore] did.
type Restored struct {
	LakeID string          `json:"lake_id"`
	DryRun bool            `json:"dry_run"`
	Tables []RestoredTable `json:"tables"` // those that were behind
	Heads  []Head          `json:"heads"`  // to choose from; then nothing was switched
	Notes  []string        `json:"notes"`
}

// RestoredTable is a table that the catalog did not know the newest state of.
type RestoredTable struct {
	Table      string `json:"table"`
	From       string `json:"from"` // metadata files; "": the catalog had no such table
	To         string `json:"to"`
	SnapshotID int64  `json:"snapshot_id,string"`
}

// Restore lets a catalog that was put back from a backup, or that lost its tables, name the newest state of each table
// again. What is newest follows from lineage, never from age or number: a commit that lost a race leaves newer files
// that are on nobody's line. The catalog is switched for all tables at once, if it still names what was read. No file
// is deleted.
func Restore(ctx context.Context, o Options, r RestoreOptions) (done Restored, err error) {
	o.ReadOnly = r.DryRun
	if folder, err := o.folder(); err == nil && !r.DryRun {
		o.create = tablesIn(folder) > 0 // a catalog that was lost is made anew
	}
	c, err := openUnchecked(ctx, o)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	if err := c.notMovable(); err != nil {
		return done, err
	}
	done.DryRun = r.DryRun
	rows, err := c.withLost(ctx)
	if err != nil {
		return done, err
	}
	var moves []pointer
	chosen := map[string]*head{}
	for _, at := range rows {
		h, err := c.newestOf(ctx, at, r.Heads[at.table], &done)
		if err != nil {
			return done, err
		}
		if h == nil {
			continue
		}
		chosen[at.table] = h
		if sameFile(h.file, at.location) {
			continue
		}
		moves = append(moves, pointer{at, h.file})
		done.Tables = append(done.Tables, RestoredTable{at.table, at.location, h.file, h.current()})
	}
	if len(done.Heads) > 0 {
		return done, lake.WithHint(fmt.Errorf("table %s: %w", done.Heads[0].Table, ErrHeads),
			"look at their snapshots, times and counts, then run the command again with --head TABLE=METADATA for the state to keep; what only another state has is lost")
	}
	done.Notes = append(done.Notes, gaps(chosen)...)
	done.Notes = append(done.Notes, c.elsewhere(chosen)...)
	if r.DryRun {
		return done, nil
	}
	if err := c.switchTo(ctx, moves); err != nil {
		return done, err
	}
	done.LakeID, err = c.reclaim(ctx, chosen)
	return done, err
}

// withLost are the rows of our tables, and rows without a location for tables that have files in the warehouse and no
// row.
func (c *Catalog) withLost(ctx context.Context) ([]row, error) {
	rows, err := c.ours(ctx)
	if err != nil {
		return nil, err
	}
	for _, spec := range catalog.Specs() {
		if !slices.ContainsFunc(rows, func(r row) bool { return r.table == spec.Name }) {
			rows = append(rows, row{namespace: catalog.Namespace, table: spec.Name})
		}
	}
	return rows, nil
}

// metadataFolder is where a table's metadata files lie: beside the one that the catalog names, or where init puts them.
func (c *Catalog) metadataFolder(at row) (string, error) {
	folder, err := c.options.folder()
	if err != nil {
		return "", err
	}
	made := filepath.Join(folder, catalog.Namespace+".db", at.table, "metadata")
	if at.location == "" {
		return made, nil
	}
	if inside, err := relocate.Below(at.location, c.warehouse); err != nil || !inside {
		return made, err // a backup of before the lake was moved
	}
	file, err := lake.LocalPath(relocate.URI(at.location))
	return filepath.Dir(file), err
}

// newestOf is the newest state of a table; nil without any, and where the operator has to choose.
func (c *Catalog) newestOf(ctx context.Context, at row, wanted string, done *Restored) (*head, error) {
	folder, err := c.metadataFolder(at)
	if err != nil {
		return nil, err
	}
	all, err := headsIn(folder)
	if errors.Is(err, fs.ErrNotExist) && at.location == "" {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("table %s: %w", at.table, err)
	}
	all = sameTable(all, at)
	var left []*head
	if wanted != "" {
		left = slices.DeleteFunc(slices.Clone(all), func(h *head) bool { return !sameFile(h.file, wanted) && path.Base(h.file) != wanted })
	} else {
		left = newest(all)
	}
	if len(left) == 1 {
		return c.wholeOf(ctx, at, left[0], all, wanted != "", done)
	}
	if len(left) == 0 {
		return nil, lake.WithHint(fmt.Errorf("table %s: no such metadata file in %s: %w", at.table, folder, lake.ErrNotFound), "give one that the table has, or restore the warehouse from a backup")
	}
	for _, h := range left {
		done.Heads = append(done.Heads, h.show(at.table))
	}
	return nil, nil
}

// wholeOf is the newest state on the line of h that has all its files. A warehouse that was copied while work went on
// has newer metadata than data. The state that its catalog names is whole, so no older state is taken. A head that the
// operator chose is taken as it is.
func (c *Catalog) wholeOf(ctx context.Context, at row, h *head, all []*head, wanted bool, done *Restored) (*head, error) {
	known := slices.IndexFunc(all, func(o *head) bool { return sameFile(o.file, at.location) })
	lacking := complete(ctx, at.table, h, c.warehouse)
	if lacking == nil || wanted || known < 0 || all[known] == h {
		return h, lacking
	}
	var rest []*head
	for _, o := range all {
		if o != h && h.contains(o) && o.contains(all[known]) {
			rest = append(rest, o)
		}
	}
	left := newest(rest)
	if len(left) != 1 {
		return nil, lacking
	}
	older, err := c.wholeOf(ctx, at, left[0], rest, false, done)
	if err != nil {
		return nil, lacking
	}
	done.Notes = append(done.Notes, fmt.Sprintf("%s: the newest state %s is not whole in this warehouse, an older one is taken", at.table, path.Base(h.file)))
	return older, nil
}

// sameTable leaves out files of a table that lay in the same folder before, where the catalog's own file tells which it
// is.
func sameTable(all []*head, at row) []*head {
	i := slices.IndexFunc(all, func(h *head) bool { return sameFile(h.file, at.location) })
	if i < 0 {
		i = slices.IndexFunc(all, func(h *head) bool { return at.location != "" && h.past[path.Base(at.location)] })
	}
	if i < 0 {
		return all
	}
	id := all[i].meta.TableUUID()
	return slices.DeleteFunc(all, func(h *head) bool { return h.meta.TableUUID() != id })
}

func sameFile(a, b string) bool {
	if relocate.URI(a) == relocate.URI(b) {
		return true
	}
	one, err := relocate.Canonical(a)
	if err != nil || b == "" {
		return false
	}
	other, err := relocate.Canonical(b)
	return err == nil && one == other
}

// complete holds that every file of the state is there. Those of a lake that was moved since are looked for by the
// relocation.
func complete(ctx context.Context, table string, h *head, warehouse string) error {
	if inside, err := relocate.Below(h.meta.Location(), warehouse); err != nil || !inside {
		return err
	}
	var missing []string
	err := relocate.Walk(ctx, h.meta, func(uri string, live bool) error {
		file, err := lake.LocalPath(relocate.URI(uri))
		if err == nil && live {
			if _, err = os.Stat(file); errors.Is(err, fs.ErrNotExist) {
				missing, err = append(missing, uri), nil
			}
		}
		return err
	})
	switch {
	case len(missing) > 0:
		return fmt.Errorf("table %s at %s: %w", table, h.file, incomplete(missing))
	case err != nil:
		return lake.WithHint(fmt.Errorf("table %s at %s: %w", table, h.file, err), "restore the file from a backup of the warehouse, or choose an older state with --head %s=METADATA", table)
	}
	return nil
}

// switchTo lets the catalog name the chosen files.
func (c *Catalog) switchTo(ctx context.Context, moves []pointer) error {
	var known, lost []pointer
	for _, m := range moves {
		if m.location == "" {
			lost = append(lost, m)
		} else {
			known = append(known, m)
		}
	}
	if len(lost) > 0 {
		if err := c.register(ctx, lost); err != nil {
			return err
		}
	}
	return c.point(ctx, known)
}

// reclaim says in the warehouse that it belongs to this catalog.
func (c *Catalog) reclaim(ctx context.Context, chosen map[string]*head) (string, error) {
	id := ""
	for _, h := range chosen {
		if of := h.meta.Properties()[catalog.LakeIDProperty]; of != "" {
			id = of
		}
	}
	folder, err := c.options.folder()
	if err != nil || len(chosen) == 0 {
		return id, err
	}
	if was, err := readIdentity(folder); err == nil && was != nil && id == "" {
		id = was.LakeID
	}
	if id == "" {
		id = uuid.NewString()
	}
	_, err = writeIdentity(folder, identity{LakeID: id, Catalog: c.place(ctx)}, false)
	return id, err
}

// elsewhere says that the states that were found are those of a lake that lay at another place.
func (c *Catalog) elsewhere(chosen map[string]*head) []string {
	for _, table := range slices.Sorted(maps.Keys(chosen)) {
		h := chosen[table]
		if inside, err := relocate.Below(h.meta.Location(), c.warehouse); err == nil && !inside {
			return []string{fmt.Sprintf("the tables name files at %s, not below %s: run 'lakectl catalog relocate' next", h.meta.Location(), c.warehouse)}
		}
	}
	return nil
}

// gaps says where tables that were saved at different times do not fit together.
func gaps(chosen map[string]*head) (notes []string) {
	listens := chosen[catalog.Listens]
	if listens == nil {
		return nil
	}
	at := listens.positions()
	for _, name := range []string{catalog.Quarantine, catalog.DeletionRequests} {
		if h := chosen[name]; h != nil {
			notes = append(notes, behind(name, at, h.positions())...)
		}
	}
	requests := chosen[catalog.DeletionRequests]
	through, err := strconv.ParseInt(lake.TableAt(catalog.Listens, listens.meta, listens.file).Current().Property(catalog.RequestsThrough), 10, 64)
	if err == nil && requests != nil && requests.meta.LastSequenceNumber() < through {
		notes = append(notes, fmt.Sprintf("listens was filtered through change %d of deletion_requests, which is at %d: requests are missing; ask for them again, or restore that table's files",
			through, requests.meta.LastSequenceNumber()))
	}
	return notes
}

func behind(name string, listens, other lake.Positions) (notes []string) {
	for _, t := range other.Topics {
		l, ok := listens.Topic(t.Cluster, t.Topic)
		if !ok || l.TopicID != t.TopicID {
			continue
		}
		var lacks, ahead []string
		for partition, next := range l.Next {
			switch has, known := t.Next[partition]; {
			case known && has < next:
				lacks = append(lacks, fmt.Sprintf("%d: %d of %d", partition, has, next))
			case has > next:
				ahead = append(ahead, fmt.Sprintf("%d: %d of %d", partition, next, has))
			}
		}
		slices.Sort(lacks)
		slices.Sort(ahead)
		if len(lacks) > 0 {
			notes = append(notes, fmt.Sprintf("%s is behind listens in topic %s (partition: offset of offset): %s", name, t.Topic, strings.Join(lacks, ", ")))
		}
		if len(ahead) > 0 {
			notes = append(notes, fmt.Sprintf("listens is behind %s in topic %s (partition: offset of offset): %s; the next ingest reads from there", name, t.Topic, strings.Join(ahead, ", ")))
		}
	}
	return notes
}
