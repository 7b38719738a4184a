package ingest

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("lakectl_ingest_"+name, help, labels, nil)
}

// Of a partition. Units are in the names; times are seconds since 1970.
var (
	descCommitted  = desc("committed_offset", "Next offset to archive, as the archive has it.", "topic", "partition")
	descEnd        = desc("end_offset", "Last stable offset of the partition, asked for every few seconds.", "topic", "partition")
	descLagRecords = desc("lag_records", "Offsets from what is archived to the end.", "topic", "partition")
	descLagSeconds = desc("lag_seconds", "How long the oldest record that is not archived has been in the topic; until it is read, how long at least.", "topic", "partition")
	descWatermark  = desc("event_time_watermark_seconds", "Newest event time archived.", "topic", "partition")
)

// Of the ingester since it started.
var (
	descPartitions  = desc("partitions", "Partitions that this ingester reads now.")
	descRecords     = desc("records_total", "Records committed, whatever became of them.")
	descRows        = desc("rows_total", "Rows committed.", "table")
	descQuarantined = desc("quarantined_total", "Records committed to quarantine.", "reason")
	descSuppressed  = desc("suppressed_total", "Listens kept out by an earlier deletion request.")
	descCommits     = desc("commits_total", "Commits on listens.")
	descTook        = desc("commit_seconds", "From the beginning of a flush to its commit on listens.")
	descSnapshots   = desc("archive_snapshots", "Snapshots of listens; above 1,000 maintenance is behind and flushes are rarer.")
	descFlushAge    = desc("flush_age_seconds", "Age at which records are committed at the latest, as it is now.")
	descFences      = desc("fenced_total", "Batches dropped because another ingester had read their partitions.")
)

// Describe is [prometheus.Collector].
func (m *Metrics) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		descCommitted, descEnd, descLagRecords, descLagSeconds, descWatermark,
		descPartitions, descRecords, descRows, descQuarantined, descSuppressed, descCommits, descTook, descFences, descSnapshots, descFlushAge,
	} {
		out <- d
	}
}

// Collect is [prometheus.Collector]. All numbers of one scrape are of one instant.
func (m *Metrics) Collect(out chan<- prometheus.Metric) {
	for _, metric := range m.collect() {
		out <- metric
	}
}

func (m *Metrics) collect() (list []prometheus.Metric) {
	add := func(d *prometheus.Desc, kind prometheus.ValueType, value float64, labels ...string) {
		list = append(list, prometheus.MustNewConstMetric(d, kind, value, labels...))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	for number, p := range m.owned {
		at := []string{m.topic, strconv.Itoa(number)}
		if p.hasCommitted {
			add(descCommitted, prometheus.GaugeValue, float64(p.from), at...)
		}
		if p.hasMark {
			add(descWatermark, prometheus.GaugeValue, float64(p.mark)/1e6, at...)
		}
		add(descEnd, prometheus.GaugeValue, float64(p.end), at...)
		add(descLagRecords, prometheus.GaugeValue, float64(p.end-p.from), at...)
		add(descLagSeconds, prometheus.GaugeValue, p.lag(now).Seconds(), at...)
	}
	add(descPartitions, prometheus.GaugeValue, float64(len(m.owned)))
	add(descRecords, prometheus.CounterValue, float64(m.records))
	for table, n := range m.rows {
		add(descRows, prometheus.CounterValue, float64(n), table)
	}
	for reason, n := range m.quarantined {
		add(descQuarantined, prometheus.CounterValue, float64(n), string(reason))
	}
	add(descSuppressed, prometheus.CounterValue, float64(m.suppressed))
	add(descCommits, prometheus.CounterValue, float64(m.commits))
	add(descFences, prometheus.CounterValue, float64(m.fences))
	add(descSnapshots, prometheus.GaugeValue, float64(m.snapshots))
	add(descFlushAge, prometheus.GaugeValue, m.flushAge.Seconds())
	return append(list, m.histogram())
}

func (m *Metrics) histogram() prometheus.Metric {
	within, sum := map[float64]uint64{}, uint64(0)
	for i, bound := range tookBounds {
		sum += uint64(m.took[i])
		within[bound] = sum
	}
	return prometheus.MustNewConstHistogram(descTook, uint64(m.commits), m.tookSum.Seconds(), within)
}

// Serve shows the metrics under /metrics, and those of others of the process, and nothing else, until it is stopped.
// bound is where it listens.
func (m *Metrics) Serve(addr string, log *slog.Logger, others ...prometheus.Collector) (bound string, stop func(), err error) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(m, collectors.NewGoCollector(), collectors.NewBuildInfoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	registry.MustRegister(others...)
	routes := http.NewServeMux()
	routes.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4}))
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return "", nil, fmt.Errorf("serve metrics: %w", err)
	}
	server := &http.Server{
		Handler: routes, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 5 * time.Second, WriteTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Warn("metrics are no longer served", "error", err)
		}
	}()
	return listener.Addr().String(), func() {
		server.Close() //nolint:errcheck // a scrape that is cut off comes again
		<-done
	}, nil
}
