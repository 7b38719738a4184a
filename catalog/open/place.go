package open

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	icetable "github.com/apache/iceberg-go/table"
	"github.com/google/uuid"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/relocate"
)

// checkPlace refuses a lake whose tables name another place than catalog.warehouse: one that was copied, whose files
// are those of the original, or one that was moved. It asks the catalog alone where that is enough.
func (c *Catalog) checkPlace(ctx context.Context) error {
	rows, err := c.ours(ctx)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if r.location == "" && c.db == nil {
			continue
		}
		inside, err := relocate.Below(r.location, c.warehouse)
		if err == nil && inside {
			continue
		}
		if err == nil {
			// write.metadata.path may put metadata elsewhere; then the table's folder tells.
			if meta, broken := relocate.Load(r.location); broken == nil {
				if inside, err = relocate.Below(meta.Location(), c.warehouse); err == nil && inside {
					continue
				}
			}
		}
		return lake.WithHint(fmt.Errorf("table %s lies at %s, but catalog.warehouse is %s: %w", r.table, r.location, c.warehouse, lake.ErrUnfit),
			"if it was copied or moved, run 'lakectl catalog relocate', which writes its paths anew; if not, set catalog.warehouse (LAKEHOUSE_CATALOG_WAREHOUSE) to the folder it was made in")
	}
	if c.options.ReadOnly { // who only reads does no harm
		return nil
	}
	return c.checkIdentity(ctx, rows)
}

// ours are the rows of lakectl's own tables.
func (c *Catalog) ours(ctx context.Context) ([]row, error) {
	rows, err := c.tables(ctx)
	return slices.DeleteFunc(rows, func(r row) bool { return !isOurs(r) }), err
}

func isOurs(r row) bool {
	return r.namespace == catalog.Namespace && slices.ContainsFunc(catalog.Specs(), func(s lake.Spec) bool { return s.Name == r.table })
}

// checkIdentity refuses a second catalog on one warehouse: each would delete what only the other knows. Where the
// warehouse has no such file, an earlier version made the lake, and init has not been run since.
func (c *Catalog) checkIdentity(ctx context.Context, rows []row) error {
	folder, err := c.where()
	if err != nil {
		return err
	}
	file, err := c.identity(ctx, folder)
	if err != nil || file == nil || len(rows) == 0 {
		return err
	}
	id, err := c.lakeID(ctx, rows)
	if err != nil {
		return err
	}
	mine := file.Catalog.same(c.place(ctx))
	switch {
	case mine && (id == file.LakeID || id == ""): // "": an init that was cut off; the next one goes on
		return nil
	case mine:
		return lake.WithHint(fmt.Errorf("the tables of the catalog are of lake %s, %s in %s says %s: %w", id, identityFile, folder, file.LakeID, lake.ErrUnfit),
			"the file was put there from another lake; remove it and run 'lakectl init', which writes it from the tables")
	}
	return c.taken(ctx, *file, folder)
}

// taken is the error of a warehouse that belongs to another catalog.
func (c *Catalog) taken(ctx context.Context, file identity, folder string) error {
	return lake.WithHint(fmt.Errorf("warehouse %s belongs to lake %s of the catalog %s; this is the catalog %s: %w", folder, file.LakeID, file.Catalog, c.place(ctx), lake.ErrUnfit),
		"two catalogs on one warehouse delete each other's files: use that catalog, or another catalog.warehouse; if this catalog replaces that catalog, run 'lakectl catalog restore'")
}

// lakeID is the id that the tables carry: the first there is.
func (c *Catalog) lakeID(ctx context.Context, rows []row) (string, error) {
	// The small table that most commands load anyway comes first.
	slices.SortStableFunc(rows, func(a, b row) int { return rank(a) - rank(b) })
	if len(rows) == 0 {
		return "", nil
	}
	t, err := c.Ice.LoadTable(ctx, icetable.Identifier{rows[0].namespace, rows[0].table})
	if err != nil {
		return "", fmt.Errorf("load table %s: %w", rows[0].table, err)
	}
	return t.Properties()[catalog.LakeIDProperty], nil
}

func rank(r row) int {
	if r.table == catalog.DeletionRequests {
		return 0
	}
	return 1
}

// LakeID is the id of the lake; "" for one that an earlier version made, until init is run.
func (c *Catalog) LakeID(ctx context.Context) (string, error) {
	rows, err := c.ours(ctx)
	if err != nil {
		return "", err
	}
	return c.lakeID(ctx, rows)
}

// claim says under which id this catalog's tables are made, and with write puts that on record in the warehouse. Two
// inits at once agree by who writes the file first.
func (c *Catalog) claim(ctx context.Context, write bool) (string, error) {
	rows, err := c.ours(ctx)
	if err != nil {
		return "", err
	}
	id, err := c.lakeID(ctx, rows)
	if err != nil {
		return "", err
	}
	folder, err := c.where()
	if err != nil {
		return "", err
	}
	if id == "" {
		id = uuid.NewString()
	}
	mine := identity{LakeID: id, Catalog: c.place(ctx)}
	file, err := c.identity(ctx, folder)
	if err == nil && file != nil && !file.Catalog.same(mine.Catalog) {
		err = c.taken(ctx, *file, folder)
	}
	if err == nil && len(rows) == 0 {
		err = c.orphaned(ctx, folder)
	}
	if err != nil {
		return "", err
	}
	if file == nil && write {
		if fresh, err := c.putIdentity(ctx, folder, mine, true); err != nil || fresh {
			return id, err
		}
		return c.claim(ctx, write) // another init was faster
	}
	if file == nil {
		return id, nil
	}
	if write && file.Catalog != mine.Catalog { // the catalog was moved
		mine.LakeID = file.LakeID
		_, err = c.putIdentity(ctx, folder, mine, false)
	}
	return file.LakeID, err
}

// orphaned refuses a catalog without tables on a warehouse that has some: the catalog was lost, and new tables among
// the files of the old ones would hide that. The metadata of one table may be there without its row, where an init was
// cut off.
func (c *Catalog) orphaned(ctx context.Context, folder string) error {
	found, err := c.tablesThere(ctx, folder)
	if err != nil || found < 2 {
		return err
	}
	if rows, err := c.ours(ctx); err != nil || len(rows) > 0 { // another init is at work
		return err
	}
	return lake.WithHint(fmt.Errorf("warehouse %s has the files of %d tables, and the catalog %s has none: %w", folder, found, c.place(ctx), lake.ErrUnfit),
		"if the catalog was lost, put its backup back or run 'lakectl catalog restore'; for a new lake choose an empty catalog.warehouse")
}

// tablesIn counts the tables of ours that have metadata where init puts it.
func tablesIn(folder string) (found int) {
	for _, spec := range catalog.Specs() {
		if files, err := filepath.Glob(filepath.Join(escapeGlob(folder), catalog.Namespace+".db", spec.Name, "metadata", "*.metadata.json")); err == nil && len(files) > 0 {
			found++
		}
	}
	return found
}

// escapeGlob takes the meaning from the characters of a folder's name.
func escapeGlob(name string) string {
	return strings.NewReplacer("\\", "\\\\", "*", "\\*", "?", "\\?", "[", "\\[").Replace(name)
}
