package e2e

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/lake"
)

// window is a deletion request for a part of a user's time.
func window(request, user, received, from, to string) string {
	return strings.TrimSuffix(leave(request, user, received), "}") + fmt.Sprintf(`,"from":%q,"to":%q}`, from, to)
}

// erasable are listens of all kinds, and requests that cover some of them.
func erasable() (listens, requests, later []string) {
	const user = `søren's "☃" 🎧`
	listens = append(tales("m", 20, "2026-03-10"), tales("a", 20, "2026-04-02")...)
	listens = append(listens, tales("m", 8, "2026-03-10")...) // copies that do not count
	listens = append(listens,
		play("b1", user, "2026-03-31T23:59:59.999999Z"), play("b2", user, "2026-04-01T00:00:00Z"), play("b3", user, "2026-04-01T23:59:59.999999Z"), play("b4", user, "2026-04-02T00:00:00Z"),
		play("alone1", "story-solo", "2026-05-05T10:00:00Z"), play("alone2", "story-solo", "2026-05-05T11:00:00Z"),
		play("c1", "story-ahead", "2026-05-20T09:00:00.999998Z"), play("c2", "story-ahead", "2026-05-20T09:00:00.999999Z"),
		play("c3", "story-ahead", "2026-05-20T09:30:00Z", "received_time", "2026-05-20T09:00:00.999999Z"), play("c4", "story-ahead", "2026-05-20T09:30:00Z", "received_time", "2026-05-20T09:00:01Z"),
		play("bad", "story-user-2", "never"))
	for i := range 60 {
		listens = append(listens, play(fmt.Sprint("many", i), fmt.Sprint("many-user-", i%30), fmt.Sprintf("2026-03-%02dT10:00:00Z", 1+i%20)))
	}
	const received = "2026-06-01T00:00:00Z"
	requests = []string{
		leave("whole", "story-user-1", received), window("borders", user, received, "2026-04-01T00:00:00Z", "2026-04-02T00:00:00Z"),
		leave("file", "story-solo", received), leave("ahead", "story-ahead", "2026-05-20T09:00:00.999999Z"), leave("unknown", "story-nobody", received),
		leave("refused", "story-user-2", received), window("twice", "story-user-1", received, "2026-03-10T00:00:00Z", "2026-03-11T00:00:00Z"),
	}
	for i := range 30 {
		requests = append(requests, leave(fmt.Sprint("many", i), fmt.Sprint("many-user-", i), received))
	}
	later = []string{play("d1", "story-user-4", "2026-05-06T10:00:00Z"), leave("later", "story-user-4", "2026-06-02T00:00:00Z")}
	return listens, requests, later
}

// afterErasing is all that the engine could have changed, row by row; every lake has a key of its own for subjects.
func (l *lakeDir) afterErasing() map[string]any {
	l.t.Helper()
	rows := l.eachRow()
	delete(rows, "deletion_requests")
	rows["quarantine"] = l.query("SELECT source_offset, reason, user_id FROM quarantine ORDER BY ALL") // each lake says when it came
	rows["log"] = l.query(`SELECT request_id, source_offset, state, listens, quarantine, listens_counted, listens_duplicates, days, periods, ledger_rows, plays_erased
		FROM deletion_log ORDER BY ALL`)
	return rows
}

func TestBothEnginesEraseTheSameRows(t *testing.T) {
	eraseOnBoth(t, onTrino(t))
}

// The files of a clone lie in the bucket, beside those of its table.
func TestTrinoErasesAndCountsInABucketWhatDuckDBDoesHere(t *testing.T) {
	eraseOnBoth(t, onTrinoAndS3(t))
}

// A REST server numbers columns and snapshots of a clone by rules of its own, and is asked by Trino too.
func TestTrinoErasesAndCountsBehindARESTCatalogWhatDuckDBDoesHere(t *testing.T) {
	eraseOnBoth(t, onTrinoAndREST(t))
}

// eraseOnBoth runs the same on a lake that Trino searches and on one that DuckDB does.
func eraseOnBoth(t *testing.T, there *lakeDir) {
	t.Helper()
	here := newLakeDir(t, false)
	listens, requests, later := erasable()
	both := func(args ...string) {
		t.Helper()
		here.run(nil, args...)
		there.run(nil, args...)
	}
	for i, lines := range [][]string{listens, requests, later} {
		both("ingest", "file", here.write(fmt.Sprint("events", i, ".jsonl"), strings.Join(lines, "\n")+"\n"))
		if i == 0 {
			both("pools", "apply", here.write("pools.csv", "period,country,tier,currency,amount_minor\n2026-03,*,*,EUR,10001\n2026-04,*,*,EUR,777\n"))
			both("job", "rollup")
			here.run(nil, "job", "royalties")
			there.run(nil, "job", "royalties", "--engine", "trino")
			continue
		}
		here.run(nil, "job", "deletions")
		there.run(nil, "job", "deletions", "--engine", "trino")
		if diff := cmp.Diff(here.afterErasing(), there.afterErasing()); diff != "" {
			t.Fatalf("(-duckdb +trino)\n%s", diff)
		}
	}
	here.run(nil, "job", "deletions", "--purge-now")
	there.run(nil, "job", "deletions", "--engine", "trino", "--purge-now")
	both("deletions", "verify")
	if diff := cmp.Diff(here.afterErasing(), there.afterErasing()); diff != "" {
		t.Fatalf("purged: (-duckdb +trino)\n%s", diff)
	}
}

// A clone may hold what was erased, so nothing is purged or proved while one stands.
func TestAStandingCloneKeepsRequestsFromBeingPurgedAndProved(t *testing.T) {
	laketest.Costly(t)
	l := newLakeDir(t, false)
	file := func(lines ...string) {
		l.run(nil, "ingest", "file", l.write("events.jsonl", strings.Join(lines, "\n")+"\n"))
	}
	file(tales("m", 20, "2026-03-10")...)
	file(leave("r1", "story-user-1", "2026-06-01T00:00:00Z"))
	l.run(nil, "job", "deletions")
	for _, c := range []struct {
		code  int
		after []string
	}{{frame.ExitPartial, []string{"job", "deletions", "--purge-now"}}, {frame.ExitProof, []string{"deletions", "verify"}}} {
		own := openLake(l)
		stood := ""
		_, err := own.DeleteInClone(t.Context(), lake.Clone{
			Base: own.Snapshot(t, catalog.Listens), Job: "test",
			Delete: func(_ context.Context, s lake.Staging) (int64, error) {
				stood = s.ID
				code, out, said := l.outcome(c.after...)
				if code != c.code || !strings.Contains(out+said, s.ID) {
					t.Errorf("lakectl %v: code %d, want %d with %s:\n%s%s", c.after, code, c.code, s.ID, out, said)
				}
				return 0, nil
			},
		})
		if err != nil && !errors.Is(err, lake.ErrFenced) || stood == "" { // the snapshot may have expired meanwhile
			t.Fatalf("clone %q: %v", stood, err)
		}
		l.run(nil, c.after...)
	}
}
