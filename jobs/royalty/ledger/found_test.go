package ledger

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake/trino"
)

// Nothing is left to look for, and so nothing for Trino: nobody answers at this address.
func TestALedgerOfAnEmptiedArchiveIsEmptiedToo(t *testing.T) {
	l := laketest.New(t)
	env := jobs.Env{Lake: l.Lake, Duck: l.Duck, Log: slog.New(slog.DiscardHandler), Now: time.Now, CodeVersion: "test", Progress: func(string) {}}
	at := time.Date(2026, 3, 31, 23, 59, 59, 999_999_000, time.UTC)
	for i := range 2 {
		l.Put(t, catalog.IngestJob, catalog.Listens, nil, []any{fmt.Sprint("l", i), "u", "t", "A", "phone", at, 60_000, nil, "DE", "free", nil, nil, at, nil, "file", 0, i})
		if r, err := Update(t.Context(), env); err != nil || r.Counted != 1 {
			t.Fatalf("%+v, %v", r, err)
		}
	}
	client, err := trino.Open(trino.Options{URL: "http://127.0.0.1:1", Catalog: "c", Namespace: "n", User: "u", Patience: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() }) //nolint:errcheck // nothing was sent
	env.Trino = client
	l.Hand(t, catalog.Listens).Truncate()
	l.Hand(t, catalog.ListensCounted).Rollback(1)
	r, err := Update(t.Context(), env)
	if err != nil || !r.Rebuilt {
		t.Fatalf("%+v, %v", r, err)
	}
	var rows int64
	db := l.DB(t)
	if err := db.Bind(t.Context(), "counted", l.Snapshot(t, catalog.ListensCounted)); err != nil {
		t.Fatal(err)
	}
	if err := db.OneText(t.Context(), "SELECT count(*) FROM counted", nil, []any{&rows}); err != nil || rows != 0 {
		t.Errorf("%d rows are left, %v", rows, err)
	}
}
