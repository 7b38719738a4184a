package laketest

import (
	"fmt"
	"os"
	"strings"

	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"
	"github.com/google/uuid"

	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/duck"
)

// Way is how another engine takes rows out of files.
type Way string

// The ways that engines have.
const (
	ByPosition Way = "merge-on-read" // a delete file says which rows are gone
	WholeFiles Way = "copy-on-write" // files are written anew without them
)

// Delete takes rows away; where is a condition in SQL.
func (h Hand) Delete(way Way, where string) lake.Snapshot {
	h.t.Helper()
	return h.change(way, where, "")
}

// DeleteScoped takes rows away by the library's own merge-on-read: one delete file a partition, for all of its files.
func (h Hand) DeleteScoped(where iceberg.BooleanExpression) lake.Snapshot {
	h.t.Helper()
	h.Property("write.delete.mode", "merge-on-read")
	return h.commit(func(tx *icetable.Transaction) error { return tx.Delete(h.t.Context(), where, nil) })
}

// DeletePositions takes rows of one file away by a delete file that another engine wrote, whether or not the file has
// such rows.
func (h Hand) DeletePositions(of lake.File, positions ...int64) lake.Snapshot {
	h.t.Helper()
	t := h.l.Snapshot(h.t, h.table).Table()
	uri := t.Location() + "/data/" + uuid.NewString() + "-deletes.parquet"
	local, err := lake.LocalPath(uri)
	h.check(err)
	rows := make([]string, len(positions))
	for i, n := range positions {
		rows[i] = fmt.Sprintf("(%s, %d::BIGINT)", duck.Quote(of.FilePath()), n)
	}
	h.check(h.l.DB(h.t).ExecText(h.t.Context(), fmt.Sprintf("COPY (FROM (VALUES %s) v(file_path, pos)) TO %s (FORMAT parquet, FIELD_IDS {file_path: %d, pos: %d})",
		strings.Join(rows, ", "), duck.Quote(local), deletePath, deletePos)))
	info, err := os.Stat(local)
	h.check(err)
	b, err := iceberg.NewDataFileBuilder(t.Spec(), iceberg.EntryContentPosDeletes, uri, iceberg.ParquetFile, of.Partition(), nil, nil, int64(len(positions)), info.Size())
	h.check(err)
	path := map[int][]byte{deletePath: []byte(of.FilePath())}
	made := b.LowerBoundValues(path).UpperBoundValues(path).Build()
	return h.commit(func(tx *icetable.Transaction) error {
		return tx.NewRowDelta(nil).AddDeletes(made).Commit(h.t.Context())
	})
}

// Field ids that the Iceberg specification reserves for position delete files.
const (
	deletePath = 2147483546
	deletePos  = 2147483545
)

// Update changes rows; columns is what DuckDB takes after REPLACE, such as "1 AS ms_played".
func (h Hand) Update(way Way, where, columns string) lake.Snapshot {
	h.t.Helper()
	return h.change(way, where, "SELECT * EXCLUDE (_file, _pos) REPLACE ("+columns+") FROM rows WHERE "+where)
}

// Select appends the rows of a SELECT that reads those of the table as "rows".
func (h Hand) Select(text string) lake.Snapshot {
	h.t.Helper()
	s, d := h.bound()
	return h.Replace(nil, h.written(d, s, "more", text))
}

// Append adds rows by the library's own writer, which follows the table's newest partition spec and its columns of
// today; a row has one value for each of [lake.Table.Columns].
func (h Hand) Append(rows ...[]any) lake.Snapshot {
	h.t.Helper()
	batch, err := Records(h.l.Snapshot(h.t, h.table).Table(), rows)
	h.check(err)
	defer batch.Release()
	return h.commit(func(tx *icetable.Transaction) error { return tx.Append(h.t.Context(), batch, nil) })
}

// Rewrite compacts all files under the table's newest partition spec: one snapshot of operation replace.
func (h Hand) Rewrite() lake.Snapshot {
	h.t.Helper()
	return h.commit(func(tx *icetable.Transaction) error {
		scan, err := tx.Scan()
		h.check(err)
		tasks, err := scan.PlanFiles(h.t.Context())
		h.check(err)
		_, err = tx.RewriteDataFiles(h.t.Context(), []icetable.CompactionTaskGroup{{Tasks: tasks}}, icetable.RewriteDataFilesOptions{})
		return err
	})
}

// Respec changes the partition spec.
func (h Hand) Respec(change func(*icetable.UpdateSpec)) {
	h.t.Helper()
	h.commit(func(tx *icetable.Transaction) error {
		u := tx.UpdateSpec(true)
		change(u)
		return u.Commit()
	})
}

// change deletes rows and adds those of the SELECT more, if there is one, as one snapshot.
func (h Hand) change(way Way, where, more string) lake.Snapshot {
	h.t.Helper()
	s, d := h.bound()
	files, err := s.Files(h.t.Context())
	h.check(err)
	hit, err := d.PositionsText(h.t.Context(), files, "SELECT _file, _pos FROM rows WHERE "+where)
	h.check(err)
	if len(hit) == 0 {
		return s
	}
	var added []iceberg.DataFile
	if more != "" {
		added = h.written(d, s, "more", more)
	}
	if way == ByPosition {
		deletes, err := s.WritePositionDeletes(h.t.Context(), "foreign", files, hit)
		h.check(err)
		return h.commit(func(tx *icetable.Transaction) error {
			return tx.NewRowDelta(nil).AddRows(added...).AddDeletes(deletes...).Commit(h.t.Context())
		})
	}
	var gone []lake.File
	for _, f := range files {
		if hit[f.FilePath()] != nil {
			gone = append(gone, f)
		}
	}
	h.check(d.BindFiles(h.t.Context(), "touched", s, gone))
	kept := h.written(d, s, "kept", "SELECT * EXCLUDE (_file, _pos) FROM touched WHERE ("+where+") IS NOT TRUE")
	return h.Replace(gone, append(added, kept...))
}

func (h Hand) bound() (lake.Snapshot, *duck.DB) {
	h.t.Helper()
	s, d := h.l.Snapshot(h.t, h.table), h.l.DB(h.t)
	h.check(d.Bind(h.t.Context(), "rows", s))
	return s, d
}

func (h Hand) written(d *duck.DB, s lake.Snapshot, name, text string) []iceberg.DataFile {
	h.t.Helper()
	h.check(d.ExecText(h.t.Context(), "CREATE OR REPLACE TABLE "+name+" AS "+text))
	files, err := d.Write(h.t.Context(), s.Table(), "foreign", name)
	h.check(err)
	return files
}
