package e2e

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/catalog/open"
	"github.com/lakectl/lakectl/lake/duck"
)

// ways are what may happen to the same events on their way to the royalties. None may change a checksum.
var ways = map[string]func(l *lakeDir, lines []string, r *rand.Rand){
	"at once": func(l *lakeDir, lines []string, _ *rand.Rand) {
		l.ingest(lines, "all")
	},
	"shuffled batches with runs between": func(l *lakeDir, lines []string, r *rand.Rand) {
		r.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
		inParts(l, lines, r, func() { l.run(nil, "job", "royalties") })
	},
	"replayed from another source": func(l *lakeDir, lines []string, _ *rand.Rand) {
		l.ingest(lines, "all")
		l.jobs()
		l.ingest(lines, "again")
	},
	"compacted and expired between runs": func(l *lakeDir, lines []string, r *rand.Rand) {
		own := openLake(l)
		inParts(l, lines, r, func() {
			l.jobs()
			for _, table := range []string{catalog.Listens, catalog.ListensCounted, catalog.Duplicates, catalog.RoyaltyLines} {
				own.Compact(l.t, table)
			}
			l.run(nil, "job", "maintain")
		})
	},
	"killed in the middle": func(l *lakeDir, lines []string, r *rand.Rand) {
		inParts(l, lines, r, func() {
			for life := 20 * time.Millisecond; !survives(l.t, l, []string{"job", "royalties"}, life); life += time.Duration(r.IntN(80)) * time.Millisecond {
			}
		})
	},
	"closed half-way": func(l *lakeDir, lines []string, _ *rand.Rand) {
		l.ingest(lines[:len(lines)/2], "first")
		l.jobs()
		l.run(nil, "period", "close", "2026-03")
		l.ingest(lines[len(lines)/2:], "second")
	},
}

// inParts ingests the lines in four parts and lets something happen after each.
func inParts(l *lakeDir, lines []string, r *rand.Rand, between func()) {
	cuts := []int{0, r.IntN(len(lines) / 3), len(lines)/3 + r.IntN(len(lines)/3), len(lines) - r.IntN(len(lines)/4), len(lines)}
	for i, at := range cuts[:4] {
		if at < cuts[i+1] {
			l.ingest(lines[at:cuts[i+1]], fmt.Sprintf("part-%d", i))
		}
		between()
	}
}

// openLake opens the lake of a folder beside the commands that work on it.
func openLake(l *lakeDir) *laketest.Lake {
	l.t.Helper()
	c, err := open.Connect(l.t.Context(), open.Options{
		Type: "sqlite", URI: filepath.Join(l.dir, "catalog.db"), Name: "lake", Warehouse: filepath.Join(l.dir, "warehouse"), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { c.Close() }) //nolint:errcheck // the folder is removed next
	return &laketest.Lake{Lake: c.Lake(), Dir: l.dir, Catalog: c, Duck: duck.Options{MemoryLimit: "512MiB", Threads: laketest.Threads(), TempDir: filepath.Join(l.dir, "own-tmp")}}
}

// Logically the same input gives the same royalties, however it came and whatever happened to the files in between.
func TestEveryWayLeadsToTheSameChecksums(t *testing.T) {
	laketest.Long(t, "the same events along every way")
	events := randomEvents(77, 120)
	want := map[string]string{}
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			lines := make([]string, len(events))
			for i, e := range events {
				text, err := json.Marshal(e)
				if err != nil {
					t.Fatal(err)
				}
				lines[i] = string(text)
			}
			l := newLakeDir(t, false)
			l.write("lakehouse.yaml", fmt.Sprintf("catalog: {uri: %[1]s/catalog.db, warehouse: %[1]s/warehouse}\nduckdb: {temp_directory: %[1]s/tmp}\ningest: {flush_rows: 3}\nretention: {archive_snapshots: 1s}\n", l.dir))
			l.run(nil, "rules", "apply", l.write("rules.yaml", randomRules))
			l.run(nil, "pools", "apply", l.write("pools.csv", randomPools))
			way(l, lines, rand.New(rand.NewPCG(8, 8)))
			l.jobs()
			l.run(nil, "job", "royalties", "--full")
			got := map[string]string{}
			for _, row := range l.query(`SELECT period, arg_max(checksum, finished_at) AS checksum FROM royalty_runs GROUP BY period`) {
				got[row["period"].(string)] = row["checksum"].(string)
			}
			if len(want) == 0 {
				want = got
			}
			if diff := gocmp.Diff(want, got); diff != "" || len(got) < 2 {
				t.Fatalf("(-another way +this way)\n%s", diff)
			}
		})
	}
}
