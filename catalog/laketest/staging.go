package laketest

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/apache/iceberg-go"
	icecatalog "github.com/apache/iceberg-go/catalog"
	icetable "github.com/apache/iceberg-go/table"

	"github.com/lakectl/lakectl/lake"
)

// FillStaging writes rows into a staging table as Trino does: in one commit without marks of ours, and with bounds of
// every text, whatever the properties of the table say. It returns how many rows that were.
func (l *Lake) FillStaging(ctx context.Context, s lake.Staging, rows ...[]any) (int64, error) {
	catalog := l.catalog()
	beside := lake.New(catalog, s.Namespace(), lake.Known{}, l.Options.Log)
	t, err := beside.Table(ctx, s.Name())
	if err != nil {
		return 0, err
	}
	files, err := t.WriteRows(ctx, "other", rows)
	if err != nil {
		return 0, err
	}
	ice, err := catalog.LoadTable(ctx, icetable.Identifier{s.Namespace(), s.Name()})
	if err != nil {
		return 0, err
	}
	for i, f := range files {
		if files[i], err = telling(ice, f, rows[0]); err != nil {
			return 0, err
		}
	}
	tx := ice.NewTransaction()
	if err := tx.AddDataFiles(ctx, files, nil, icetable.WithoutDuplicateCheck(), icetable.WithoutAutoNameMapping()); err != nil {
		return 0, err
	}
	_, err = tx.Commit(ctx)
	return int64(len(rows)), err
}

// telling is the entry of a file with the texts of a row as bounds.
func telling(t *icetable.Table, f iceberg.DataFile, row []any) (iceberg.DataFile, error) {
	b, err := iceberg.NewDataFileBuilder(t.Spec(), f.ContentType(), f.FilePath(), f.FileFormat(), f.Partition(), nil, nil, f.Count(), f.FileSizeBytes())
	if err != nil {
		return nil, err
	}
	bounds := map[int][]byte{}
	for i, field := range t.Schema().Fields() {
		if i < len(row) {
			if text, is := row[i].(string); is {
				bounds[field.ID] = []byte(text)
			}
		}
	}
	return b.LowerBoundValues(bounds).UpperBoundValues(bounds).Build(), nil
}

// LeaveStaging is a run that is killed when the engine has filled its staging table with rows.
func (l *Lake) LeaveStaging(t testing.TB, table string, rows ...[]any) lake.Staging {
	t.Helper()
	ctx, die := context.WithCancel(t.Context())
	defer die()
	var left lake.Staging
	dead := false
	broken := l.With(&Faults{Strike: func(Step, string) error {
		if dead {
			return ErrInjected
		}
		return nil
	}})
	_, err := broken.CommitStaged(ctx, table, lake.Staged{
		Commit: lake.Commit{Job: "test", Stage: func(lake.Snapshot) (map[string]string, error) { return nil, nil }},
		Fill: func(ctx context.Context, s lake.Staging) (int64, error) {
			left = s
			n, err := l.FillStaging(ctx, s, rows...)
			dead = true
			die()
			return n, err
		},
	})
	if !dead || err == nil {
		t.Fatalf("a run that was killed: %v", err)
	}
	return left
}

// AgeStaging puts a staging table on record for longer.
func (l *Lake) AgeStaging(t testing.TB, s lake.Staging, by time.Duration) {
	t.Helper()
	l.Hand(t, s.Table).Edit(func(meta map[string]any) {
		properties := meta["properties"].(map[string]any)
		key := lake.StagingPrefix + s.ID
		at, earlier := s.At.Format(time.RFC3339), s.At.Add(-by).Format(time.RFC3339)
		properties[key] = strings.Replace(properties[key].(string), at, earlier, 1)
	})
}

// DeleteStaged deletes rows from a clone as Trino does: one delete file a partition for all of its files, and whole
// files where all of their rows go. It returns how many rows that were.
func (l *Lake) DeleteStaged(ctx context.Context, s lake.Staging, where iceberg.BooleanExpression) (rows int64, err error) {
	t, err := l.catalog().LoadTable(ctx, icetable.Identifier{s.Namespace(), s.Name()})
	if err != nil {
		return 0, err
	}
	tx := t.NewTransaction()
	if err := tx.Delete(ctx, where, nil); err != nil {
		return 0, err
	}
	after, err := tx.Commit(ctx)
	if err != nil {
		return 0, err
	}
	made := after.CurrentSnapshot()
	if made.SnapshotID == t.CurrentSnapshot().SnapshotID {
		return 0, nil
	}
	for _, key := range []string{"added-position-deletes", "deleted-records"} {
		if text, has := made.Summary.Properties[key]; has {
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return 0, err
			}
			rows += n
		}
	}
	return rows, nil
}

// catalog is the lake's, with its faults.
func (l *Lake) catalog() icecatalog.Catalog {
	if l.faulty != nil {
		return l.faulty
	}
	return l.Catalog.Ice
}
