package trino_test

import (
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/catalog/open"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/trino"
)

// served is a lake on PostgreSQL that Trino has a catalog for.
type served struct {
	*open.Catalog
	lake    *lake.Lake
	options trino.Options
	execute func(statement string) // as another user of Trino
}

// serve makes an empty lake in a database of its own, and its catalog in Trino.
func serve(t *testing.T) served {
	t.Helper()
	l, engine := laketest.NewOnTrino(t)
	return served{l.Catalog, l.Lake, engine.Options, engine.Execute}
}

// commit adds a row to table sources, loaded at a time.
func (s served) commit(t *testing.T, source string, at time.Time) lake.Snapshot {
	t.Helper()
	table, err := s.lake.Table(t.Context(), catalog.Sources)
	if err != nil {
		t.Fatal(err)
	}
	files, err := table.WriteRows(t.Context(), "test", [][]any{{source, int64(1), at, int64(0), int64(0)}})
	if err != nil {
		t.Fatal(err)
	}
	after, err := s.lake.Commit(t.Context(), catalog.Sources, lake.Commit{
		Job: "test", Add: files, Stage: func(lake.Snapshot) (map[string]string, error) { return nil, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return after
}

// rows are all rows of a query as they come.
func rows(t *testing.T, c *trino.Client, q trino.Query) (all [][]any, err error) {
	t.Helper()
	var row []any
	err = c.Each(t.Context(), q, func(columns []string) ([]any, error) {
		row = make([]any, len(columns))
		dest := make([]any, len(columns))
		for i := range row {
			dest[i] = &row[i]
		}
		return dest, nil
	}, func() error {
		all = append(all, append([]any(nil), row...))
		return nil
	})
	return all, err
}
