package e2e

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	icetable "github.com/apache/iceberg-go/table"
	gocmp "github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
)

// What no attempt can mend is said in one sentence by every command that it is in the way of, at once, and nothing is
// written.
func TestWhatIsWrongWithATableIsSaidByEveryCommandThatItStops(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		harm  func(t *testing.T, l *laketest.Lake)
		says  string
		reads bool // readers go on, whoever writes does not
	}{
		"format version 3": {func(t *testing.T, l *laketest.Lake) {
			for _, table := range []string{catalog.Listens, catalog.RoyaltyRuns, catalog.Quarantine} {
				l.Alter(t, table, func(tx *icetable.Transaction) error { return tx.UpgradeFormatVersion(3) })
			}
		}, "it has format version 3, lakectl writes 2: lakectl cannot work with it", false},
		"clock ahead": {func(t *testing.T, l *laketest.Lake) {
			for _, spec := range catalog.Specs() {
				if l.Snapshot(t, spec.Name).ID() != 0 {
					l.Hand(t, spec.Name).Ahead(10 * time.Minute)
				}
			}
		}, "ahead of this machine's clock: clocks differ", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLakeDir(t, false)
			rules := l.write("rules.yaml", "rules:\n  - {id: default, min_ms_played: 30000}\n")
			l.run(nil, "rules", "apply", rules)
			l.ingest([]string{play("a", "u1", march), play("ahead", "u3", march, "received_time", "2026-03-10T08:00:00Z"), leave("r0", "u9", march)}, "first")
			l.jobs()
			l.ingest([]string{play("b", "u1", march), leave("r1", "u1", "2026-03-12T00:00:00Z")}, "second")
			l.write("rules.yaml", "rules:\n  - {id: default, min_ms_played: 10000}\n")
			c.harm(t, openLake(l))
			before := l.warehouse()
			events := l.write("more.jsonl", play("c", "u2", march)+"\n")
			stopped := [][]string{{"ingest", "file", events}, {"job", "deletions"}, {"job", "royalties"}, {"job", "rollup"}, {"tag", "listens", "x"}}
			if c.reads {
				stopped = append(stopped, []string{"job", "rollup", "--true-up"}, []string{"rules", "apply", rules})
			}
			for _, args := range stopped {
				began := time.Now()
				_, err := l.exec(args...)
				if text := fmt.Sprint(err); strings.Count(text, c.says) != 1 || !strings.Contains(text, "exit code 1") || strings.Count(text, "lakectl: hint: ") != 1 {
					t.Errorf("%v: %v", args, err)
				}
				if took := time.Since(began); took > 20*time.Second { // all attempts take more than 30
					t.Errorf("%v took %s", args, took)
				}
			}
			if diff := gocmp.Diff(before, l.warehouse()); diff != "" {
				t.Errorf("written: %s", diff)
			}
			if c.reads {
				l.query("SELECT count(*) FROM listens")
				l.run(nil, "period", "status")
			}
		})
	}
}

// warehouse lists the lake's metadata files: whatever is committed makes one.
func (l *lakeDir) warehouse() []string {
	l.t.Helper()
	found, err := filepath.Glob(filepath.Join(l.dir, "warehouse", "*", "*", "metadata", "*.metadata.json"))
	if err != nil || len(found) == 0 {
		l.t.Fatalf("no metadata files, %v", err)
	}
	return found
}
