package erase

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
)

// peakMemory is the most that the process had in memory since it was asked last, in bytes.
func peakMemory(t testing.TB) int64 {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip("needs /proc")
	}
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		t.Skip("cannot reset the peak")
	}
	for line := range strings.Lines(string(status)) {
		if kb, is := strings.CutPrefix(line, "VmHWM:"); is {
			n, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(kb), " kB"), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return n << 10
		}
	}
	t.Fatal("no VmHWM")
	return 0
}

// Ten thousand requests travel as one batch: two commits of the log, one of each table, each file hit once.
func TestTenThousandRequestsAreOneBatch(t *testing.T) {
	laketest.Long(t, "ten thousand requests over a hundred thousand rows")
	const requests, users, rows, days = 10_000, 20_000, 100_000, 20
	f := newFixture(t)
	first := at("2026-03-01 00:00:00")
	copies := make([]copyOf, rows)
	for i := range copies {
		when := first.Add(time.Duration(i) * days * dayLong / rows)
		copies[i] = copyOf{i, fmt.Sprint("l", i), fmt.Sprint("u", i%users), when, when}
	}
	f.ingest(-1, copies...)
	var asks []ask
	for i := range requests {
		asks = append(asks, ask{n: i, id: fmt.Sprint("r", i), user: fmt.Sprint("u", 2*i), received: "2026-03-31 00:00:00"})
	}
	f.request(asks...)
	peakMemory(t)
	began := time.Now()
	forecast := f.foresee("")
	foreseen := time.Since(began)
	began = time.Now()
	r, err := Delete(context.Background(), f.job(f.Lake))
	if err != nil {
		t.Fatal(err)
	}
	deleted, peak := time.Since(began), peakMemory(t)
	t.Logf("%d requests, %d rows of %d: plan %v, deletion %v, peak %d MiB", r.Requests, r.Rows.Listens, rows, foreseen, deleted, peak>>20)
	equal(t, "forecast", forecast.Rows, r.Rows)
	if r.Requests != requests || r.Rows.Listens != rows/2 || peak > 1<<30 || deleted > 2*time.Minute {
		t.Errorf("report %d requests, %+v rows, in %v with %d MiB", r.Requests, r.Rows, deleted, peak>>20)
	}
	if left := query[int64](f, catalog.Listens, "SELECT count(*) FROM rows WHERE CAST(substr(user_id, 2) AS BIGINT) % 2 = 0"); left[0] != 0 {
		t.Errorf("%d rows are left", left[0])
	}
	if n := len(f.Snapshot(t, catalog.DeletionLog).Table().Snapshots()); n != 2 {
		t.Errorf("%d commits of the log", n)
	}
	equal(t, "files", f.noted(), f.hit())
}
