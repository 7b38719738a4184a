package ingest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs/ingest"
	"github.com/lakectl/lakectl/jobs/topic"
	"github.com/lakectl/lakectl/lake"
)

// gauge reads one number of the metrics.
func gauge(t *testing.T, m *ingest.Metrics, name string) float64 {
	t.Helper()
	registry := prometheus.NewRegistry()
	registry.MustRegister(m)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			return f.GetMetric()[0].GetGauge().GetValue()
		}
	}
	t.Fatalf("no metric %s", name)
	return 0
}

func TestFlushesAreRarerWhileMaintenanceIsBehindAndNothingStops(t *testing.T) {
	k := newKafka(t, 1)
	o := ingest.Options{FlushRows: 10, FlushAge: time.Minute, MostSnapshots: 3, Metrics: ingest.NewMetrics()}
	run := func(n int) float64 {
		t.Helper()
		k.produce(k.samples(n))
		k.mustIngest(o)
		k.check()
		return gauge(t, o.Metrics, "lakectl_ingest_flush_age_seconds")
	}
	const said = "maintenance is behind"
	if age := run(20); age != 60 || strings.Contains(k.log.String(), said) {
		t.Errorf("with few snapshots a batch is due after %v s", age)
	}
	if age := run(60); age != 240 || !strings.Contains(k.log.String(), said) {
		t.Errorf("with many snapshots a batch is due after %v s; log: %s", age, k.log.String())
	}
	head := k.lake.Snapshot(t, catalog.Listens)
	_, err := k.lake.Expire(t.Context(), catalog.Listens, func(now *lake.Table) ([]lake.Snapshot, error) {
		return now.Snapshots()[:now.Retained()-1], nil
	})
	if err != nil || k.lake.Snapshot(t, catalog.Listens).ID() != head.ID() {
		t.Fatal(err)
	}
	if age := run(10); age != 60 || gauge(t, o.Metrics, "lakectl_ingest_archive_snapshots") != 1 {
		t.Errorf("after maintenance a batch is due after %v s", age)
	}
}

func TestStatusHasWhatMaintenanceHasLeftToDo(t *testing.T) {
	k := newKafka(t, 1)
	k.produce(k.samples(20))
	k.mustIngest(ingest.Options{FlushRows: 10})
	listens := k.lake.Snapshot(t, catalog.Listens)
	files, err := listens.Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	o, err := topic.Open(t.Context(), k.options)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close() //nolint:errcheck // test
	s, err := ingest.StatusOf(t.Context(), k.env(k.lake), o)
	if err != nil {
		t.Fatal(err)
	}
	oldest := listens.Table().Snapshots()[0].Time()
	want := lake.Debt{Table: catalog.Listens, Snapshots: 2, SmallFiles: len(files), Oldest: &oldest}
	if len(s.Debt) != 3 || len(files) == 0 {
		t.Fatalf("%d tables, %d files", len(s.Debt), len(files))
	}
	if diff := cmp.Diff(want, s.Debt[0]); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
