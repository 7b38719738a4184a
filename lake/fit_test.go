package lake_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/catalog/open"
	"github.com/lakectl/lakectl/lake"
)

// evolve changes the schema of a table as another engine does.
func evolve(t *testing.T, l *laketest.Lake, table string, change func(*icetable.UpdateSchema)) {
	t.Helper()
	l.Alter(t, table, func(tx *icetable.Transaction) error {
		update := tx.UpdateSchema(true, true)
		change(update)
		return update.Commit()
	})
}

func respec(t *testing.T, l *laketest.Lake, table string, change func(*icetable.UpdateSpec)) {
	t.Helper()
	l.Alter(t, table, func(tx *icetable.Transaction) error {
		update := tx.UpdateSpec(true)
		change(update)
		return update.Commit()
	})
}

func TestWhatOthersMayDoToATableIsNoFault(t *testing.T) {
	list := &iceberg.ListType{ElementID: 99, Element: iceberg.PrimitiveTypes.String}
	for name, change := range map[string]func(*icetable.UpdateSchema){
		"a double": func(u *icetable.UpdateSchema) {
			u.AddColumn([]string{"score"}, iceberg.PrimitiveTypes.Float64, "", false, nil)
		},
		"a decimal": func(u *icetable.UpdateSchema) {
			u.AddColumn([]string{"fee"}, iceberg.DecimalTypeOf(10, 2), "", false, nil)
		},
		"a list": func(u *icetable.UpdateSchema) { u.AddColumn([]string{"tags"}, list, "", false, nil) },
		"a column before ours": func(u *icetable.UpdateSchema) {
			u.AddColumn([]string{"note"}, iceberg.PrimitiveTypes.String, "", false, nil).MoveFirst([]string{"note"})
		},
		"a rename": func(u *icetable.UpdateSchema) { u.RenameColumn([]string{"artist_id"}, "artist") },
		"a move":   func(u *icetable.UpdateSchema) { u.MoveFirst([]string{"plays"}) },
		"nothing required": func(u *icetable.UpdateSchema) {
			u.UpdateColumn([]string{"plays"}, icetable.ColumnUpdate{Required: iceberg.Optional[bool]{Val: false, Valid: true}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := laketest.New(t)
			evolve(t, l, catalog.PlaysByHour, change)
			if _, err := l.Table(t.Context(), catalog.PlaysByHour); err != nil {
				t.Error(err)
			}
			if made, err := open.Init(t.Context(), l.Options); err != nil || len(made) != 0 {
				t.Errorf("init made %v, %v", made, err)
			}
		})
	}
}

// Each of these ends a job within a second, at its first attempt, with one sentence and what to do.
func TestUnfitTableIsRefusedAtOnceAndNothingIsWritten(t *testing.T) {
	for name, c := range map[string]struct {
		change func(t *testing.T, l *laketest.Lake)
		says   string
	}{
		"dropped": {func(t *testing.T, l *laketest.Lake) {
			evolve(t, l, catalog.PlaysByHour, func(u *icetable.UpdateSchema) { u.DeleteColumn([]string{"device"}) })
		}, "column device was dropped"},
		"dropped and made again": {func(t *testing.T, l *laketest.Lake) {
			evolve(t, l, catalog.PlaysByHour, func(u *icetable.UpdateSchema) { u.DeleteColumn([]string{"device"}) })
			evolve(t, l, catalog.PlaysByHour, func(u *icetable.UpdateSchema) {
				u.AddColumn([]string{"device"}, iceberg.PrimitiveTypes.String, "", false, nil)
			})
		}, "column device was dropped"},
		"retyped": {func(t *testing.T, l *laketest.Lake) {
			evolve(t, l, catalog.PlaysByHour, func(u *icetable.UpdateSchema) {
				u.UpdateColumn([]string{"plays"}, icetable.ColumnUpdate{FieldType: iceberg.Optional[iceberg.Type]{Val: iceberg.PrimitiveTypes.Float64, Valid: true}})
			})
		}, "column plays has type double, lakectl gave it long"},
		"another's required column": {func(t *testing.T, l *laketest.Lake) {
			evolve(t, l, catalog.PlaysByHour, func(u *icetable.UpdateSchema) {
				u.AddColumn([]string{"batch"}, iceberg.PrimitiveTypes.String, "", true, nil)
			})
		}, "required column batch"},
		"made required": {func(t *testing.T, l *laketest.Lake) {
			evolve(t, l, catalog.PlaysByHour, func(u *icetable.UpdateSchema) {
				u.UpdateColumn([]string{"artist_id"}, icetable.ColumnUpdate{Required: iceberg.Optional[bool]{Val: true, Valid: true}})
			})
		}, "column artist_id was made required"},
		"version 3": {func(t *testing.T, l *laketest.Lake) {
			l.Alter(t, catalog.PlaysByHour, func(tx *icetable.Transaction) error { return tx.UpgradeFormatVersion(3) })
		}, "format version 3"},
		"elsewhere": {func(t *testing.T, l *laketest.Lake) {
			l.Update(t, catalog.PlaysByHour, icetable.NewSetLocationUpdate("file:///elsewhere/plays"))
		}, "/elsewhere/plays, not below catalog.warehouse"},
		"in a folder whose name starts alike": {func(t *testing.T, l *laketest.Lake) {
			l.Update(t, catalog.PlaysByHour, icetable.NewSetLocationUpdate("file://"+l.Options.Warehouse+"2/plays"))
		}, "warehouse2/plays, not below catalog.warehouse"},
	} {
		t.Run(name, func(t *testing.T) {
			l := laketest.New(t)
			commit(t, l, lake.Commit{Job: "test", Add: write(t, l, play(1, "t1", 1))})
			staged := write(t, l, play(2, "t2", 2))
			c.change(t, l)
			before, began := files(t, l), time.Now()
			_, load := l.Table(t.Context(), catalog.PlaysByHour)
			_, add := l.Commit(t.Context(), catalog.PlaysByHour, lake.Commit{Job: "test", Add: staged, Stage: anyBase(nil)})
			_, expire := l.Expire(t.Context(), catalog.PlaysByHour, func(now *lake.Table) ([]lake.Snapshot, error) { return nil, nil })
			_, columns := l.AddColumns(t.Context(), specOf(t, catalog.PlaysByHour))
			for what, err := range map[string]error{"load": load, "commit": add, "expire": expire, "add columns": columns} {
				if !errors.Is(err, lake.ErrUnfit) || lake.Hint(err) == "" || !strings.Contains(err.Error(), "table plays_by_hour: ") || !strings.Contains(err.Error(), c.says) {
					t.Errorf("%s: %v, hint %q", what, err, lake.Hint(err))
				}
			}
			if took := time.Since(began); took > time.Second {
				t.Errorf("took %s", took)
			}
			expect(t, files(t, l), before)
		})
	}
}

// files are the names of all files of the lake's warehouse.
func files(t *testing.T, l *laketest.Lake) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(l.Options.Warehouse, func(path string, _ os.DirEntry, err error) error {
		names = append(names, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func specOf(t *testing.T, table string) lake.Spec {
	t.Helper()
	for _, s := range catalog.Specs() {
		if s.Name == table {
			return s
		}
	}
	t.Fatalf("no spec of %s", table)
	return lake.Spec{}
}

func TestWarehouseIsTheSameFolderByAnyName(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a b%c#d")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	l := laketest.NewIn(t, dir)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	escaped := strings.NewReplacer("%", "%25", " ", "%20", "#", "%23").Replace(l.Options.Warehouse)
	for _, warehouse := range []string{
		l.Options.Warehouse, l.Options.Warehouse + "/", filepath.Join(link, "warehouse"), "file:" + escaped, "file://" + escaped, "file://localhost" + escaped + "/../warehouse",
	} {
		o := l.Options
		o.Warehouse = warehouse
		c, err := open.Connect(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Lake().Table(t.Context(), catalog.Listens); err != nil {
			t.Errorf("%s: %v", warehouse, err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestForeignTablesAreNotHeldAgainstAnything(t *testing.T) {
	l := laketest.New(t)
	schema := iceberg.NewSchema(0, iceberg.NestedField{ID: 1, Name: "score", Type: iceberg.PrimitiveTypes.Float64, Required: true})
	spec := lake.Spec{Name: "scores", Schema: schema, Properties: iceberg.Properties{"format-version": "3"}}
	if _, err := l.Create(t.Context(), spec); err != nil {
		t.Fatal(err)
	}
	l.Update(t, "scores", icetable.NewSetLocationUpdate("file:///elsewhere"))
	if _, err := l.Table(t.Context(), "scores"); err != nil {
		t.Error(err)
	}
}

func TestPartitionSpecThatWasRemovedIsRefused(t *testing.T) {
	l := laketest.New(t)
	respec(t, l, catalog.PlaysByHour, func(u *icetable.UpdateSpec) { u.RemoveField("hour_day") })
	if _, err := l.Table(t.Context(), catalog.PlaysByHour); err != nil {
		t.Fatalf("another engine's spec beside ours: %v", err)
	}
	l.Update(t, catalog.PlaysByHour, icetable.NewRemoveSpecUpdate([]int{0}))
	_, err := l.Table(t.Context(), catalog.PlaysByHour)
	if !errors.Is(err, lake.ErrUnfit) || !strings.Contains(err.Error(), "day(hour)") || !strings.Contains(lake.Hint(err), "ADD PARTITION FIELD day(hour)") {
		t.Errorf("got %v, hint %q", err, lake.Hint(err))
	}
	respec(t, l, catalog.PlaysByHour, func(u *icetable.UpdateSpec) { u.AddField("hour", iceberg.DayTransform{}, "again") })
	if _, err := l.Table(t.Context(), catalog.PlaysByHour); err != nil {
		t.Errorf("after what the hint says: %v", err)
	}
}

func TestErrorsThatCannotPassAreTriedOnce(t *testing.T) {
	l := laketest.New(t)
	files := write(t, l, play(1, "t", 1))
	for name, c := range map[string]error{"no file": os.ErrNotExist, "no right": os.ErrPermission} {
		for _, step := range []laketest.Step{laketest.LoadTable, laketest.BeforeCommit, laketest.CreateFile} {
			t.Run(name+" at "+string(step), func(t *testing.T) {
				f := &laketest.Faults{}
				f.Strike = func(at laketest.Step, _ string) error {
					if at == step {
						return c
					}
					return nil
				}
				_, err := l.With(f).Commit(t.Context(), catalog.PlaysByHour, lake.Commit{Job: "test", Add: files, Stage: anyBase(nil)})
				if !errors.Is(err, c) || f.Steps[step] != 1 {
					t.Errorf("%d attempts, %v", f.Steps[step], err)
				}
			})
		}
	}
	// The same errors say nothing about a commit whose answer was lost: the table does.
	f := &laketest.Faults{}
	f.Strike = func(at laketest.Step, _ string) error {
		if at == laketest.AfterCommit {
			return os.ErrPermission
		}
		return nil
	}
	if _, err := l.With(f).Commit(t.Context(), catalog.PlaysByHour, lake.Commit{Job: "test", Add: files, Stage: anyBase(nil)}); err != nil {
		t.Error(err)
	}
	if n := len(l.Snapshot(t, catalog.PlaysByHour).Table().Snapshots()); n != 1 {
		t.Errorf("%d snapshots", n)
	}
}
