package demo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/config"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/reach"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
	"github.com/lakectl/lakectl/jobs"
)

// demoMark is the file that says a lake is the demo's own, so that the next demo may remove it.
const demoMark = "MADE_BY_LAKECTL_DEMO"

// Options are what a demo can be asked for.
type Options struct {
	Seed    uint64
	Listens int    // distinct ones of the month; 0: what suits
	Dir     string // of the lake
	Live    bool   // devices go on listening after it, with the dashboard
	Rate    int    // of them, listens a second
}

// defaultDir is where commands without a configuration look for a lake.
const defaultDir = "lakehouse"

const (
	storyListens = 200_000
	liveListens  = 20_000 // told in seconds, for somebody waits for the page
)

// mostRate is what the embedded broker and everything else can do on two cores.
const mostRate = 10_000

// Run makes a lake and tells the story on it.
func Run(ctx context.Context, c *frame.Call, o Options) (any, error) {
	dir := o.Dir
	if o.Live && (o.Rate < 1 || o.Rate > mostRate) {
		return nil, usage.Errorf("give --rate a number from 1 to "+strconv.Itoa(mostRate), "--rate %d", o.Rate)
	}
	switch {
	case o.Listens == 0 && o.Live:
		o.Listens = liveListens
	case o.Listens == 0:
		o.Listens = storyListens
	}
	if err := clearDemo(dir); err != nil {
		return nil, err
	}
	c.Config.Catalog = config.Catalog{
		Type: "sqlite", Name: "lake", URI: config.NewSecret(filepath.Join(dir, "catalog.db")), Warehouse: filepath.Join(dir, "warehouse"),
	}
	c.Config.DuckDB.TempDirectory = filepath.Join(dir, "tmp")
	c.Config.Rollup.StateDirectory = ""
	if _, err := reach.Init(ctx, c); err != nil {
		return nil, err
	}
	env, closeEnv, err := reach.Env(ctx, c)
	if err != nil {
		return nil, err
	}
	defer closeEnv()
	return told(ctx, c, o, env)
}

// told is what comes of the story on an empty lake.
func told(ctx context.Context, c *frame.Call, o Options, env jobs.Env) (any, error) {
	s := newStory(c, o, env)
	defer s.close()
	err := s.tell(ctx)
	if err != nil && s.report.Month == "" {
		return nil, err
	}
	if err == nil && o.Live {
		if !c.JSON {
			err = s.report.WriteText(c.Stdout)
		}
		return nil, errors.Join(err, s.live(ctx))
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
	for _, name := range []string{"warehouse", "tmp", "recent", "catalog.db", "catalog.db-wal", "catalog.db-shm", "subject.key", "certificate", demoMark} {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			return fmt.Errorf("remove the last demo: %w", err)
		}
	}
	return nil
}
