package laketest

import (
	"testing"

	icetable "github.com/apache/iceberg-go/table"
)

// Alter changes a table in one commit as another engine does: without our keys, without our checks.
func (l *Lake) Alter(t testing.TB, table string, change func(*icetable.Transaction) error) {
	t.Helper()
	ice, err := l.Catalog.Ice.LoadTable(t.Context(), []string{l.Namespace(), table})
	if err != nil {
		t.Fatal(err)
	}
	tx := ice.NewTransaction()
	if err := change(tx); err != nil {
		t.Fatalf("alter %s: %v", table, err)
	}
	if _, err := tx.Commit(t.Context()); err != nil {
		t.Fatalf("alter %s: %v", table, err)
	}
}

// Update is [Lake.Alter] by bare updates of the metadata.
func (l *Lake) Update(t testing.TB, table string, updates ...icetable.Update) {
	t.Helper()
	if _, _, err := l.Catalog.Ice.CommitTable(t.Context(), []string{l.Namespace(), table}, nil, updates); err != nil {
		t.Fatalf("update %s: %v", table, err)
	}
}
