package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog/laketest"
)

// maintained runs a maintenance that may merge, and returns how many groups Trino wrote and how many files there were
// written in all.
func (l *lakeDir) maintained(more ...string) (onTrino, written int) {
	l.t.Helper()
	var report struct {
		Compaction struct {
			OnTrino int `json:"groups_on_trino"`
			Written int `json:"files_written"`
		} `json:"compaction"`
	}
	l.run(&report, append([]string{"job", "maintain"}, more...)...)
	return report.Compaction.OnTrino, report.Compaction.Written
}

// The same events in two lakes, each compacted by another engine between deletions and royalties.
func TestWhatTrinoCompactsIsCountedAndErasedAsBefore(t *testing.T) {
	laketest.Long(t, "runs every job on two lakes")
	t.Setenv("LAKEHOUSE_MAINTAIN_TARGET_FILE_SIZE", "64KiB")
	w := newTwins(t)
	both := func(args ...string) {
		t.Helper()
		for _, l := range w.each() {
			l.run(nil, args...)
		}
	}
	for i := range 13 {
		w.ingest(fmt.Sprint("file", i), append(tales(fmt.Sprint("m", i, "-"), 60, "2026-03-10"), play(fmt.Sprint("last", i), "story-user-2", "2026-03-10T23:59:59.999999Z")))
	}
	w.ingest("copies", tales("m3-", 30, "2026-03-10")) // that do not count
	w.ingest("leave", []string{leave("r1", "story-user-1", "2026-06-01T00:00:00Z")})
	both("job", "rollup")
	w.agree("before")
	both("job", "deletions")
	_, here := w.duck.maintained()
	onTrino, there := w.trino.maintained("--engine", "trino")
	if onTrino == 0 || onTrino != there || here == 0 {
		t.Errorf("Trino wrote %d of %d groups; %d files are written without it", onTrino, there, here)
	}
	w.ingest("leave too", []string{leave("r2", "story-user-3", "2026-06-02T00:00:00Z")})
	both("job", "deletions", "--purge-now")
	both("deletions", "verify")
	if diff := cmp.Diff(w.duck.afterErasing(), w.trino.afterErasing()); diff != "" {
		t.Errorf("(-duckdb +trino)\n%s", diff)
	}
	w.agree("after")
	both("job", "royalties", "--full")
	if n := w.trino.query("SELECT count(*) AS n FROM listens WHERE user_id IN ('story-user-1', 'story-user-3')")[0]["n"]; fmt.Sprint(n) != "0" {
		t.Errorf("%v rows of users who left", n)
	}
	left, gone, total := "user_id == 'story-user-2'", "user_id == 'story-user-1' or user_id == 'story-user-3'", "listen_id != ''"
	want := ""
	for _, condition := range []string{left, gone, total} {
		n := w.duck.query("SELECT count(*) AS n FROM listens WHERE " + strings.ReplaceAll(condition, "==", "="))[0]["n"]
		want += fmt.Sprintln(n)
	}
	if got := laketest.Foreign(t, w.duck.dir, "count", "listens", left, gone, total); got != want {
		t.Errorf("PyIceberg: %s, want %s", got, want)
	}
}
