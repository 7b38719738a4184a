package bench

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"syscall"
	"time"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
	"github.com/lakectl/lakectl/jobs/simulate"
	"github.com/lakectl/lakectl/jobs/topic"
)

// What an ingest of listens of 250 bytes is held to, where broker and ingester share two cores.
const (
	targetRowsSecond = 300_000
	targetMicrosec   = 3.5
	targetRSSMiB     = 1024
	targetWriters    = 1.2
)

// ingestBench is what bench ingest reports.
type ingestBench struct {
	Ingest  measure      `json:"ingest"`
	Stored  ingestStored `json:"stored"`
	Parquet writersRatio `json:"parquet"`
	Targets []target     `json:"targets"`
	Stages  []stageCost  `json:"stages"`
	Notes   []string     `json:"notes"`
}

// ingestStored is what a record came to.
type ingestStored struct {
	Topic   float64 `json:"topic_bytes_per_record"` // of its value, before the producer compresses it
	Archive float64 `json:"archive_bytes_per_record"`
	Files   int     `json:"files"`
}

// writersRatio compares the CPU of ways to write the same sorted rows.
type writersRatio struct {
	Rows            int64   `json:"rows"`
	Ours            float64 `json:"cpu_us_per_row"`
	Library         float64 `json:"arrow_go_cpu_us_per_row"`
	Ratio           float64 `json:"ratio"`
	IngestToLibrary float64 `json:"ingest_ratio"` // all of the ingest to arrow-go's writing
}

// target is a figure and its bound. Only the ratio holds on any machine; nothing fails by the others.
type target struct {
	What     string  `json:"what"`
	Measured float64 `json:"measured"`
	Bound    string  `json:"bound"`
	Ratio    float64 `json:"to_bound"` // measured to the bound; 0 where that is 0
	Met      bool    `json:"met"`
}

func ratioTo(measured, bound float64) float64 {
	if bound == 0 {
		return 0
	}
	return math.Round(1000*measured/bound) / 1000
}

func atLeast(what string, measured, bound float64) target {
	return target{what, measured, fmt.Sprint("at least ", bound), ratioTo(measured, bound), measured >= bound}
}

func atMost(what string, measured, bound float64) target {
	return target{what, measured, fmt.Sprint("at most ", bound), ratioTo(measured, bound), measured <= bound}
}

// IngestOptions are the load of [Ingest].
type IngestOptions struct {
	Rows int
	Seed uint64
	Days int // that each batch is spread over; 0: a month in order of time
}

// Ingest measures from the broker to committed snapshots.
func Ingest(ctx context.Context, c *frame.Call, o IngestOptions) (_ any, err error) {
	if o.Rows < 1 || o.Days < 0 {
		return nil, usage.Errorf("see "+c.Command.HelpName+" --help", "--rows %d, --days %d", o.Rows, o.Days)
	}
	b, err := newBench(ctx, c)
	if err != nil {
		return nil, err
	}
	defer b.close()
	to := topic.Options{Brokers: c.Config.Kafka.Brokers, Topic: fmt.Sprintf("lakectl-bench-%d", time.Now().UnixMilli()), ClientID: "lakectl-bench", Log: c.Log}
	note := "broker: " + fmt.Sprint(to.Brokers)
	if c.Typed("kafka.brokers") {
		err = topic.Create(ctx, to, loadPartitions)
	} else {
		var broker *simulate.Broker
		if broker, err = simulate.StartBroker(to.Topic, loadPartitions); err == nil {
			defer broker.Close()
			to.Brokers, note = broker.Addrs(), "broker: embedded, on the same cores"
		}
	}
	if err != nil {
		return nil, err
	}
	if err := produceLoad(ctx, c, to, o.load()); err != nil {
		return nil, err
	}
	rows, profile := int64(o.Rows), filepath.Join(b.dir, "cpu.pprof")
	c.Progress.Say("ingesting")
	report := ingestBench{Notes: []string{
		note, "parquet: CPU of writing the same sorted rows with the same settings to nowhere, median of 3, to arrow-go's from an Arrow table",
		"stages: from a CPU profile of the ingester",
	}}
	report.Ingest, err = b.child(ctx, "ingest", rows, "ingest", "--until-caught-up", "--cpuprofile", profile, "--brokers", to.Brokers[0], "--topic", to.Topic)
	if err != nil {
		return nil, err
	}
	if report.Stages, err = stagesOf(profile, ingestStages, rows); err != nil {
		return nil, err
	}
	if report.Stored, err = b.stored(ctx, o); err != nil {
		return nil, err
	}
	c.Progress.Say("comparing writers")
	if report.Parquet, err = compareWriters(ctx, b.env, someListens(o)); err != nil {
		return nil, err
	}
	m, p := report.Ingest, &report.Parquet
	p.IngestToLibrary = m.CPUMicrosec / p.Library
	report.Targets = []target{
		atLeast("rows_per_second", float64(m.RowsSecond), targetRowsSecond), atMost("cpu_us_per_row", m.CPUMicrosec, targetMicrosec),
		atMost("peak_rss_mib", float64(m.PeakRSSMiB), targetRSSMiB), atMost("parquet ratio", p.Ratio, targetWriters),
	}
	return report, nil
}

// stored weighs the values of the load, at most as many as the writers are compared on, and the files of the archive.
func (b *bench) stored(ctx context.Context, o IngestOptions) (s ingestStored, err error) {
	bytes, n := 0, 0
	for e := range simulate.Load(o.load()) {
		if bytes, n = bytes+len(e.Value), n+1; n == comparedRows {
			break
		}
	}
	a, err := archived(ctx, b.env)
	if err != nil {
		return s, err
	}
	return ingestStored{float64(bytes) / float64(n), float64(a.bytes) / float64(o.Rows), a.files}, nil
}

// processCPU is the CPU time of this process so far.
func processCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // it has no reason to fail for the process itself
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// load is what is asked for. Spread over days it comes in no order of time, so that every batch holds all of the days.
func (o IngestOptions) load() simulate.LoadOptions {
	l := simulate.LoadOptions{Seed: o.Seed, Rows: o.Rows, DuplicateShare: 0.05}
	if o.Days > 0 {
		l.Days, l.Shuffled = o.Days, true
		l.Start = time.Date(2026, time.April, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, -o.Days)
	}
	return l
}

func produceLoad(ctx context.Context, c *frame.Call, to topic.Options, load simulate.LoadOptions) error {
	p := topic.NewProducer(to)
	batch := make([]topic.Record, 0, 20_000)
	sent := 0
	send := func() error {
		err := p.Produce(ctx, batch)
		sent, batch = sent+len(batch), batch[:0]
		c.Progress.Say(fmt.Sprintf("producing: %d records", sent))
		return err
	}
	for e := range simulate.Load(load) {
		batch = append(batch, topic.Record{Partition: topic.PartitionOf(e.Key, loadPartitions), Time: e.ReceivedTime, Key: e.Key, Value: e.Value})
		if len(batch) == cap(batch) {
			if err := send(); err != nil {
				return errors.Join(err, p.Close())
			}
		}
	}
	return errors.Join(send(), p.Close())
}
