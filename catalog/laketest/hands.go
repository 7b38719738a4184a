package laketest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"

	"github.com/lakectl/lakectl/lake"
)

// Hand is another engine at work on one table: what it commits carries none of our marks. See also [Lake.Compact] and,
// for a real one, [Foreign].
type Hand struct {
	t     testing.TB
	l     *Lake
	table string
}

// Hand lets another engine take a table.
func (l *Lake) Hand(t testing.TB, table string) Hand {
	t.Helper()
	return Hand{t: t, l: l, table: table}
}

// Table is the name of the table.
func (h Hand) Table() string { return h.table }

// Replace takes files out of the table and puts others in, as one snapshot of operation append or overwrite. Data files
// may come from [lake.Table.WriteRows].
func (h Hand) Replace(remove []lake.File, add []iceberg.DataFile) lake.Snapshot {
	h.t.Helper()
	return h.commit(func(tx *icetable.Transaction) error {
		if len(remove) == 0 {
			return tx.AddDataFiles(h.t.Context(), add, nil, icetable.WithoutDuplicateCheck(), icetable.WithoutAutoNameMapping())
		}
		var data, deletes []iceberg.DataFile
		for _, f := range remove {
			if f.ContentType() == iceberg.EntryContentData {
				data = append(data, f.DataFile)
			} else {
				deletes = append(deletes, f.DataFile)
			}
		}
		return tx.ReplaceFiles(h.t.Context(), data, add, deletes, nil, icetable.WithoutDuplicateCheck(), icetable.WithoutAutoNameMapping())
	})
}

// Insert appends rows, one value a column.
func (h Hand) Insert(rows ...[]any) lake.Snapshot {
	h.t.Helper()
	files, err := h.l.Snapshot(h.t, h.table).Table().WriteRows(h.t.Context(), "other", rows)
	h.check(err)
	return h.Replace(nil, files)
}

// Truncate takes all files out.
func (h Hand) Truncate() lake.Snapshot {
	h.t.Helper()
	s := h.l.Snapshot(h.t, h.table)
	files, err := s.Files(h.t.Context())
	h.check(err)
	deletes, err := s.DeleteFiles(h.t.Context())
	h.check(err)
	return h.Replace(append(files, deletes...), nil)
}

// Rollback moves main back that many snapshots.
func (h Hand) Rollback(steps int) lake.Snapshot {
	h.t.Helper()
	back := h.l.Snapshot(h.t, h.table).Ancestors()[steps]
	return h.commit(func(tx *icetable.Transaction) error { return tx.RollbackToSnapshot(back.ID()) })
}

// MoveTo sets main to any snapshot of the table.
func (h Hand) MoveTo(s lake.Snapshot) lake.Snapshot {
	h.t.Helper()
	id := []string{h.l.Namespace(), h.table}
	update := icetable.NewSetSnapshotRefUpdate(icetable.MainBranch, s.ID(), icetable.BranchRef, 0, 0, 0)
	_, _, err := h.l.Catalog.Ice.CommitTable(h.t.Context(), id, nil, []icetable.Update{update})
	h.check(err)
	return h.l.Snapshot(h.t, h.table)
}

// Ahead makes a snapshot that changes nothing, by a clock that is ahead of this machine's.
func (h Hand) Ahead(by time.Duration) lake.Snapshot {
	h.t.Helper()
	id := []string{h.l.Namespace(), h.table}
	now, err := h.l.Catalog.Ice.LoadTable(h.t.Context(), id)
	h.check(err)
	next := *now.CurrentSnapshot()
	parent := next.SnapshotID
	next.ParentSnapshotID, next.SnapshotID, next.TimestampMs = &parent, parent+1, time.Now().Add(by).UnixMilli()
	next.SequenceNumber = now.Metadata().LastSequenceNumber() + 1
	next.Summary = &icetable.Summary{Operation: icetable.OpReplace}
	h.l.Update(h.t, h.table, icetable.NewAddSnapshotUpdate(&next), icetable.NewSetSnapshotRefUpdate(icetable.MainBranch, next.SnapshotID, icetable.BranchRef, 0, 0, 0))
	return h.l.Snapshot(h.t, h.table)
}

// Property sets a property of the table; "" takes it away.
func (h Hand) Property(key, value string) {
	h.t.Helper()
	h.commit(func(tx *icetable.Transaction) error {
		if value == "" {
			return tx.RemoveProperties([]string{key})
		}
		return tx.SetProperties(iceberg.Properties{key: value})
	})
}

// Expire takes every snapshot out of the history that is not the head of a branch or tag, and deletes their files. See
// [Lake.CutsParents].
func (h Hand) Expire() lake.Snapshot {
	h.t.Helper()
	s := h.commit(func(tx *icetable.Transaction) error {
		return tx.ExpireSnapshots(icetable.WithOlderThan(0), icetable.WithRetainLast(1))
	})
	if h.l.CutsParents {
		return h.Edit(cutParents)
	}
	return s
}

// cutParents leaves the ids of absent parents out.
func cutParents(metadata map[string]any) {
	there := map[any]bool{}
	snapshots, _ := metadata["snapshots"].([]any) // a table of properties alone has none
	for _, s := range snapshots {
		there[s.(map[string]any)["snapshot-id"]] = true
	}
	for _, s := range snapshots {
		if s := s.(map[string]any); !there[s["parent-snapshot-id"]] {
			delete(s, "parent-snapshot-id")
		}
	}
}

// Forget leaves nothing that tells the state of the table: no snapshot of ours, no property, no older metadata file.
// The files stay.
func (h Hand) Forget() lake.Snapshot {
	h.t.Helper()
	h.Append() // no rows, but a snapshot on top
	h.Property(lake.StateProperty, "")
	head := h.Expire()
	current, err := lake.LocalPath(head.Table().MetadataURI())
	h.check(err)
	files, err := filepath.Glob(filepath.Join(filepath.Dir(current), "*.metadata.json*"))
	h.check(err)
	for _, path := range files {
		if path != current {
			h.check(os.Remove(path))
		}
	}
	return h.l.Snapshot(h.t, h.table)
}

func (h Hand) commit(stage func(*icetable.Transaction) error) lake.Snapshot {
	h.t.Helper()
	ice, err := h.l.Catalog.Ice.LoadTable(h.t.Context(), []string{h.l.Namespace(), h.table})
	h.check(err)
	tx := ice.NewTransaction()
	h.check(stage(tx))
	if _, err = tx.Commit(h.t.Context()); !errors.Is(err, fs.ErrNotExist) { // an expiry deletes some files twice
		h.check(err)
	}
	return h.l.Snapshot(h.t, h.table)
}

func (h Hand) check(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatalf("another engine on %s: %v", h.table, err)
	}
}

// DeleteRows deletes the rows that a condition finds, by position (merge-on-read) or by writing the files that hold
// them anew (copy-on-write).
func (h Hand) DeleteRows(condition string, copyOnWrite bool) lake.Snapshot {
	h.t.Helper()
	s := h.l.Snapshot(h.t, h.table)
	files, err := s.Files(h.t.Context())
	h.check(err)
	d := h.l.DB(h.t)
	h.check(d.Bind(h.t.Context(), "altered", s))
	rows, err := d.PositionsText(h.t.Context(), files, "SELECT _file, _pos FROM altered WHERE "+condition)
	h.check(err)
	if !copyOnWrite {
		deletes, err := s.WritePositionDeletes(h.t.Context(), "other", files, rows)
		h.check(err)
		return h.commit(func(tx *icetable.Transaction) error {
			return tx.NewRowDelta(nil).AddDeletes(deletes...).Commit(h.t.Context())
		})
	}
	var hit []lake.File
	for _, f := range files {
		if len(rows[f.FilePath()]) > 0 {
			hit = append(hit, f)
		}
	}
	h.check(d.BindFiles(h.t.Context(), "hit", s, hit))
	h.check(d.ExecText(h.t.Context(), "CREATE VIEW kept AS SELECT * FROM hit WHERE NOT coalesce("+condition+", false)"))
	added, err := d.Write(h.t.Context(), s.Table(), "other", "kept")
	h.check(err)
	return h.Replace(hit, added)
}

// InsertSelect appends the rows of a query over the view altered, the table as it is.
func (h Hand) InsertSelect(query string) lake.Snapshot {
	h.t.Helper()
	s := h.l.Snapshot(h.t, h.table)
	d := h.l.DB(h.t)
	h.check(d.Bind(h.t.Context(), "altered", s))
	h.check(d.ExecText(h.t.Context(), "CREATE VIEW inserted AS "+query))
	added, err := d.Write(h.t.Context(), s.Table(), "other", "inserted")
	h.check(err)
	return h.Replace(nil, added)
}
