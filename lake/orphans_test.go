package lake_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	icetable "github.com/apache/iceberg-go/table"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
)

// folderOf is where the files of plays_by_hour lie.
func folderOf(t *testing.T, l *laketest.Lake) string {
	t.Helper()
	path, err := lake.LocalPath(l.Snapshot(t, catalog.PlaysByHour).Table().Location())
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// age makes everything in a folder older.
func age(t *testing.T, folder string, by time.Duration) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		return os.Chtimes(path, time.Time{}, info.ModTime().Add(-by))
	})
	if err != nil {
		t.Fatal(err)
	}
}

func put(t *testing.T, path string) string {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte("left behind"), 0o600)); err != nil {
		t.Fatal(err)
	}
	return path
}

func planned(t *testing.T, l *laketest.Lake) lake.OrphanPlan {
	t.Helper()
	plan, err := l.PlanOrphans(t.Context(), catalog.PlaysByHour)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func pathsOf(plan lake.OrphanPlan) []string {
	paths := []string{}
	for _, f := range plan.Files {
		paths = append(paths, f.Path)
	}
	return paths
}

func TestSweepDeletesExactlyTheOldFilesThatNothingRefersTo(t *testing.T) {
	l := laketest.New(t)
	list := history(t, l, 5)
	if err := l.Tag(t.Context(), "kept", list[1], 0); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Expire(t.Context(), catalog.PlaysByHour, without(list[1], list[4])); err != nil {
		t.Fatal(err)
	}
	folder := folderOf(t, l)
	unused := write(t, l, play(3, "t", 1))
	lost, err := lake.LocalPath(unused[0].FilePath())
	if err != nil {
		t.Fatal(err)
	}
	put(t, folder+"/data/.hidden/deep er/part%20.parquet")
	put(t, folder+"/metadata/lakectl-clock-1.tmp")
	put(t, folder+"/metadata/version-hint.text")
	age(t, folder, 25*time.Hour)
	young := put(t, folder+"/data/young.parquet")
	before, _ := onDisk(t, l)

	plan := planned(t, l)
	want := []string{"data/.hidden/deep er/part%20.parquet", "data/" + filepath.Base(lost), "metadata/lakectl-clock-1.tmp"}
	slices.Sort(want)
	expect(t, slices.DeleteFunc(pathsOf(plan), func(p string) bool { return strings.HasSuffix(p, "metadata.json") }), want)
	after, _ := onDisk(t, l)
	expect(t, after, before)

	text, err := json.Marshal(plan)
	if err != nil || json.Unmarshal(text, &plan) != nil {
		t.Fatal("a plan can be kept as JSON:", err)
	}
	done, err := l.SweepOrphans(t.Context(), plan)
	if err != nil || done.Files != len(plan.Files) || done.Bytes != plan.Bytes() || done.Spared != 0 {
		t.Fatalf("%+v, %v", done, err)
	}
	after, _ = onDisk(t, l)
	left := append(referred(t, l), young, folder+"/metadata/version-hint.text")
	slices.Sort(left)
	expect(t, after, left)
	expect(t, len(planned(t, l).Files), 0)
	expect(t, sums(t, l, l.Snapshot(t, catalog.PlaysByHour)), map[string]int64{"01t4": 5, "02t": 5})
	expect(t, sums(t, l, list[1]), map[string]int64{"01t1": 2, "02t": 2})
	commit(t, l, lake.Commit{Job: "test", Add: write(t, l, play(4, "t", 1))})
}

func TestWhatTheMetadataNamesIsNoOrphan(t *testing.T) {
	l := laketest.New(t)
	list := history(t, l, 3)
	folder := folderOf(t, l)
	named := []string{put(t, folder+"/metadata/stats.puffin"), put(t, folder+"/metadata/parts.parquet"), put(t, folder+"/data/a b.parquet")}
	l.Update(t, catalog.PlaysByHour,
		icetable.NewSetStatisticsUpdate(icetable.StatisticsFile{SnapshotID: list[0].ID(), StatisticsPath: "file:" + named[0], BlobMetadata: []icetable.BlobMetadata{}}),
		icetable.NewSetPartitionStatisticsUpdate(icetable.PartitionStatisticsFile{SnapshotID: list[1].ID(), StatisticsPath: named[1]}),
	)
	alias := filepath.Join(t.TempDir(), "alias")
	if err := os.Symlink(folder, alias); err != nil {
		t.Fatal(err)
	}
	l.Hand(t, catalog.PlaysByHour).Edit(func(meta map[string]any) {
		log := meta["metadata-log"].([]any)
		meta["metadata-log"] = append(log, map[string]any{"metadata-file": alias + "/data/a b.parquet", "timestamp-ms": meta["last-updated-ms"]})
	})
	age(t, folder, 48*time.Hour)
	put(t, folder+"/data/.a b.parquet.crc")
	age(t, folder+"/data", 48*time.Hour)
	var stray []string
	for _, p := range pathsOf(planned(t, l)) {
		if !strings.HasSuffix(p, ".metadata.json") { // of the file that Edit replaced
			stray = append(stray, p)
		}
	}
	expect(t, stray, []string(nil))
}

func TestFileOutsideOfTheFolderStopsTheSweep(t *testing.T) {
	l := laketest.New(t)
	list := history(t, l, 2)
	folder := folderOf(t, l)
	outside := put(t, filepath.Join(t.TempDir(), "elsewhere.puffin"))
	orphan := put(t, folder+"/data/orphan.parquet")
	age(t, folder, 48*time.Hour)
	plan := planned(t, l)
	l.Update(t, catalog.PlaysByHour, icetable.NewSetStatisticsUpdate(icetable.StatisticsFile{SnapshotID: list[0].ID(), StatisticsPath: "file://" + outside, BlobMetadata: []icetable.BlobMetadata{}}))
	_, err := l.PlanOrphans(t.Context(), catalog.PlaysByHour)
	_, swept := l.SweepOrphans(t.Context(), plan)
	for _, err := range []error{err, swept} {
		if !errors.Is(err, lake.ErrOutside) || !strings.Contains(err.Error(), outside) || lake.Hint(err) == "" {
			t.Errorf("%v, hint %q", err, lake.Hint(err))
		}
	}
	for _, path := range []string{outside, orphan} {
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
}

func TestAnotherTableInTheFolderStopsTheSweep(t *testing.T) {
	for _, inside := range []string{"/inner/metadata/", "/metadata/"} {
		l := laketest.New(t)
		history(t, l, 1)
		l.Hand(t, catalog.ListenersByDay).Append()
		folder := folderOf(t, l)
		other := l.Snapshot(t, catalog.ListenersByDay).Table().MetadataURI()
		path, err := lake.LocalPath(other)
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		copied := put(t, folder+inside+filepath.Base(path))
		if err := os.WriteFile(copied, text, 0o600); err != nil {
			t.Fatal(err)
		}
		age(t, folder, 48*time.Hour)
		_, err = l.PlanOrphans(t.Context(), catalog.PlaysByHour)
		if !errors.Is(err, lake.ErrUnsupported) || lake.Hint(err) == "" {
			t.Errorf("%s: %v", inside, err)
		}
	}
}

// A catalog that was put back from a backup names an older metadata file; all that came after it lies in the folder.
func TestWhatARestoreOfTheCatalogWouldTakeIsNoOrphan(t *testing.T) {
	l := laketest.New(t)
	list := history(t, l, 2)
	was := list[1].Table().MetadataURI()
	now := list[1].Table().MetadataURI()
	for range 3 {
		now = history(t, l, 1)[0].Table().MetadataURI()
	}
	name := func(uri string) {
		db, err := sql.Open("sqlite", l.Options.URI)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close() //nolint:errcheck // in a test's folder
		if _, err := db.ExecContext(t.Context(), "UPDATE iceberg_tables SET metadata_location = ? WHERE table_name = ?", uri, catalog.PlaysByHour); err != nil {
			t.Fatal(err)
		}
	}
	age(t, folderOf(t, l), 48*time.Hour)
	expect(t, pathsOf(planned(t, l)), []string{})
	name(was)
	expect(t, pathsOf(planned(t, l)), []string{})
	name(now)
	expect(t, pathsOf(planned(t, l)), []string{})
}

func TestSweepSparesWhatChangedSinceThePlan(t *testing.T) {
	l := laketest.New(t)
	history(t, l, 1)
	folder := folderOf(t, l)
	files := write(t, l, play(5, "late", 7))
	touched, gone := put(t, folder+"/data/touched"), put(t, folder+"/data/gone")
	age(t, folder, 48*time.Hour)
	plan := planned(t, l)
	expect(t, len(plan.Files) >= 3, true)
	l.Hand(t, catalog.PlaysByHour).Replace(nil, files) // another engine looks at no time
	if err := errors.Join(os.WriteFile(touched, []byte("written anew"), 0o600), os.Remove(gone)); err != nil {
		t.Fatal(err)
	}
	done, err := l.SweepOrphans(t.Context(), plan)
	if err != nil || done.Spared < 3 {
		t.Fatalf("%+v, %v", done, err)
	}
	if _, err := os.Stat(touched); err != nil {
		t.Error(err)
	}
	expect(t, sums(t, l, l.Snapshot(t, catalog.PlaysByHour)), map[string]int64{"01t0": 1, "02t": 1, "05late": 7})
}

func TestSweepThatWasCutOffIsFinishedByTheNext(t *testing.T) {
	for nth := 1; ; nth++ {
		l := laketest.New(t)
		history(t, l, 1)
		folder := folderOf(t, l)
		for _, name := range []string{"a", "b", "c"} {
			put(t, folder+"/data/"+name)
		}
		age(t, folder, 48*time.Hour)
		ctx, dead := context.WithCancel(t.Context())
		n, struck := 0, false
		broken := l.With(&laketest.Faults{Strike: func(step laketest.Step, _ string) error {
			if step == laketest.LoadTable {
				return nil
			}
			if n++; n >= nth {
				struck = true
				dead()
				return laketest.ErrInjected
			}
			return nil
		}})
		done, err := broken.SweepOrphans(ctx, planned(t, l))
		dead()
		if !struck {
			expect(t, []any{done.Files, err}, []any{3, nil})
			return
		}
		if err == nil {
			t.Errorf("cut off at step %d: no error", nth)
		}
		if _, err := l.SweepOrphans(t.Context(), planned(t, l)); err != nil {
			t.Fatal(err)
		}
		after, _ := onDisk(t, l)
		expect(t, after, referred(t, l))
	}
}
