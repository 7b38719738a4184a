package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/config"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/reach"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
)

func demoVerb() frame.Verb {
	return frame.Verb{
		Name:  "demo",
		Short: "Run the whole story on this machine: a month of listens from a Kafka topic to payouts.",
		Long: `Starts an embedded Kafka broker, produces a simulated month with late buffers, duplicates, wrong clocks, malformed
records and deletion requests, and runs the production jobs on it. Leaves the lake in ./lakehouse for you to query. The
same seed gives the same tables. A lake that the demo did not make is never touched. --brokers uses a real Kafka instead
of the embedded broker, and makes a new topic there.`,
		Examples: []string{"lakectl demo", "lakectl demo --seed 7 --listens 50000", "lakectl demo --brokers 127.0.0.1:9092"},
		Exits:    []int{frame.ExitProof},
		Flags: []cli.Flag{
			&cli.Uint64Flag{Name: "seed", Usage: "`NUMBER` that the month is made from: another seed makes another month", Value: 1},
			&cli.IntFlag{Name: "listens", Usage: "how many distinct listens the month has", Value: 200_000},
			&cli.StringFlag{Name: "dir", Usage: "the `FOLDER` of the lake", Value: "lakehouse"},
		},
		Keys: []string{"kafka.brokers", "kafka.topic"},
		Run:  runDemo,
	}
}

// demoMark is the file that says a lake is the demo's own, so that the next demo may remove it.
const demoMark = "MADE_BY_LAKECTL_DEMO"

func runDemo(ctx context.Context, c *frame.Call) (any, error) {
	dir := c.String("dir")
	if err := clearDemo(dir); err != nil {
		return nil, err
	}
	c.Config.Catalog = config.Catalog{
		Type: "sqlite", Name: "lake", URI: config.NewSecret(filepath.Join(dir, "catalog.db")), Warehouse: filepath.Join(dir, "warehouse"),
	}
	c.Config.DuckDB.TempDirectory = filepath.Join(dir, "tmp")
	if _, err := runInit(ctx, c); err != nil {
		return nil, err
	}
	env, closeEnv, err := reach.Env(ctx, c)
	if err != nil {
		return nil, err
	}
	defer closeEnv()
	s := newStory(c, env)
	defer s.close()
	err = s.tell(ctx)
	if err != nil && s.report.Month == "" {
		return nil, err
	}
	return s.report, err
}

// clearDemo makes room for the lake: an earlier demo's is removed, anything else is refused.
func clearDemo(dir string) error {
	mark := filepath.Join(dir, demoMark)
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0:
	case err != nil:
		return fmt.Errorf("look at %s: %w", dir, err)
	default:
		if _, err := os.Stat(mark); err != nil {
			return usage.Errorf("run the demo in another folder, or give --dir", "%s holds something that the demo did not make", dir)
		}
		if err := removeDemo(dir); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make %s: %w", dir, err)
	}
	return os.WriteFile(mark, []byte("lakectl demo made this lake and may remove it.\n"), 0o644)
}

// removeDemo removes only what a demo makes, the mark last.
func removeDemo(dir string) error {
	for _, name := range []string{"warehouse", "tmp", "catalog.db", "catalog.db-wal", "catalog.db-shm", "subject.key", demoMark} {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			return fmt.Errorf("remove the last demo: %w", err)
		}
	}
	return nil
}
