package bench

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/royalty"
	"github.com/lakectl/lakectl/jobs/simulate"
)

// benchPools are shared out in the month of the load.
const benchPools = "period,country,tier,currency,amount_minor\n2026-03,*,*,EUR,123456789\n2026-03,DE,*,EUR,10000019\n2026-03,*,premium,USD,77777777\n"

// TrinoReport is what bench royalties reports where Trino computes.
type TrinoReport struct {
	Work []measure    `json:"work"` // of lakectl's processes
	Cost []trinoCost  `json:"trino"`
	Node []nodeMemory `json:"nodes"`
	// Ratios are those of Trino and lakectl together to DuckDB.
	Ratios []rebuildRatio `json:"ratios"`
	Same   []published    `json:"the_same_of_both"`
	Notes  []string       `json:"notes"`
}

// published is what came of a month.
type published struct {
	Period string `json:"period"`
	royalty.LinesReport
	Counted    int64  `json:"counted"`
	Duplicates int64  `json:"duplicates"`
	Payouts    int64  `json:"payouts"`
	Amount     int64  `json:"amount_minor"`
	Paid       string `json:"payouts_checksum"`
}

// royaltiesOnTrino measures the first run and the recount on the configured Trino, and on DuckDB with the same events.
func royaltiesOnTrino(ctx context.Context, c *frame.Call, o RoyaltiesOptions) (any, error) {
	if o.Rows < 1 {
		return nil, usage.Errorf("give --rows", "with --engine trino a rebuild is measured, and --rows is %d", o.Rows)
	}
	if k := c.Config.Catalog; k.Type != "postgres" || strings.HasPrefix(k.Warehouse, "s3://") {
		return nil, usage.Errorf("name a new database with catalog.type: postgres and catalog.uri, a folder with catalog.warehouse, and with trino.catalog Trino's catalog that leads there",
			"the bench makes its lake on PostgreSQL and in a folder, and catalog.type is %s, catalog.warehouse %s", k.Type, k.Warehouse)
	}
	configured := c.Config
	server, err := newTrinoServer(ctx, configured.Trino)
	if err != nil {
		return nil, err
	}
	report := TrinoReport{Notes: []string{
		"wall times are only comparable within a run, and only when nothing else is at work on the machine",
		"the memory of a node is the most that the tasks of one query had there, each at its own peak",
		"no night is measured on trino",
		"the tables stay in the configured catalog",
	}}
	work, onTrino, err := rebuiltOnTrino(ctx, c, o, server, &report)
	if err != nil {
		return nil, err
	}
	c.Config = configured
	again, onDuck, err := rebuiltOnDuck(ctx, c, o)
	if err != nil {
		return nil, err
	}
	report.Work, report.Same = append(work, again...), onTrino
	for i, m := range work {
		cpu := m.CPUMicrosec + report.Cost[i].CPUMicrosec
		report.Ratios = append(report.Ratios, rebuildRatio{What: m.What, Wall: m.Seconds / again[i].Seconds, CPU: cpu / again[i].CPUMicrosec})
	}
	if !reflect.DeepEqual(onTrino, onDuck) {
		return report, fmt.Errorf("of the same events trino made %+v and duckdb %+v: %w", onTrino, onDuck, jobs.ErrProof)
	}
	return report, nil
}

func rebuiltOnTrino(ctx context.Context, c *frame.Call, o RoyaltiesOptions, server *trinoServer, report *TrinoReport) ([]measure, []published, error) {
	b, err := newBenchOnTrino(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	defer b.close()
	return b.rebuilt(ctx, o, "trino", func(what string) error {
		cost, nodes, err := server.costOf(ctx, what, o.Rows)
		report.Cost, report.Node = append(report.Cost, cost), append(report.Node, nodes...)
		return err
	})
}

func rebuiltOnDuck(ctx context.Context, c *frame.Call, o RoyaltiesOptions) ([]measure, []published, error) {
	b, err := newBench(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	defer b.close()
	return b.rebuilt(ctx, o, "duckdb", func(string) error { return nil })
}

// newBenchOnTrino makes the lake in the configured catalog, which Trino reads; its tables stay. The subject key is in a
// temporary folder where none is configured.
func newBenchOnTrino(ctx context.Context, c *frame.Call) (*bench, error) {
	k := c.Config.Catalog
	uri, err := k.URI.Read()
	if err != nil {
		return nil, err
	}
	return newBenchIn(ctx, c, func(dir string) (string, error) {
		file := filepath.Join(dir, "catalog.uri") // it may hold a password
		text := fmt.Sprintf("catalog: {type: postgres, name: '%s', uri_file: '%s', warehouse: '%s', subject_key_file: '%s'}\n",
			k.Name, file, k.Warehouse, cmp.Or(k.SubjectKeyFile, filepath.Join(dir, "subject.key"))) +
			fmt.Sprintf("trino: {url: '%s', catalog: '%s', user: '%s'}\n", c.Config.Trino.URL, c.Config.Trino.Catalog, c.Config.Trino.User)
		return text, os.WriteFile(file, []byte(uri), 0o600)
	}, refuseTables)
}

// rebuilt ingests the load and runs the job, then counts it anew; measured is called after each.
func (b *bench) rebuilt(ctx context.Context, o RoyaltiesOptions, engine string, measured func(what string) error) (work []measure, made []published, err error) {
	load := newRoyaltiesLoad(o, simulate.LoadOptions{Rows: o.Rows, Days: 30})
	defer load.stop()
	if err := load.ingest(ctx, b.env, "rebuild", o.Rows); err != nil {
		return nil, nil, err
	}
	pools := filepath.Join(b.dir, "pools.csv")
	if err := os.WriteFile(pools, []byte(benchPools), 0o600); err != nil {
		return nil, nil, err
	}
	if _, err := b.child(ctx, "", 0, "pools", "apply", pools); err != nil {
		return nil, nil, err
	}
	var first royalty.Report
	for _, args := range [][]string{nil, {"--full"}} {
		what := strings.Join(append([]string{"job royalties --engine " + engine}, args...), " ")
		m, report, err := b.royalties(ctx, what, o.Rows, append(args, "--engine", engine)...)
		if err == nil {
			err = measured(what)
		}
		if err != nil {
			return nil, nil, err
		}
		work = append(work, m)
		if args == nil {
			first = report
		} else if report.Written || report.Full == nil || !report.Full.Agrees {
			return nil, nil, fmt.Errorf("%s wrote something or does not agree: %w", what, jobs.ErrProof)
		}
	}
	made, err = publishedOf(ctx, b.env, first)
	return work, made, err
}

// publishedOf is what came of the first run.
func publishedOf(ctx context.Context, env jobs.Env, first royalty.Report) (made []published, err error) {
	if len(first.Periods) == 0 || first.Ledger.Duplicates == 0 {
		return nil, fmt.Errorf("the first run counted nothing, or no copy twice: %w", jobs.ErrProof)
	}
	db, err := env.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer db.Close() //nolint:errcheck // it only read
	s, err := env.Snapshot(ctx, catalog.RoyaltyPayouts)
	if err != nil {
		return nil, err
	}
	if err := db.Bind(ctx, "payouts", s); err != nil {
		return nil, err
	}
	var all published
	if err := db.One(ctx, "bench/payouts", nil, []any{&all.Payouts, &all.Amount, &all.Paid}); err != nil {
		return nil, err
	}
	all.Counted, all.Duplicates = first.Ledger.Counted, first.Ledger.Duplicates
	for _, p := range first.Periods {
		one := all
		one.Period, one.LinesReport = p.Period, p.LinesReport
		made = append(made, one)
	}
	return made, nil
}
