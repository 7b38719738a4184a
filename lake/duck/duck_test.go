package duck_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/iceberg-go"
	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/duck"
)

func anyBase(lake.Snapshot) (map[string]string, error) { return nil, nil }

// plays commits rows of plays_by_hour through DuckDB, over several days.
func plays(t *testing.T, l *laketest.Lake, days int) lake.Snapshot {
	t.Helper()
	d := l.DB(t)
	err := d.ExecText(t.Context(), `CREATE TABLE p AS SELECT TIMESTAMPTZ '2026-02-27 23:00:00+00' + INTERVAL (d) DAY AS hour,
		'A' AS artist_id, 't' || x AS track_id, 'DE' AS country, 'phone' AS device, x AS plays, x * 1000 AS ms_played, NULL::BLOB AS listeners FROM range(?) a(d), range(10) b(x)`, days)
	if err != nil {
		t.Fatal(err)
	}
	tbl, err := l.Table(t.Context(), catalog.PlaysByHour)
	if err != nil {
		t.Fatal(err)
	}
	files, err := d.Write(t.Context(), tbl, "test", "p")
	if err != nil {
		t.Fatal(err)
	}
	s, err := l.Commit(t.Context(), catalog.PlaysByHour, lake.Commit{Add: files, Stage: anyBase})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// day is an instant of plays on a day of March.
func day(n int) time.Time { return time.Date(2026, 3, n, 10, 0, 0, 0, time.UTC) }

func analyze(t *testing.T, l *laketest.Lake, s lake.Snapshot, text string) ([][]any, error) {
	t.Helper()
	a, err := duck.Analyze(t.Context(), l.Duck, queryOf(text, s))
	return a.Rows, err
}

// queryOf asks a text of a lake of these tables.
func queryOf(text string, snapshots ...lake.Snapshot) duck.Query {
	names := []string{}
	for _, s := range snapshots {
		names = append(names, s.Table().Name())
	}
	return duck.Query{
		Text: text, Catalog: "lake", Namespace: "music", Limit: 10_000, Memory: 512 << 20,
		Tables: func(context.Context) ([]string, error) { return names, nil },
		Snapshots: func(_ context.Context, named []string) (found []lake.Snapshot, err error) {
			for _, s := range snapshots {
				if slices.Contains(named, s.Table().Name()) {
					found = append(found, s)
				}
			}
			return found, nil
		},
	}
}

func TestWrittenRowsComeBackFromTheirPartitions(t *testing.T) {
	l := laketest.New(t)
	s := plays(t, l, 5)
	files, err := s.Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	days := map[any]int64{}
	for _, f := range files {
		days[lake.PartitionValue(f)] += f.Count()
	}
	want := map[any]int64{}
	for d := range 5 {
		want[lake.Day(time.Date(2026, 2, 27+d, 0, 0, 0, 0, time.UTC))] = 10
	}
	if diff := cmp.Diff(want, days); diff != "" {
		t.Fatalf("rows by partition (-want +got)\n%s", diff)
	}
	got, err := analyze(t, l, s, "SELECT count(*), sum(plays), min(hour), max(track_id) FROM plays_by_hour")
	if err != nil {
		t.Fatal(err)
	}
	if text := fmt.Sprint(got); text != "[[50 225 2026-02-27 23:00:00 +0000 UTC t9]]" {
		t.Errorf("got %s", text)
	}
}

func TestNothingIsWrittenForNoRows(t *testing.T) {
	l := laketest.New(t)
	d := l.DB(t)
	tbl, err := l.Table(t.Context(), catalog.RoyaltyRules) // not partitioned
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Bind(t.Context(), "nothing", tbl.Current()); err != nil {
		t.Fatal(err)
	}
	files, err := d.Write(t.Context(), tbl, "test", "nothing")
	if err != nil || len(files) != 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	if left, _ := filepath.Glob(filepath.Join(l.Dir, "warehouse", "*", "*", "data", "*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestSpillIsRemovedOnClose(t *testing.T) {
	l := laketest.New(t)
	d, err := duck.Open(t.Context(), l.Duck)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(l.Duck.TempDir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

// A process that is killed leaves its spill behind. The test is that process: it runs itself, and the child
// opens a DuckDB and waits to be killed.
func TestSpillOfAKilledProcessIsSweptAndThatOfALiveOneIsNot(t *testing.T) {
	if dir := os.Getenv("LAKECTL_TEST_SPILL"); dir != "" {
		if _, err := duck.Open(t.Context(), duck.Options{MemoryLimit: "64MiB", Threads: 1, TempDir: dir}); err != nil {
			t.Fatal(err)
		}
		os.Stdout.WriteString("open\n") //nolint:errcheck // the parent waits for it and fails without
		select {}
	}
	dir := t.TempDir()
	child := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$")
	child.Env = append(os.Environ(), "LAKECTL_TEST_SPILL="+dir)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "open\n" {
		t.Fatalf("child says %q, %v", line, err)
	}
	theirs := folders(t, dir)
	if err := os.WriteFile(filepath.Join(dir, theirs[0], "spilled"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	openAndClose(t, dir)
	if diff := cmp.Diff(theirs, folders(t, dir)); diff != "" {
		t.Fatalf("the folder of a live process (-want +got)\n%s", diff)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	child.Wait() //nolint:errcheck // it was killed
	openAndClose(t, dir)
	if left := folders(t, dir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestOnlySpillIsSwept(t *testing.T) {
	dir := t.TempDir()
	// The release before this one locks nothing: a folder of today may be in use.
	for _, name := range []string{"duckdb-new", "duckdb-old", "other"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	yesterday := time.Now().Add(-25 * time.Hour)
	for _, name := range []string{"duckdb-old", "other"} {
		if err := os.Chtimes(filepath.Join(dir, name), yesterday, yesterday); err != nil {
			t.Fatal(err)
		}
	}
	openAndClose(t, dir)
	if diff := cmp.Diff([]string{"duckdb-new", "other"}, folders(t, dir)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func folders(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func openAndClose(t *testing.T, dir string) {
	t.Helper()
	d, err := duck.Open(t.Context(), duck.Options{MemoryLimit: "64MiB", Threads: 1, TempDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestSpillBeyondTheLimitSaysWhatToDo(t *testing.T) {
	for _, c := range []struct{ limit, key string }{{"1MiB", "duckdb.spill_limit"}, {"1GiB", ""}} {
		d, err := duck.Open(t.Context(), duck.Options{MemoryLimit: "64MiB", Threads: 1, TempDir: t.TempDir(), SpillLimit: c.limit})
		if err != nil {
			t.Fatal(err)
		}
		err = d.ExecText(t.Context(), "CREATE TABLE big AS SELECT hash(i) AS h, hash(i + 1) AS g FROM range(8_000_000) r(i)")
		if (err != nil) != (c.key != "") || !strings.Contains(lake.Hint(err), c.key) {
			t.Errorf("limit %s: %v, hint %q", c.limit, err, lake.Hint(err))
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAPartitionGetsItsRowsOnly(t *testing.T) {
	l := laketest.New(t)
	d := l.DB(t)
	if err := d.Bind(t.Context(), "every_row", plays(t, l, 3)); err != nil {
		t.Fatal(err)
	}
	tbl, err := l.Table(t.Context(), catalog.PlaysByHour)
	if err != nil {
		t.Fatal(err)
	}
	first := lake.Day(time.Date(2026, 2, 27, 0, 0, 0, 0, time.UTC))
	for day, want := range map[int]int64{first - 1: 0, first: 10, first + 2: 10, first + 3: 0} {
		files, err := d.WritePartition(t.Context(), tbl, "test", "every_row", day)
		if err != nil {
			t.Fatal(err)
		}
		var got int64
		for _, f := range files {
			got += f.Count()
			if lake.PartitionValue(f) != day {
				t.Errorf("file of day %d has partition %v", day, lake.PartitionValue(f))
			}
		}
		if got != want {
			t.Errorf("day %d: %d rows, want %d", day, got, want)
		}
	}
	if _, err := d.WritePartition(t.Context(), tbl, "test", "every_row", "2026-02-27"); err == nil {
		t.Error("a text is taken for a day")
	}
}

func TestRowsThatComeInOrderAreWrittenInIt(t *testing.T) {
	l := laketest.New(t)
	d := l.DB(t)
	tbl, err := l.Table(t.Context(), catalog.PlaysByDay)
	if err != nil {
		t.Fatal(err)
	}
	const rows = 500_000
	write := func() ([]iceberg.DataFile, error) {
		return d.WriteInOrder(t.Context(), tbl, "test", "ordered", int(lake.MonthOf(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))), 20_480)
	}
	if _, err := write(); err == nil {
		t.Error("the order of rows is taken for granted where nothing keeps it")
	}
	err = errors.Join(d.ExecText(t.Context(), "SET threads = 4"), d.KeepOrder(t.Context()), d.ExecText(t.Context(), fmt.Sprintf(
		"CREATE VIEW ordered AS SELECT DATE '2026-03-05' AS day, printf('a%%06d', i) AS artist_id, 't' AS track_id, i AS plays, 0 AS ms_played FROM range(%d) r(i)", rows)))
	if err != nil {
		t.Fatal(err)
	}
	files, err := write()
	if err != nil || len(files) != 1 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	path, err := lake.LocalPath(files[0].FilePath())
	if err != nil {
		t.Fatal(err)
	}
	var inPlace, groups int
	if err := d.OneText(t.Context(), "SELECT count(*), (SELECT count(DISTINCT row_group_id) FROM parquet_metadata("+duck.Quote(path)+")) FROM read_parquet("+duck.Quote(path)+", file_row_number = true) WHERE plays = file_row_number", nil, []any{&inPlace, &groups}); err != nil {
		t.Fatal(err)
	}
	if inPlace != rows || groups != (rows+20_479)/20_480 {
		t.Errorf("%d of %d rows are in their place, in %d row groups", inPlace, rows, groups)
	}
	if order := files[0].SortOrderID(); order == nil || *order == 0 {
		t.Error("nothing says that the file is sorted")
	}
}

func TestJoinsKeepTheSidesTheyAreWrittenWith(t *testing.T) {
	l := laketest.New(t)
	d := l.DB(t)
	if err := d.Bind(t.Context(), "ledger", plays(t, l, 1)); err != nil { // DuckDB takes it for empty
		t.Fatal(err)
	}
	if err := d.ExecText(t.Context(), "CREATE TABLE night AS SELECT 't' || i AS track_id FROM range(1000) r(i)"); err != nil {
		t.Fatal(err)
	}
	plan := func() (text string) {
		var kind string
		if err := d.OneText(t.Context(), "EXPLAIN SELECT count(*) FROM ledger SEMI JOIN night USING (track_id)", nil, []any{&kind, &text}); err != nil {
			t.Fatal(err)
		}
		return text
	}
	if !strings.Contains(plan(), "RIGHT_SEMI") {
		t.Error("DuckDB knows by itself which side is small: JoinAsWritten can go")
	}
	if err := d.JoinAsWritten(t.Context()); err != nil {
		t.Fatal(err)
	}
	if text := plan(); strings.Contains(text, "RIGHT_SEMI") || !strings.Contains(text, "SEMI") {
		t.Errorf("the plan is\n%s", text)
	}
}

// A commit of files that nobody can have committed yet looks through no manifest for them, as many as there are.
func TestACommitOfNewFilesReadsNoManifest(t *testing.T) {
	l := laketest.New(t)
	var read []string
	counting := l.With(&laketest.Faults{Opened: func(name string) {
		if strings.Contains(name, "-m0") || strings.Contains(name, "-m1") {
			read = append(read, name)
		}
	}})
	plays(t, counting, 3)
	plays(t, counting, 3)
	if len(read) != 0 {
		t.Errorf("read %v", read)
	}
	if files, err := l.Snapshot(t, catalog.PlaysByHour).Files(t.Context()); err != nil || len(files) != 6 {
		t.Errorf("%d files, %v", len(files), err)
	}
	if _, err := counting.Snapshot(t, catalog.PlaysByHour).Files(t.Context()); err != nil || len(read) == 0 {
		t.Errorf("no manifest read, %v: the test does not see any", err)
	}
}
