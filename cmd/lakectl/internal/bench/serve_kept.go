package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
)

// What lies in the folder of kept tables, beside the lake.
const (
	keptFile    = "tables.json"
	keptCatalog = "tables.db" // the catalog as it was when the tables were made: a run goes on from there
	keptForm    = 1           // another one has other rows
)

// kept says what the tables of a folder are.
type kept struct {
	Form int              `json:"form"`
	Size int              `json:"rows_wanted"`
	Rows map[string]int64 `json:"rows"`
	Salt int              `json:"salt"`
}

// serveTables gives filled tables: those that --keep names, or else new ones. The bench is to be closed in any case
// where there is one.
func serveTables(ctx context.Context, c *frame.Call, o ServeOptions, report *ServeReport) (b *bench, d *dashboard, err error) {
	var k *kept
	if o.Keep == "" {
		b, err = newBench(ctx, c)
	} else if k, err = keptIn(o.Keep, o.Rows); err == nil {
		b, err = keptBench(ctx, c, o.Keep, k != nil)
	}
	if err != nil {
		return nil, nil, err
	}
	if d, err = newDashboard(ctx, b, o.Rows); err != nil {
		return b, nil, err
	}
	if k != nil {
		d.rows, d.salt = k.Rows, k.Salt
		report.Notes = append(report.Notes, "the tables are those that an earlier run made in "+o.Keep)
		return b, d, nil
	}
	started := time.Now()
	if err := d.fill(ctx, c); err != nil {
		return b, d, err
	}
	report.Make = time.Since(started).Seconds()
	if o.Keep != "" {
		err = d.keep(ctx, c, o.Rows)
	}
	return b, d, err
}

// keptIn reads what a folder has: nil for one that is empty or not there.
func keptIn(dir string, rows int) (*kept, error) {
	text, err := os.ReadFile(filepath.Join(dir, keptFile))
	if errors.Is(err, fs.ErrNotExist) {
		if there, err := os.ReadDir(dir); err == nil && len(there) > 0 {
			return nil, usage.Errorf("give another folder, or empty it", "--keep: %s is not empty, and no run has left its tables there", dir)
		}
		return nil, nil
	}
	var k kept
	if err == nil {
		err = json.Unmarshal(text, &k)
	}
	if err != nil {
		return nil, err
	}
	if k.Form != keptForm || k.Size != rows {
		return nil, usage.Errorf("give another folder, or remove it", "--keep: %s has tables of --rows %d in form %d, and this run wants %d in form %d", dir, k.Size, k.Form, rows, keptForm)
	}
	return &k, nil
}

// keptBench opens a lake in a folder that stays.
func keptBench(ctx context.Context, c *frame.Call, dir string, filled bool) (*bench, error) {
	dir, err := filepath.Abs(dir)
	if err == nil {
		err = os.MkdirAll(dir, 0o700)
	}
	if err != nil {
		return nil, err
	}
	b := &bench{dir: dir, config: filepath.Join(dir, "lakehouse.yaml"), stays: true}
	if filled {
		if err := b.rewind(); err != nil {
			return nil, err
		}
	}
	if err = b.configure(c, ownCatalog(dir, nil)); err == nil {
		err = b.open(ctx, c)
	}
	if err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

// rewind brings the catalog to where the tables had just been made, whatever runs have published since.
func (b *bench) rewind() error {
	for _, more := range []string{"-wal", "-shm"} {
		if err := os.RemoveAll(filepath.Join(b.dir, "catalog.db"+more)); err != nil {
			return err
		}
	}
	return copyFile(filepath.Join(b.dir, keptCatalog), filepath.Join(b.dir, "catalog.db"))
}

// keep makes the tables of use to the next run. What says so is written last.
func (d *dashboard) keep(ctx context.Context, c *frame.Call, size int) error {
	d.b.closeEnv() // so that the catalog is one file
	d.b.closeEnv = nil
	if err := copyFile(filepath.Join(d.b.dir, "catalog.db"), filepath.Join(d.b.dir, keptCatalog)); err != nil {
		return err
	}
	text, err := json.Marshal(kept{keptForm, size, d.rows, d.salt})
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(d.b.dir, keptFile), text, 0o600); err != nil {
		return err
	}
	return d.b.open(ctx, c)
}

func copyFile(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return fmt.Errorf("kept tables: %w", err)
	}
	return os.WriteFile(to, text, 0o600)
}
