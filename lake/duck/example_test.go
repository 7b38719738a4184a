package duck_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/open"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/duck"
)

// DuckDB writes the files of a table, package lake commits them, and a view of the new snapshot reads them.
func ExampleDB_Bind() {
	dir, err := os.MkdirTemp("", "duck")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir) //nolint:errcheck // the example is over
	if err := countTracks(context.Background(), dir); err != nil {
		fmt.Println(err)
	}
	// Output:
	// Label Seven has 2 tracks
}

func countTracks(ctx context.Context, dir string) error {
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
	d, err := duck.Open(ctx, duck.Options{MemoryLimit: "128MiB", Threads: 1, TempDir: filepath.Join(dir, "tmp")})
	if err != nil {
		return err
	}
	defer d.Close() //nolint:errcheck // in memory
	if err := d.ExecText(ctx, `CREATE TABLE rows AS SELECT 't' || i AS track_id, 'Song ' || i AS title, 'Ana' AS artist_name, 'l7' AS label_id,
		'Label Seven' AS label_name, NULL::VARCHAR AS isrc, NULL::DATE AS valid_from, NULL::DATE AS valid_to FROM range(2) AS r(i)`); err != nil {
		return err
	}
	files, err := d.Write(ctx, t, "example", "rows")
	if err != nil {
		return err
	}
	now, err := c.Lake().Commit(ctx, catalog.Tracks, lake.Commit{Job: "example", Add: files, Stage: lake.IfUnmoved(t.Current(), nil)})
	if err != nil {
		return err
	}
	if err := d.Bind(ctx, "tracks", now); err != nil {
		return err
	}
	var label string
	var tracks int64
	return d.EachText(ctx, "SELECT label_name, count(*) FROM tracks GROUP BY 1", nil, []any{&label, &tracks}, func() error {
		fmt.Println(label, "has", tracks, "tracks")
		return nil
	})
}
