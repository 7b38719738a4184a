package lake_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/open"
	"github.com/lakectl/lakectl/lake"
)

// A commit adds rows together with the state that says how far its job has come.
func ExampleLake_Commit() {
	dir, err := os.MkdirTemp("", "lake")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir) //nolint:errcheck // the example is over
	if err := commitTracks(context.Background(), dir); err != nil {
		fmt.Println(err)
	}
	// Output:
	// before: 0 files, line ""
	// now: 1 files, line "2"
}

func commitTracks(ctx context.Context, dir string) error {
	o := open.Options{
		Type: "sqlite", URI: filepath.Join(dir, "catalog.db"), Name: "lake", Warehouse: filepath.Join(dir, "warehouse"),
		Log: slog.New(slog.DiscardHandler),
	}
	if _, err := open.Init(ctx, o); err != nil {
		return err
	}
	c, err := open.Connect(ctx, o)
	if err != nil {
		return err
	}
	defer c.Close() //nolint:errcheck // all is committed
	t, err := c.Lake().Table(ctx, catalog.Tracks)
	if err != nil {
		return err
	}
	before := t.Current()
	files, err := t.WriteRows(ctx, "example", [][]any{
		{"t1", "Blue", "Ana", "l7", "Label Seven", nil, nil, nil},
		{"t2", "Red", "Ben", "l7", "Label Seven", nil, nil, nil},
	})
	if err != nil {
		return err
	}
	now, err := c.Lake().Commit(ctx, catalog.Tracks, lake.Commit{
		Job: "example", Add: files, Stage: lake.IfUnmoved(before, map[string]string{lake.StateKey("line"): "2"}),
	})
	if err != nil {
		return err
	}
	for _, s := range []lake.Snapshot{before, now} {
		name := "now"
		if s.ID() == before.ID() {
			name = "before"
		}
		live, err := s.Files(ctx)
		if err != nil {
			return err
		}
		state, err := s.State("line")
		if err != nil {
			return err
		}
		fmt.Printf("%s: %d files, line %q\n", name, len(live), state)
	}
	return nil
}
