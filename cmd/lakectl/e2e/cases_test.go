package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/verbs"
)

// expected is what expected.json says of a case. Lists are in order.
type expected struct {
	About        string           `json:"about"`
	Archived     int64            `json:"archived"`
	Erased       int64            `json:"erased"` // rows deleted and copies suppressed
	Duplicates   int64            `json:"duplicates"`
	Counted      int64            `json:"counted"`
	Quarantine   map[string]int64 `json:"quarantine"`
	RoyaltyLines []map[string]any `json:"royalty_lines"`
	PlaysByDay   []map[string]any `json:"plays_by_day"`
	Payouts      []map[string]any `json:"payouts"`
}

// lakeDir is a lake of its own and the commands run on it.
type lakeDir struct {
	t      *testing.T
	dir    string
	exec   func(args ...string) ([]byte, error)
	erased int64
	engine *laketest.Trino // that has a catalog for it; nil: there is none
	on     string          // engine that jobs are told, "" for none
}

// newLakeDir makes the lake with 'lakectl init'. A process a command is the real thing; without it the same
// main runs in this process, for the tests that need hundreds of commands.
func newLakeDir(t *testing.T, process bool) *lakeDir {
	l := lakeIn(t, laketest.Folder(t), process)
	l.run(nil, "init")
	return l
}

// lakeIn is a folder with the configuration of a lake.
func lakeIn(t *testing.T, dir string, process bool) *lakeDir {
	l := &lakeDir{t: t, dir: dir}
	config := filepath.Join(l.dir, "lakehouse.yaml")
	l.write("lakehouse.yaml", fmt.Sprintf("catalog: {uri: %[1]s/catalog.db, warehouse: %[1]s/warehouse}\nduckdb: {temp_directory: %[1]s/tmp, threads: %[2]d}\n", l.dir, laketest.Threads()))
	l.exec = func(args ...string) ([]byte, error) {
		var stdout, stderr bytes.Buffer
		args = append([]string{"lakectl", "--config", config, "--json"}, args...)
		if process {
			c := exec.CommandContext(t.Context(), args[0], args[1:]...) // testscript.Main put it on the PATH
			c.Stdout, c.Stderr = &stdout, &stderr
			if err := c.Run(); err != nil {
				return nil, fmt.Errorf("%v: %w: %s", args, err, stderr.String())
			}
			return stdout.Bytes(), nil
		}
		if code := frame.Run(laketest.Spared(t.Context()), verbs.Groups(), args, strings.NewReader(""), &stdout, &stderr); code != frame.ExitDone {
			return nil, fmt.Errorf("%v: exit code %d: %s", args, code, stderr.String())
		}
		return stdout.Bytes(), nil
	}
	return l
}

func (l *lakeDir) write(name, text string) string {
	l.t.Helper()
	path := filepath.Join(l.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		l.t.Fatal(err)
	}
	return path
}

func (l *lakeDir) run(into any, args ...string) {
	l.t.Helper()
	out, err := l.exec(args...)
	if err != nil {
		l.t.Fatal(err)
	}
	if into != nil {
		if err := json.Unmarshal(out, into); err != nil {
			l.t.Fatalf("%v: %v in %s", args, err, out)
		}
	}
}

// job runs a job on the engine of the lake.
func (l *lakeDir) job(into any, args ...string) {
	l.t.Helper()
	args = append([]string{"job"}, args...)
	if l.on != "" {
		args = append(args, "--engine", l.on)
	}
	l.run(into, args...)
}

// query returns the rows of a SELECT as maps.
func (l *lakeDir) query(text string) []map[string]any {
	l.t.Helper()
	var result struct {
		Rows []map[string]any `json:"rows"`
	}
	l.run(&result, "sql", text)
	return result.Rows
}

func (l *lakeDir) apply(files string) {
	l.t.Helper()
	if _, err := os.Stat(filepath.Join(files, "rules.yaml")); err == nil {
		l.run(nil, "rules", "apply", filepath.Join(files, "rules.yaml"))
	}
	l.run(nil, "pools", "apply", filepath.Join(files, "pools.csv"))
}

func (l *lakeDir) ingest(lines []string, source string) {
	l.t.Helper()
	var report struct {
		Suppressed int64 `json:"suppressed"`
	}
	l.run(&report, "ingest", "file", "--source", source, l.write("events.jsonl", strings.Join(lines, "\n")+"\n"))
	l.erased += report.Suppressed
}

// jobs runs deletions, which runs royalties and the rollup after itself.
func (l *lakeDir) jobs() {
	l.t.Helper()
	var report struct {
		Deleted struct {
			Rows struct {
				Listens int64 `json:"listens"`
			} `json:"rows"`
		} `json:"deleted"`
	}
	l.job(&report, "deletions")
	l.erased += report.Deleted.Rows.Listens
}

// state reads the lake in the form of expected.json, after a true-up.
func (l *lakeDir) state() expected {
	l.t.Helper()
	l.job(nil, "rollup", "--true-up")
	counts := l.query(`SELECT (SELECT count(*) FROM listens) a, (SELECT count(*) FROM listens_duplicates) d, (SELECT count(*) FROM listens_counted) c`)[0]
	got := expected{
		Erased: l.erased, Archived: int64(counts["a"].(float64)), Duplicates: int64(counts["d"].(float64)), Counted: int64(counts["c"].(float64)),
		Quarantine:   map[string]int64{},
		RoyaltyLines: l.query(`SELECT * FROM royalty_lines ORDER BY ALL`),
		PlaysByDay:   l.query(`SELECT strftime(day, '%Y-%m-%d') AS day, artist_id, track_id, sum(plays)::BIGINT AS plays FROM plays_by_day GROUP BY ALL HAVING plays <> 0 ORDER BY ALL`),
		Payouts:      l.query(`SELECT period, country, tier, currency, artist_id, track_id, amount_minor FROM royalty_payouts ORDER BY ALL`),
	}
	for _, row := range l.query(`SELECT reason, count(*) AS n FROM quarantine GROUP BY reason`) {
		got.Quarantine[row["reason"].(string)] = int64(row["n"].(float64))
	}
	return got
}

type testCase struct {
	name, dir string
	lines     []string
	want      expected
}

func loadCases(t *testing.T) []testCase {
	t.Helper()
	dirs, err := filepath.Glob("testdata/cases/*")
	if err != nil || len(dirs) < 14 {
		t.Fatalf("%d cases, %v", len(dirs), err)
	}
	cases := make([]testCase, len(dirs))
	for i, dir := range dirs {
		events, err := fs.ReadFile(os.DirFS(dir), "events.jsonl")
		if err != nil {
			t.Fatal(err)
		}
		text, err := fs.ReadFile(os.DirFS(dir), "expected.json")
		if err != nil {
			t.Fatal(err)
		}
		cases[i] = testCase{name: filepath.Base(dir), dir: dir, lines: strings.Split(strings.TrimSpace(string(events)), "\n")}
		if err := json.Unmarshal(text, &cases[i].want); err != nil {
			t.Fatal(err)
		}
	}
	return cases
}

func same(t *testing.T, got, want expected) {
	t.Helper()
	want.About = ""
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("(-want +got)\n%s", diff)
	}
}

func TestEveryCaseComesOutLineForLine(t *testing.T) {
	for _, c := range loadCases(t) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := newLakeDir(t, laketest.InCI())
			l.apply(c.dir)
			l.ingest(c.lines, "case")
			l.jobs()
			l.run(nil, "job", "royalties")
			same(t, l.state(), c.want)
		})
	}
}

func TestJobsRunBetweenAnyTwoEventsChangeNothing(t *testing.T) {
	laketest.Long(t, "every case with jobs in between")
	for _, c := range loadCases(t) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := newLakeDir(t, false)
			l.apply(c.dir)
			for i, line := range c.lines {
				l.ingest([]string{line}, fmt.Sprintf("part-%d", i))
				l.jobs()
			}
			same(t, l.state(), c.want)
		})
	}
}

func TestTheOrderOfEventsChangesNothing(t *testing.T) {
	laketest.Long(t, "every case in another order")
	for i, c := range loadCases(t) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			reversed := slices.Clone(c.lines)
			slices.Reverse(reversed)
			shuffled := slices.Clone(c.lines)
			rand.New(rand.NewPCG(uint64(i), 7)).Shuffle(len(shuffled), func(a, b int) { shuffled[a], shuffled[b] = shuffled[b], shuffled[a] })
			for _, lines := range [][]string{reversed, shuffled} {
				l := newLakeDir(t, false)
				l.apply(c.dir)
				half := len(lines) / 2
				if half > 0 {
					l.ingest(lines[:half], "first")
					l.jobs()
				}
				l.ingest(lines[half:], "second")
				l.jobs()
				same(t, l.state(), c.want)
			}
		})
	}
}

func TestReplayAsAnotherSourceChangesNoResult(t *testing.T) {
	laketest.Long(t, "every case twice")
	for _, c := range loadCases(t) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := newLakeDir(t, false)
			l.apply(c.dir)
			l.ingest(c.lines, "once")
			l.jobs()
			l.ingest(c.lines, "again")
			l.jobs()
			got := l.state()
			want := c.want
			// Each copy came twice, and each went where the first went, be it suppressed or deleted.
			want.Archived, want.Erased = 2*c.want.Archived, 2*c.want.Erased
			want.Duplicates = want.Archived - c.want.Counted
			want.Quarantine = map[string]int64{}
			for reason, n := range c.want.Quarantine {
				want.Quarantine[reason] = 2 * n
			}
			same(t, got, want)
		})
	}
}
