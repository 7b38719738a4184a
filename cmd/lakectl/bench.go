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

	"github.com/lakectl/lakectl/cmd/lakectl/internal/config"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/reach"
	"github.com/lakectl/lakectl/jobs"
)

func benchVerb() frame.Verb {
	rows := func(def int) cli.Flag { return &cli.IntFlag{Name: "rows", Usage: "records of the load", Value: def} }
	seed := &cli.Uint64Flag{Name: "seed", Usage: "`NUMBER` that the load is made from: another seed makes another load", Value: 1}
	return frame.Verb{
		Name:  "bench",
		Short: "Measure a job on a load of its own against what the same work costs without it.",
		Long: `Makes a lake in a temporary folder, runs the job there as a process of its own, and reports rows a second, CPU
microseconds a row, peak memory and the ratio to a limit measured in the same run. Compare ratios, not seconds: those
depend on the machine.`,
		Examples: []string{"lakectl bench ingest --rows 1000000", "lakectl bench royalties --rows 20000000 --ledger 0"},
		Verbs: []frame.Verb{
			{
				Name: "ingest", Short: "Broker to committed snapshots, by stage; Parquet is compared with arrow-go writing the same rows.",
				Long: `Without --brokers the embedded broker runs in this process, on the same cores as the ingester. The stages are from a CPU
profile of the ingester. The report says which targets are met. Of the targets only the ratio means the same on another
machine.`,
				Examples: []string{"lakectl bench ingest --rows 1000000", "lakectl bench ingest --brokers 127.0.0.1:9092 --days 400 --rows 2000000"},
				Flags:    []cli.Flag{rows(1_000_000), seed, &cli.IntFlag{Name: "days", Usage: "spread the event times of each batch over `N` days; 0 is a month in order of time"}},
				Keys:     []string{"kafka.brokers", "ingest.flush_rows"}, Run: runBenchIngest,
			},
			benchRoyaltiesVerb(seed),
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
	PeakRSSMiB  int64   `json:"peak_rss_mib"`   // 0: not told apart from this process
	SpillMiB    int64   `json:"spill_peak_mib"` // 0: none, or not looked at
}

func newMeasure(what string, rows int64, wall, cpu time.Duration, peakRSSKiB int64) measure {
	n := max(float64(rows), 1)
	return measure{
		What: what, Rows: rows, Seconds: wall.Seconds(), RowsSecond: int64(n / wall.Seconds()),
		CPUMicrosec: float64(cpu.Microseconds()) / n, PeakRSSMiB: peakRSSKiB / 1024,
	}
}

// bench is a lake in a temporary folder and the configuration that names it.
type bench struct {
	env      jobs.Env
	closeEnv func() // nil until the lake is open
	dir      string
	config   string
	environ  []string // what a child has in its environment besides
}

// newBench makes the lake, points the call's configuration at it and opens it.
func newBench(ctx context.Context, c *frame.Call) (*bench, error) {
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

func (b *bench) open(ctx context.Context, c *frame.Call) error {
	k := c.Config
	text := fmt.Sprintf("catalog: {uri: %[1]s/catalog.db, warehouse: %[1]s/warehouse}\nduckdb: {temp_directory: %[1]s/tmp, memory_limit: %[2]dB, threads: %[3]d, spill_limit: %[4]dB}\ningest: {flush_rows: %[5]d}\n",
		b.dir, int64(k.DuckDB.MemoryLimit), k.DuckDB.Threads, int64(k.DuckDB.SpillLimit), k.Ingest.FlushRows)
	err := os.WriteFile(b.config, []byte(text), 0o600)
	if err != nil {
		return err
	}
	if c.Config, err = config.Load(b.config, nil, nil); err != nil {
		return err
	}
	c.Config.Kafka = k.Kafka
	if _, err := runInit(ctx, c); err != nil {
		return err
	}
	b.env, b.closeEnv, err = reach.Env(ctx, c)
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
	m, _, err := b.childReport(ctx, what, rows, args...)
	return m, err
}

// childReport also returns what the process reported, as JSON.
func (b *bench) childReport(ctx context.Context, what string, rows int64, args ...string) (m measure, report []byte, err error) {
	self, err := os.Executable()
	if err != nil {
		return m, nil, err
	}
	var stdout, stderr bytes.Buffer
	c := exec.CommandContext(ctx, self, append([]string{"--config", b.config, "--json"}, args...)...)
	c.Stdout, c.Stderr = &stdout, &stderr
	c.Env = append(os.Environ(), b.environ...)
	started := time.Now()
	if err := c.Run(); err != nil {
		return m, nil, fmt.Errorf("%v: %w: %s", args, err, stderr.String())
	}
	usage, ok := c.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return m, nil, fmt.Errorf("no resource usage of the child on this system")
	}
	m = newMeasure(what, rows, time.Since(started), c.ProcessState.UserTime()+c.ProcessState.SystemTime(), usage.Maxrss)
	return m, stdout.Bytes(), nil
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
