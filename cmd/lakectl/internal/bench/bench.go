package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/config"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/reach"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// measure is what a stretch of work took.
type measure struct {
	What        string  `json:"what"`
	Rows        int64   `json:"rows"`
	Seconds     float64 `json:"seconds"`
	RowsSecond  int64   `json:"rows_per_second"`
	CPUMicrosec float64 `json:"cpu_us_per_row"`
	PeakRSSMiB  int64   `json:"peak_rss_mib"`   // 0: not told apart from this process
	SpillMiB    int64   `json:"spill_peak_mib"` // 0: none, or not looked at

	statements []statementCost // of a job that was told to log them
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
	stays    bool     // the folder is not removed
}

// newBench makes the lake, points the call's configuration at it and opens it.
func newBench(ctx context.Context, c *frame.Call) (*bench, error) {
	return newBenchAt(ctx, c, nil)
}

// newBenchAt is newBench with files elsewhere than in its folder; nil is there.
func newBenchAt(ctx context.Context, c *frame.Call, far *s3Place) (*bench, error) {
	return newBenchIn(ctx, c, func(dir string) (string, error) { return ownCatalog(dir, far), nil },
		func(context.Context, *frame.Call) error { return nil })
}

// ownCatalog is the text of a configuration that names a catalog in a folder, and where the files are.
func ownCatalog(dir string, far *s3Place) string {
	return fmt.Sprintf("catalog: {uri: %s/catalog.db, %s}\n", dir, far.keys(dir))
}

// newBenchIn is newBench with the lake where a text of the configuration says, in a catalog that is looked at first.
func newBenchIn(ctx context.Context, c *frame.Call, where func(dir string) (string, error), look func(context.Context, *frame.Call) error) (*bench, error) {
	dir, err := os.MkdirTemp("", "lakectl-bench-")
	if err != nil {
		return nil, err
	}
	b := &bench{dir: dir, config: filepath.Join(dir, "lakehouse.yaml")}
	text, err := where(dir)
	if err == nil {
		err = b.configure(c, text)
	}
	if err == nil {
		err = look(ctx, c)
	}
	if err == nil {
		err = b.open(ctx, c)
	}
	if err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

// configure points the call's configuration at the lake.
func (b *bench) configure(c *frame.Call, where string) error {
	k := c.Config
	text := where + fmt.Sprintf("duckdb: {temp_directory: %s/tmp, memory_limit: %dB, threads: %d, spill_limit: %dB}\ningest: {flush_rows: %d}\n",
		b.dir, int64(k.DuckDB.MemoryLimit), k.DuckDB.Threads, int64(k.DuckDB.SpillLimit), k.Ingest.FlushRows)
	err := os.WriteFile(b.config, []byte(text), 0o600)
	if err != nil {
		return err
	}
	if c.Config, err = config.Load(b.config, nil, nil); err != nil {
		return err
	}
	c.Config.Kafka = k.Kafka
	return nil
}

func (b *bench) open(ctx context.Context, c *frame.Call) error {
	_, err := reach.Init(ctx, c)
	if err == nil {
		b.env, b.closeEnv, err = reach.Env(ctx, c)
	}
	return err
}

// configuredBench is the lake of the configuration. It makes the tables there and leaves them.
func configuredBench(ctx context.Context, c *frame.Call) (*bench, error) {
	if err := refuseTables(ctx, c); err != nil {
		return nil, err
	}
	made, err := reach.Init(ctx, c)
	if err == nil && !slices.Contains(made.Created, catalog.Listens) {
		err = errNotEmpty()
	}
	if err != nil {
		return nil, err
	}
	b := &bench{dir: os.TempDir(), stays: true}
	b.env, b.closeEnv, err = reach.Env(ctx, c)
	return b, err
}

// refuseTables is an error where the configured catalog has a lake. It makes nothing.
func refuseTables(ctx context.Context, c *frame.Call) error {
	env, closeEnv, err := reach.Reader(ctx, c)
	if err == nil {
		_, err = env.Snapshot(ctx, catalog.Listens)
		closeEnv()
	}
	switch {
	case errors.Is(err, lake.ErrNotFound):
		return nil
	case err != nil:
		return err
	}
	return errNotEmpty()
}

func errNotEmpty() error {
	return usage.Errorf("name a catalog of its own, such as a new database", "the configured catalog has the table listens already")
}

func (b *bench) close() {
	if b.closeEnv != nil {
		b.closeEnv()
	}
	if !b.stays {
		os.RemoveAll(b.dir) //nolint:errcheck // a temporary folder
	}
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
	c.Env = append(b.inherited(), b.environ...)
	started := time.Now()
	peak, err := peakOf(c)
	if err != nil {
		return m, nil, fmt.Errorf("%v: %w: %s", args, err, stderr.String())
	}
	m = newMeasure(what, rows, time.Since(started), c.ProcessState.UserTime()+c.ProcessState.SystemTime(), peak)
	m.statements = statementsIn(what, stderr.Bytes())
	return m, stdout.Bytes(), nil
}

// inherited is the environment of a child of a lake of the bench's own: no variable leads it to another lake or engine.
// How to reach the brokers stays.
func (b *bench) inherited() []string {
	if b.config == "" {
		return os.Environ()
	}
	return slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "LAKEHOUSE_") && !strings.HasPrefix(v, "LAKEHOUSE_KAFKA_")
	})
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
