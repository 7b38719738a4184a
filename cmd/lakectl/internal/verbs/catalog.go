package verbs

import (
	"context"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/lakectl/lakectl/catalog/open"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/reach"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
)

func catalogVerb() frame.Verb {
	return frame.Verb{
		Name:  "catalog",
		Short: "Show the tables to other engines; make a lake whole that was copied, moved or restored.",
		Long: `'catalog serve' is a read-only Iceberg REST catalog: other engines attach with one address.

Tables name their files by absolute paths, and the catalog names one metadata file of each table. So a copied or moved
lake is refused until it is relocated, and a catalog from a backup is older than its tables until it is restored.`,
		Examples: []string{"lakectl catalog serve", "lakectl catalog relocate --dry-run", "lakectl catalog relocate"},
		Verbs:    []frame.Verb{catalogServeVerb(), catalogRelocateVerb(), catalogRestoreVerb()},
	}
}

func catalogRelocateVerb() frame.Verb {
	return frame.Bind(frame.Verb{
		Name: "relocate", Short: "Make a copied or moved lake name the files at its new place.",
		Long: `Configure catalog.uri and catalog.warehouse for the new place; nothing else is needed, also for lakes of earlier
versions. It reads the metadata of all tables below catalog.warehouse and writes it anew under other names: metadata
files, manifest lists, manifests and position delete files of every snapshot that is kept. Snapshot ids, times, tags and
rows stay the same. The catalog is switched last, all tables at once. Nothing is deleted, and no file at the old place
is touched. A lake whose old place still exists is a copy and gets a new id; a moved one keeps its id. Where the old
place is on another machine, say --copy or --moved. Running it again does nothing; after a kill it goes on.`,
		Examples: []string{
			"cp -r lakehouse staging && LAKEHOUSE_CATALOG_URI=staging/catalog.db LAKEHOUSE_CATALOG_WAREHOUSE=staging/warehouse lakectl catalog relocate",
			"lakectl catalog relocate --moved",
		},
		Exits: []int{frame.ExitFenced},
		Text:  []frame.Teller{frame.Text(sayRelocated)},
	}, (*relocateFlags).declare, runCatalogRelocate)
}

type relocateFlags struct {
	From   string
	Copy   bool
	Moved  bool
	DryRun bool
}

func (f *relocateFlags) declare() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "from", Usage: "the `WAREHOUSE` that the lake came from (default: what its tables say)", Destination: &f.From},
		&cli.BoolFlag{Name: "copy", Usage: "the lake is a copy, although its old place cannot be seen", Destination: &f.Copy},
		&cli.BoolFlag{Name: "moved", Usage: "the lake was moved, although something is at its old place", Destination: &f.Moved},
		&cli.BoolFlag{Name: "dry-run", Usage: "look for every file and say what would be done; change nothing", Destination: &f.DryRun},
	}
}

func runCatalogRelocate(ctx context.Context, c *frame.Call, f relocateFlags) (any, error) {
	if f.Copy && f.Moved {
		return nil, usage.Errorf("keep one of them", "--copy and --moved are both set")
	}
	o, err := reach.CatalogOptions(c)
	if err != nil {
		return nil, err
	}
	done, err := open.Relocate(ctx, o, open.RelocateOptions{
		From: f.From, Copy: f.Copy, Moved: f.Moved, DryRun: f.DryRun, Progress: c.Progress.Say,
	})
	return frame.Result(done, usage.UnsupportedIsUsage(err))
}

func catalogRestoreVerb() frame.Verb {
	return frame.Bind(frame.Verb{
		Name: "restore", Short: "Let a catalog from a backup name the newest state of every table.",
		Long: `The warehouse must be newer than the catalog, or of the same time. For each table it reads the metadata files below
catalog.warehouse and takes the one that came after all others: by lineage, not by age or number, because commits that
lost a race leave newer files behind. A table that the catalog does not know at all is registered again. Every file that
the chosen state names must exist. If the warehouse was copied while jobs ran, the newest state that is whole is taken,
and the report says so. The catalog is switched for all tables at once; nothing is deleted. If a table has several
states and none contains the others, the command prints them and ends with code 5: choose one with --head. notes names
the tables that are of different times; the jobs catch up where they can.`,
		Examples: []string{"lakectl catalog restore --dry-run", "lakectl catalog restore --head listens=00041-8a2f0c1e.gz.metadata.json"},
		Exits:    []int{frame.ExitFenced, frame.ExitProof},
		Text:     []frame.Teller{frame.Text(sayRestored)},
	}, (*restoreFlags).declare, runCatalogRestore)
}

type restoreFlags struct {
	Head   cli.StringSlice
	DryRun bool
}

func (f *restoreFlags) declare() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "head", Usage: "take this metadata file for a table, as `TABLE=METADATA`; may be repeated", Destination: &f.Head},
		&cli.BoolFlag{Name: "dry-run", Usage: "say what would be done; change nothing", Destination: &f.DryRun},
	}
}

func runCatalogRestore(ctx context.Context, c *frame.Call, f restoreFlags) (any, error) {
	heads := map[string]string{}
	for _, text := range f.Head.Value() {
		table, file, ok := strings.Cut(text, "=")
		if !ok || table == "" || file == "" {
			return nil, usage.Errorf("give TABLE=METADATA, as in listens=00041-8a2f0c1e.gz.metadata.json", "--head %q", text)
		}
		heads[table] = file
	}
	o, err := reach.CatalogOptions(c)
	if err != nil {
		return nil, err
	}
	done, err := open.Restore(ctx, o, open.RestoreOptions{Heads: heads, DryRun: f.DryRun})
	if len(done.Heads) == 0 {
		return frame.Result(done, usage.UnsupportedIsUsage(err))
	}
	return done, err
}
