package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/lakectl/lakectl/jobs"
)

func benchVerb() verb {
	rows := func(def int) cli.Flag { return &cli.IntFlag{Name: "rows", Usage: "records of the load", Value: def} }
	seed := &cli.Uint64Flag{Name: "seed", Usage: "another load for another `NUMBER`", Value: 1}
	return verb{
		Name:  "bench",
		Short: "Measure a job on a load of its own against what the same work costs without it.",
		Long: `Makes a lake in a temporary folder, runs the job there as a process of its own, and reports rows a second, CPU
microseconds a row, peak memory and the ratio to a limit measured in the same run. Compare ratios, not seconds: those
depend on the machine.`,
		Examples: []string{"lakectl bench ingest --rows 1000000", "lakectl bench royalties --rows 2000000"},
		Verbs: []verb{
			{
				Name: "ingest", Short: "Broker to committed snapshots, by stage; Parquet is compared with arrow-go writing the same rows.",
				Long: `Without --brokers the embedded broker runs in this process, on the same cores as the ingester. The stages are from a CPU
profile of the ingester. Says which targets are met; of these only the ratio means the same on another machine.`,
				Examples: []string{"lakectl bench ingest --rows 1000000", "lakectl bench ingest --brokers 127.0.0.1:9092 --days 400 --rows 2000000"},
				Flags:    []cli.Flag{rows(1_000_000), seed, &cli.IntFlag{Name: "days", Usage: "spread the event times of each batch over `N` days; 0 is a month in order of time"}},
				Keys:     []string{"kafka.brokers", "ingest.flush_rows"}, Run: runBenchIngest,
			},
			{
				Name: "royalties", Short: "A first run over an archive with 5 % duplicates; the limit is the bare DuckDB statement.",
				Long:     "The statement is sql/bench/royalties_limit.sql, run over the same files under the same memory limit.",
				Examples: []string{"lakectl bench royalties --rows 2000000"},
				Flags:    []cli.Flag{rows(1_000_000), seed}, Keys: []string{"duckdb.memory_limit", "duckdb.threads"}, Run: runBenchRoyalties,
			},
			benchLoadVerb(rows(1_000_000), seed),
			benchCommitsVerb(),
		},
	}
}

// measure is what a stretch of work took.
type measure struct {
	What        string  `json:"what"`
	Rows        int64   `json:"rows"`
	Seconds     float64 `json:"seconds"`
	RowsSecond  int64   `json:"rows_per_second"`
	CPUMicrosec float64 `json:"cpu_us_per_row"`
	PeakRSSMiB  int64   `json:"peak_rss_mib"` // 0: not told apart from this process
}

func newMeasure(what string, rows int64, wall, cpu time.Duration, peakRSSKiB int64) measure {
	n := max(float64(rows), 1)
	return measure{
		What: what, Rows: rows, Seconds: wall.Seconds(), RowsSecond: int64(n / wall.Seconds()),
		CPUMicrosec: float64(cpu.Microseconds()) / n, PeakRSSMiB: peakRSSKiB / 1024,
	}
}

// benchReport is the job, the limit and the ratios between them.
type benchReport struct {
	Job       measure  `json:"job"`
	Limit     measure  `json:"limit"`
	CPURatio  float64  `json:"cpu_ratio"`  // job to limit
	WallRatio float64  `json:"wall_ratio"` // job to limit
	Notes     []string `json:"notes,omitempty"`
}

func newBenchReport(job, limit measure) benchReport {
	return benchReport{Job: job, Limit: limit, CPURatio: job.CPUMicrosec / limit.CPUMicrosec, WallRatio: job.Seconds / limit.Seconds}
}

// bench is a lake in a temporary folder and the configuration that names it.
type bench struct {
	env      jobs.Env
	closeEnv func() // nil until the lake is open
	dir      string
	config   string
}

// newBench makes the lake, points the call's configuration at it and opens it.
func newBench(ctx context.Context, c *call) (*bench, error) {
	dir, err := os.MkdirTemp("", "lakectl-bench-")
	if err != nil {
		return nil, err
	}
	b := &bench{dir: dir, config: filepath.Join(dir, "lakehouse.yaml")}
	if err := b.open(ctx, c); err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

func (b *bench) open(ctx context.Context, c *call) error {
	k := c.Config
	text := fmt.Sprintf("catalog: {uri: %[1]s/catalog.db, warehouse: %[1]s/warehouse}\nduckdb: {temp_directory: %[1]s/tmp, memory_limit: %[2]dB, threads: %[3]d}\ningest: {flush_rows: %[4]d}\n",
		b.dir, int64(k.DuckDB.MemoryLimit), k.DuckDB.Threads, k.Ingest.FlushRows)
	err := os.WriteFile(b.config, []byte(text), 0o600)
	if err != nil {
		return err
	}
	if c.Config, err = loadConfig(b.config, nil, nil); err != nil {
		return err
	}
	c.Config.Kafka = k.Kafka
	if _, err := runInit(ctx, c); err != nil {
		return err
	}
	b.env, b.closeEnv, err = openEnv(ctx, c)
	return err
}

func (b *bench) close() {
	if b.closeEnv != nil {
		b.closeEnv()
	}
	os.RemoveAll(b.dir) //nolint:errcheck // a temporary folder
}

// child runs lakectl as a process of its own, so that CPU and peak memory are the job's alone.
func (b *bench) child(ctx context.Context, what string, rows int64, args ...string) (measure, error) {
	self, err := os.Executable()
	if err != nil {
		return measure{}, err
	}
	var stderr bytes.Buffer
	c := exec.CommandContext(ctx, self, append([]string{"--config", b.config, "--json"}, args...)...)
	c.Stderr = &stderr
	started := time.Now()
	if err := c.Run(); err != nil {
		return measure{}, fmt.Errorf("%v: %w: %s", args, err, stderr.String())
	}
	usage, ok := c.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return measure{}, fmt.Errorf("no resource usage of the child on this system")
	}
	return newMeasure(what, rows, time.Since(started), c.ProcessState.UserTime()+c.ProcessState.SystemTime(), usage.Maxrss), nil
}

// here measures a stretch of work in this process.
func here(what string, work func() (rows int64, err error)) (measure, error) {
	var before, after syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &before); err != nil {
		return measure{}, err
	}
	started := time.Now()
	rows, err := work()
	if err != nil {
		return measure{}, err
	}
	wall := time.Since(started)
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &after); err != nil {
		return measure{}, err
	}
	cpu := time.Duration(after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano())
	return newMeasure(what, rows, wall, cpu, 0), nil
}
