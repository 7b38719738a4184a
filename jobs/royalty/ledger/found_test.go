package ledger

import (
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/lake/trino"
)

// Nothing is left to look for, and so nothing for Trino: nobody answers at this address.
func TestALedgerOfAnEmptiedArchiveIsEmptiedToo(t *testing.T) {
	l, env := archived(t, 2)
	client, err := trino.Open(trino.Options{URL: "http://127.0.0.1:1", Catalog: "c", Namespace: "n", User: "u", Patience: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() }) //nolint:errcheck // nothing was sent
	env.Trino = client
	l.Hand(t, catalog.Listens).Truncate()
	l.Hand(t, catalog.ListensCounted).Rollback(1)
	if r, err := Update(t.Context(), env); err != nil || !r.Rebuilt {
		t.Fatalf("%+v, %v", r, err)
	}
	counted(t, l, 0)
}
