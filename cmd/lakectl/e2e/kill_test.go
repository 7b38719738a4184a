package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/simulate"
)

// TestKillNineAtAnyMomentAndRunAgain kills every command of the chain with SIGKILL, again and again a little
// later, until it gets through. The lake must end as one that nobody disturbed.
func TestKillNineAtAnyMomentAndRunAgain(t *testing.T) {
	laketest.Long(t, "processes die at random moments")
	month := simulate.New(simulate.Options{Listens: 2000})
	var lines []string
	for e := range month.Events() {
		if !strings.Contains(string(e.Value), "\n") && len(e.Value) > 0 { // one record is one line here
			lines = append(lines, string(e.Value))
		}
	}
	text := strings.Join(lines, "\n") + "\n"
	pools := "period,country,tier,currency,amount_minor\n2026-03,*,*,EUR,100000\n"
	chain := func(events string) [][]string {
		return [][]string{
			{"ingest", "file", "--source", "month", "--received-time", "2026-03-01T00:00:00Z", events},
			{"job", "rollup"},
			{"job", "deletions"},
			{"job", "royalties"},
			{"job", "rollup", "--true-up"},
		}
	}
	finish := func(process bool, each func(l *lakeDir, args []string)) expected {
		l := newLakeDir(t, process)
		l.write("lakehouse.yaml", fmt.Sprintf("catalog: {uri: %[1]s/catalog.db, warehouse: %[1]s/warehouse}\nduckdb: {temp_directory: %[1]s/tmp}\ningest: {flush_rows: 400}\n", l.dir))
		l.run(nil, "pools", "apply", l.write("pools.csv", pools))
		for _, args := range chain(l.write("events.jsonl", text)) {
			each(l, args)
		}
		return l.state()
	}
	want := finish(false, func(l *lakeDir, args []string) { l.run(nil, args...) })
	kills := map[string]int{}
	r := rand.New(rand.NewPCG(9, 9))
	got := finish(false, func(l *lakeDir, args []string) {
		for life := 30 * time.Millisecond; !survives(t, l, args, life); life += time.Duration(r.IntN(60)) * time.Millisecond {
			kills[strings.Join(args[:2], " ")]++
		}
	})
	if len(kills) != 4 { // two of the five commands start alike
		t.Errorf("not every command was killed: %v", kills)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("after the kills %v (-undisturbed +killed)\n%s", kills, diff)
	}
}

// survives runs a command as a process and kills it after life; true when it was done before.
func survives(t *testing.T, l *lakeDir, args []string, life time.Duration) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), life)
	defer cancel()
	c := exec.CommandContext(ctx, "lakectl", append([]string{"--config", filepath.Join(l.dir, "lakehouse.yaml"), "--json"}, args...)...)
	out, err := c.CombinedOutput() // exec kills with SIGKILL
	if err != nil && ctx.Err() == nil {
		t.Fatalf("%v: %v: %s", args, err, out)
	}
	return err == nil
}
