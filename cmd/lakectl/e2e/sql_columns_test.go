package e2e

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
)

// A column that a query cannot show is named, and is in nobody's way.
func TestColumnsThatAQueryCannotShowAreNamed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	laketest.NewIn(t, dir).Alter(t, catalog.Sources, func(tx *icetable.Transaction) error {
		return tx.UpdateSchema(true, true).
			AddColumn([]string{"note"}, iceberg.PrimitiveTypes.String, "", false, nil).
			AddColumn([]string{"SOURCE"}, iceberg.PrimitiveTypes.String, "", false, nil).Commit()
	})
	run := readerOf(t, dir)
	shown, said, code := run("--json", "sql", "DESCRIBE TABLE sources")
	if code != 0 || !strings.Contains(shown, `"note"`) || strings.Contains(shown, `"SOURCE"`) || !strings.Contains(said, "sources.SOURCE") {
		t.Errorf("ended with %d in %s\n%s\n%s", code, filepath.Base(dir), shown, said)
	}
}
