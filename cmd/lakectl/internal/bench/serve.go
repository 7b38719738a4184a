package bench

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
	"github.com/lakectl/lakectl/jobs/serve/access"
)

// What the dashboard is held to.
const (
	targetWarmMs     = 50
	targetColdMs     = 300
	targetServeRSS   = 1024
	targetStreamsMiB = 100
	targetGrowth     = 1.1 // memory of the last third of the load, to that of the middle one
	targetMakeSec    = 300
)

// ServeOptions are the sizes of [Serve].
type ServeOptions struct {
	Rows     int // of plays_by_day; plays_by_hour has half as many
	Artists  int // that are asked for
	Rate     int // requests a second
	Duration time.Duration
	Publish  time.Duration // between two snapshots
	Streams  int           // clients that wait for news
	Cold     int           // starts of the server
	Keep     string        // folder of the tables, for the next run too; "" is none
	Seed     uint64
}

// ServeReport is what bench serve reports.
type ServeReport struct {
	Tables  map[string]int64 `json:"rows"`
	Make    float64          `json:"make_seconds"` // 0: an earlier run made them
	Ready   latency          `json:"ready"`        // from the start of the process to the first cut that is open
	Cold    []latency        `json:"cold"`
	Warm    []latency        `json:"warm"`
	Again   []latency        `json:"again"` // answers that were written before
	Load    loadedServer     `json:"load"`
	Streams streamed         `json:"streams"`
	Checked int              `json:"artists_counted_by_sql"`
	Targets []target         `json:"targets"`
	Notes   []string         `json:"notes"`
}

// latency is how long answers to a question took.
type latency struct {
	Question string  `json:"question"`
	Requests int     `json:"requests"`
	P50      float64 `json:"p50_ms"`
	P99      float64 `json:"p99_ms"`
	Max      float64 `json:"max_ms"`
}

func newLatency(question string, took []time.Duration) latency {
	return latency{question, len(took), atRank(took, 0.5), atRank(took, 0.99), atRank(took, 1)}
}

// atRank is the smallest time, in milliseconds, that at least so great a part of all does not exceed.
func atRank(took []time.Duration, part float64) float64 {
	sorted := slices.Sorted(slices.Values(took))
	return float64(sorted[max(int(math.Ceil(part*float64(len(sorted))))-1, 0)].Microseconds()) / 1000
}

// loadedServer is the server under load while snapshots are published.
type loadedServer struct {
	Seconds      float64 `json:"seconds"`
	Requests     int     `json:"requests"`
	PerSecond    float64 `json:"requests_per_second"`
	Wanted       int     `json:"wanted_per_second"`
	Errors       int     `json:"errors"`
	FirstError   string  `json:"first_error,omitempty"`
	Published    int     `json:"snapshots_published"`
	CPUMicrosec  float64 `json:"cpu_us_per_request"`
	RSSMiddleMiB float64 `json:"rss_middle_mib"` // largest in the middle third
	RSSLastMiB   float64 `json:"rss_last_mib"`   // largest in the last third
	latency
}

// streamed is the server with clients that wait for news.
type streamed struct {
	Clients   int     `json:"clients"`
	BeforeMiB float64 `json:"rss_before_mib"`
	WithMiB   float64 `json:"rss_with_mib"`
	Heard     int     `json:"heard"` // of one published snapshot
}

var serveQuestions = []string{"summary", "timeseries", "tracks"}

// Serve measures the dashboard as a process of its own, through HTTP.
func Serve(ctx context.Context, c *frame.Call, o ServeOptions) (_ any, err error) {
	if o.Rows < 1 || o.Artists < 1 || o.Rate < 1 || o.Streams < 0 || o.Cold < 1 || o.Duration < time.Second || o.Publish < time.Second {
		return nil, usage.Errorf("see "+c.Command.HelpName+" --help", "a number is too small")
	}
	report := ServeReport{Notes: []string{
		"requests of an operator's token through HTTP on this machine; client, server and publishing share its cores",
		fmt.Sprintf("audience_by_day and listeners_by_day have the newest %d days", recentDays),
		"to_bound is the measured figure to its bound; nothing fails by one. A wrong answer ends the run with code 5",
	}}
	b, d, err := serveTables(ctx, c, o, &report)
	if b != nil {
		defer b.close()
	}
	if d != nil {
		defer func() { err = errors.Join(err, d.close()) }()
	}
	if err != nil {
		return nil, err
	}
	report.Tables = maps.Clone(d.rows)
	artists, err := d.artists(ctx, o.Artists)
	if err != nil {
		return nil, err
	}
	token, err := access.CreateToken(ctx, b.env, access.Scope{Sees: access.Operator}, "bench", 0)
	if err != nil {
		return nil, err
	}
	m := &serveMeasure{c: c, o: o, d: d, artists: artists, token: token.Secret, random: rand.New(rand.NewPCG(o.Seed, 0))}
	if err := m.run(ctx, &report); err != nil {
		return nil, err
	}
	report.judge()
	return report, nil
}

func (r *ServeReport) judge() {
	for _, l := range r.Cold {
		r.Targets = append(r.Targets, atMost("p99 of "+l.Question+", cold, ms", l.P99, targetColdMs))
	}
	for _, l := range r.Warm {
		r.Targets = append(r.Targets, atMost("p99 of "+l.Question+", warm, ms", l.P99, targetWarmMs))
	}
	r.Targets = append(r.Targets,
		atLeast("requests a second under load", r.Load.PerSecond, 0.99*float64(r.Load.Wanted)),
		atMost("errors under load", float64(r.Load.Errors), 0),
		atMost("rss_mib under load", max(r.Load.RSSMiddleMiB, r.Load.RSSLastMiB), targetServeRSS),
		atMost("memory at the end of the load to the middle", r.Load.RSSLastMiB/max(r.Load.RSSMiddleMiB, 1), targetGrowth),
		atMost(fmt.Sprintf("rss_mib of %d clients that wait", r.Streams.Clients), r.Streams.WithMiB-r.Streams.BeforeMiB, targetStreamsMiB),
		atLeast("clients that heard of a snapshot", float64(r.Streams.Heard), float64(r.Streams.Clients)),
	)
	if r.Make > 0 {
		r.Targets = append(r.Targets, atMost(fmt.Sprintf("seconds to make %d rows of days and %d of hours", r.Tables[catalog.PlaysByDay], r.Tables[catalog.PlaysByHour]), r.Make, targetMakeSec))
	}
}
