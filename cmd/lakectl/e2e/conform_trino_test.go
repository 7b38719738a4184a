package e2e

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/royalty"
)

var historySeed = flag.Uint64("history-seed", 0, "of the random histories that both engines compute; 0: another one each time")

func TestEveryCaseComesOutLineForLineOnTrino(t *testing.T) {
	laketest.Long(t, "a lake on Trino for each case")
	for _, c := range loadCases(t) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel() // most of it is waiting for Trino
			l := onTrino(t)
			l.on = "trino"
			l.apply(c.dir)
			l.ingest(c.lines, "case")
			l.jobs()
			l.job(nil, "royalties")
			same(t, l.state(), c.want)
			l.job(nil, "royalties", "--full")
		})
	}
}

// Of three lakes with one history DuckDB computes the first and Trino the second; in the third they take turns.
func TestRandomHistoriesComeOutTheSameOnBothEngines(t *testing.T) {
	laketest.Long(t, "three lakes for each history")
	seed := *historySeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("-history-seed %d", seed)
	events, lines := randomLines(t, seed)
	lakes := map[string]*lakeDir{"duckdb": newLakeDir(t, false), "trino": onTrino(t), "both in turns": onTrino(t)}
	told := map[string]map[string][]map[string]any{}
	for name, l := range lakes {
		l.on = name
		l.history(seed, lines)
		if diff := cmp.Diff(recountEvents(events), l.stateSorted()); diff != "" {
			t.Errorf("%s (-recount +lake)\n%s", name, diff)
		}
		told[name] = l.settled()
		l.reproducible()
	}
	for name, got := range told {
		if diff := cmp.Diff(told["duckdb"], got); diff != "" {
			t.Errorf("(-duckdb +%s)\n%s", name, diff)
		}
	}
	for _, engine := range []string{"duckdb", "trino"} { // whoever published, either recounts it
		for _, name := range []string{"trino", "both in turns"} {
			lakes[name].run(nil, "job", "royalties", "--full", "--engine", engine)
		}
	}
}

// history ingests lines in parts, with jobs between them and a close. Where the lake names no engine, each job has one
// by chance.
func (l *lakeDir) history(seed uint64, lines []string) {
	l.t.Helper()
	l.run(nil, "rules", "apply", l.write("rules.yaml", randomRules))
	l.run(nil, "pools", "apply", l.write("pools.csv", randomPools))
	r, turns, inTurns := rand.New(rand.NewPCG(seed, 5)), rand.New(rand.NewPCG(seed, 6)), l.on == "both in turns"
	turn := func() {
		if inTurns {
			l.on = []string{"duckdb", "trino"}[turns.IntN(2)]
		}
	}
	closed := false
	for at, part := 0, 0; at < len(lines); part++ {
		next := min(at+8+r.IntN(30), len(lines))
		l.ingest(lines[at:next], fmt.Sprintf("part-%d", part))
		at = next
		jobs, rollup := r.IntN(3), r.IntN(3) == 0
		turn()
		switch jobs {
		case 0:
			l.jobs()
		case 1:
			l.job(nil, "royalties")
		}
		if rollup {
			l.job(nil, "rollup")
		}
		if jobs < 2 && !closed {
			_, err := l.exec("period", "close", "--force", "--by", "a test", "2026-03")
			closed = err == nil // it may have no listen yet
		}
	}
	turn()
	l.jobs()
	turn()
	l.job(nil, "royalties")
}

// settled is what was published, stated and posted, but for when and by which run.
func (l *lakeDir) settled() map[string][]map[string]any {
	l.t.Helper()
	all := map[string][]map[string]any{}
	for _, text := range []string{
		"SELECT * FROM listens_counted ORDER BY ALL", "SELECT * FROM listens_duplicates ORDER BY ALL", "SELECT * FROM royalty_payouts ORDER BY ALL",
		"SELECT * FROM royalty_shares ORDER BY ALL", "SELECT * EXCLUDE (run_id, posted_at) FROM royalty_adjustments ORDER BY ALL",
		"SELECT period, checksum FROM royalty_closes ORDER BY ALL", "SELECT period, arg_max(checksum, finished_at) AS checksum FROM royalty_runs GROUP BY period ORDER BY period",
		"SELECT request_id, state, listens, quarantine, listens_counted, listens_duplicates, days, periods FROM deletion_log ORDER BY ALL",
	} {
		all[text] = l.query(text)
	}
	return all
}

// reproducible fails where the audit does not come to what was published.
func (l *lakeDir) reproducible() {
	l.t.Helper()
	for _, row := range l.query("SELECT DISTINCT period FROM royalty_runs") {
		var result struct {
			Outcome string `json:"outcome"`
		}
		if l.run(&result, "royalties", "reproduce", row["period"].(string)); result.Outcome != "same" {
			l.t.Errorf("%s: %s comes out %+v", l.on, row["period"], result)
		}
	}
}

// What a node cannot hold at once goes in slices, and nothing is counted twice or left out for it.
func TestALedgerAndARecountThatOutgrowTrinosMemoryGoInSlices(t *testing.T) {
	laketest.Long(t, "a hundred thousand copies")
	l := onTrino(t)
	l.run(nil, "ingest", "file", l.write("events.jsonl", strings.Join(manyCopies(120_000), "\n")+"\n"))
	c, options := l.connected()
	options.Session = map[string]string{"query_max_memory_per_node": "16MB"}
	options.Standstill = 15 * time.Second // Trino hangs now and then where it meets that limit
	env := l.envOf(c, laketest.TrinoClient(t, options))
	var log bytes.Buffer
	env.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	ran := func(statement string, failed bool) int {
		n := 0
		for line := range strings.Lines(log.String()) {
			if strings.Contains(line, "statement="+statement+" ") && strings.Contains(line, fmt.Sprintf("failed=%t", failed)) {
				n++
			}
		}
		return n
	}
	if _, err := royalty.Run(t.Context(), env, royalty.Options{}); err != nil {
		t.Fatal(err)
	}
	l.run(nil, "job", "royalties", "--full") // DuckDB counts as the ledger has it
	if n := l.query("SELECT (SELECT count(*) FROM listens_counted) + (SELECT count(*) FROM listens_duplicates) AS n")[0]["n"]; n != 120_000.0 {
		t.Errorf("%v rows are in the ledger", n)
	}
	r, err := royalty.Run(t.Context(), env, royalty.Options{Full: true})
	if err != nil || !r.Full.Agrees || r.Full.RowsRead != 120_000 || len(r.Full.Periods) != 2 {
		t.Errorf("%+v, %v", r.Full, err)
	}
	for _, statement := range []string{"ledger/build.trino", "royalty/recounted.trino"} {
		if ran(statement, true) == 0 || ran(statement, false) < 2 {
			t.Errorf("%s failed %d times, and ran for %d slices", statement, ran(statement, true), ran(statement, false))
		}
	}
	l.alterLines("track_id = 't2' AND country = 'DE'")
	if r, err := royalty.Run(t.Context(), env, royalty.Options{Full: true}); !errors.Is(err, jobs.ErrProof) || strings.Join(r.Full.Differ, " ") != "2026-03" {
		t.Errorf("with a wrong line: %+v, %v", r.Full, err)
	}
}

// manyCopies are copies of two months, of which every tenth is of a listen that there was before.
func manyCopies(n int) []string {
	lines := make([]string, n)
	for i := range lines {
		id := i
		if i%10 == 9 {
			id = i / 2
		}
		lines[i] = play(fmt.Sprint("copied-listen-number-", id), fmt.Sprint("user-", id%1000), fmt.Sprintf("2026-%02d-%02dT10:00:00Z", 3+id%2, 1+id%28),
			"track_id", fmt.Sprint("t", id%40), "received_time", fmt.Sprintf("2026-05-01T00:00:%02dZ", i%60))
	}
	return lines
}
