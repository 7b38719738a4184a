package e2e

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
)

// guarded is a lake whose keys lie where a backup of it does not reach.
func guarded(t *testing.T, root, name string) *lakeDir {
	t.Helper()
	dir := filepath.Join(root, name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	l := lakeIn(t, dir, false)
	l.write("lakehouse.yaml", fmt.Sprintf("catalog: {uri: %[1]s/catalog.db, warehouse: %[1]s/warehouse, subject_key_file: %[2]s/safe/subject.key, certificate_dir: %[2]s/safe/certificate}\nduckdb: {temp_directory: %[1]s/tmp, threads: %[3]d}\n",
		dir, root, laketest.Threads()))
	return l
}

// backUp copies catalog and warehouse to another place.
func (l *lakeDir) backUp(to *lakeDir) {
	l.t.Helper()
	for _, name := range []string{"catalog.db", "warehouse"} {
		if out, err := exec.CommandContext(l.t.Context(), "cp", "-r", filepath.Join(l.dir, name), to.dir).CombinedOutput(); err != nil {
			l.t.Fatalf("cp: %v\n%s", err, out)
		}
	}
}

// eachRow is what the lake has in the tables that a restore must bring back, row by row.
func (l *lakeDir) eachRow() map[string]any {
	l.t.Helper()
	l.run(nil, "job", "rollup", "--true-up")
	l.run(nil, "job", "royalties")
	rows := map[string]any{"checksums": l.checksums()}
	for _, table := range []string{"listens", "quarantine", "deletion_requests", "listens_counted", "listens_duplicates", "royalty_lines", "royalty_payouts"} {
		rows[table] = l.query("SELECT * FROM " + table + " ORDER BY ALL")
	}
	rows["plays_by_day"] = l.query("SELECT day, artist_id, track_id, sum(plays)::BIGINT AS plays FROM plays_by_day GROUP BY ALL HAVING plays <> 0 ORDER BY ALL")
	rows["states"] = l.query("SELECT request_id, arg_max(state, \"at\") AS state FROM deletion_log WHERE state NOT IN ('held', 'released') GROUP BY ALL ORDER BY ALL")
	return rows
}

func (l *lakeDir) refuses(code int, says string, args ...string) {
	l.t.Helper()
	if got, out, said := l.outcome(args...); got != code || !strings.Contains(said, says) || out != "" {
		l.t.Errorf("lakectl %v: code %d, want %d with %q:\n%s%s", args, got, code, says, out, said)
	}
}

const afterTheBackup = 2 // sources that came after it

// lost is a lake that was backed up to another place and lived on: erasures, a hold and a withdrawal came after.
func lost(t *testing.T) (live, back *lakeDir, sources [][]string) {
	t.Helper()
	root := laketest.Folder(t)
	live, back = guarded(t, root, "live"), guarded(t, root, "back")
	live.run(nil, "init")
	live.run(nil, "pools", "apply", live.write("pools.csv", "period,country,tier,currency,amount_minor\n2026-03,*,*,EUR,1000\n"))
	first := []string{leave("r-ana", "ana", "2026-03-20T00:00:00Z")}
	for i, user := range []string{"ana", "ben", "cid", "dee", "eve"} {
		for day := range 4 {
			first = append(first, play(fmt.Sprintf("%s-%d", user, day), user, fmt.Sprintf("2026-03-%02dT10:00:00Z", 2+day*3+i)))
		}
	}
	sources = [][]string{first, {
		play("ben-late", "ben", "2026-03-05T11:00:00Z"), play("fay-1", "fay", "2026-03-06T10:00:00Z"),
		leave("r-ben", "ben", "2026-03-21T00:00:00Z"), leave("r-cid", "cid", "2026-03-21T01:00:00Z"),
		leave("r-dee", "dee", "2026-03-21T02:00:00Z"), leave("r-eve", "eve", "2026-03-21T03:00:00Z"),
	}, {play("ben-0", "ben", "2026-03-03T10:00:00Z"), play("gus-1", "gus", "2026-03-07T10:00:00Z"), `{"type":"listen","received_time":"2026-03-08T00:00:00Z"}`}}
	live.ingest(sources[0], "s0")
	live.run(nil, "job", "deletions")
	live.backUp(back)
	live.ingest(sources[1], "s1")
	live.run(nil, "deletions", "withdraw", "--reason", "by mistake", "r-dee")
	live.run(nil, "deletions", "hold", "--reason", "a case", "r-eve")
	live.run(nil, "job", "deletions")
	live.run(nil, "deletions", "hold", "--reason", "keep the files", "r-cid")
	live.ingest(sources[2], "s2")
	live.run(nil, "job", "deletions")
	return live, back, sources
}

func TestALakeFromABackupErasesAgainBeforeItIsReadAndThenIsTheOneThatWasLost(t *testing.T) {
	laketest.Long(t, "a lake is backed up, restored and read anew")
	live, back, sources := lost(t)
	list := filepath.Join(live.dir, "..", "list.jsonl")
	live.run(nil, "deletions", "export", "--out", list)
	if info, err := os.Stat(list); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the list: %v, %v", info.Mode(), err)
	}
	want := live.eachRow()

	back.run(nil, "catalog", "relocate", "--moved")
	reads := [][]string{
		{"sql", "SELECT * FROM listens"},
		{"royalties", "show", "2026-03"},
		{"serve", "--addr", "127.0.0.1:18080"},
		{"catalog", "serve", "--addr", "127.0.0.1:18080"},
		{"run"},
		{"snapshots"},
		{"job", "royalties"},
		{"job", "rollup"},
		{"job", "deletions"},
		{"period", "status"},
		{"quarantine", "list"},
		{"royalties", "export", "--by", "label", "--out", back.dir, "2026-03"},
	}
	for _, line := range reads {
		back.refuses(frame.ExitUsage, "lakectl deletions reapply FILE", line...)
	}
	back.refuses(frame.ExitUsage, "knows less than the list", "deletions", "export", "--out", list)
	back.run(nil, "deletions", "list")

	text, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	other := back.write("other.jsonl", strings.Replace(string(text), `"request_id":"r-ben"`, `"request_id":"r-Ben"`, 1))
	back.refuses(frame.ExitUsage, "the list is damaged", "deletions", "reapply", other)
	back.refuses(frame.ExitUsage, "lakectl deletions reapply FILE", reads[0]...)

	var done struct {
		Listed, Added, Decisions int
	}
	back.run(&done, "deletions", "reapply", list)
	if done.Listed != 5 || done.Added != 4 || done.Decisions != 3 {
		t.Errorf("reapplied: %+v", done)
	}
	visible := func(when string) {
		t.Helper()
		if rows := back.query("SELECT user_id, listen_id FROM listens WHERE user_id IN ('ana', 'ben', 'cid') UNION ALL SELECT user_id, listen_id FROM listens_counted WHERE user_id IN ('ana', 'ben', 'cid')"); len(rows) > 0 {
			t.Errorf("%s: rows of who was erased: %v", when, rows)
		}
		if rows := back.query("SELECT DISTINCT user_id FROM listens WHERE user_id IN ('dee', 'eve')"); len(rows) != 2 {
			t.Errorf("%s: who is held or withdrawn: %v", when, rows)
		}
	}
	visible("reapplied")
	back.run(&done, "deletions", "reapply", list)
	if done.Added != 0 || done.Decisions != 0 {
		t.Errorf("reapplied once more: %+v", done)
	}
	for i := range afterTheBackup {
		back.ingest(sources[1+i], fmt.Sprint("s", 1+i))
		visible(fmt.Sprint("ingested ", i))
	}
	back.run(nil, "job", "deletions")
	if diff := cmp.Diff(want, back.eachRow()); diff != "" {
		t.Errorf("the lake is another (-lost +restored):\n%s", diff)
	}
	again := filepath.Join(back.dir, "again.jsonl")
	live.run(nil, "deletions", "export", "--out", again)
	if same, err := os.ReadFile(again); err != nil || !bytes.Equal(same, text) {
		t.Errorf("the lost lake exports another list: %v", err)
	}
}

func TestAListThatIsOlderThanTheErasuresLiftsNothingUntilTheTopicIsReadAgain(t *testing.T) {
	laketest.Long(t, "the test with a topic does the same")
	live, back, sources := lost(t)
	list := filepath.Join(live.dir, "..", "list.jsonl")
	live.run(nil, "deletions", "export", "--out", list)
	late := []string{leave("r-gus", "gus", "2026-03-22T00:00:00Z")}
	live.ingest(late, "s3")
	live.run(nil, "job", "deletions")
	want := live.eachRow()

	back.run(nil, "catalog", "relocate", "--moved")
	if code, _, said := back.outcome("deletions", "reapply", list); code != frame.ExitPartial || !strings.Contains(said, "lakectl ingest") {
		t.Errorf("an older list: code %d\n%s", code, said)
	}
	back.refuses(frame.ExitUsage, "1 of 4 deletion requests", "sql", "SELECT * FROM listens")
	for i, lines := range append(sources[1:], late) {
		back.ingest(lines, fmt.Sprint("s", 1+i))
	}
	back.refuses(frame.ExitUsage, "1 of 4 deletion requests", "sql", "SELECT * FROM listens")
	back.run(nil, "deletions", "reapply", list)
	if diff := cmp.Diff(want, back.eachRow()); diff != "" {
		t.Errorf("the lake is another (-lost +restored):\n%s", diff)
	}
}
