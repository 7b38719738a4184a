package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/serve/access"
	"github.com/lakectl/lakectl/jobs/simulate"
	"github.com/lakectl/lakectl/jobs/topic"
	"github.com/lakectl/lakectl/lake"
)

// What a listen may take from the broker to the API's answer, and what all processes of 'lakectl run' may hold.
const (
	targetFreshP50 = 12 // seconds
	targetFreshP95 = 25
	targetFreshRSS = 3072 // MiB
)

// FreshnessOptions are the load of [Freshness].
type FreshnessOptions struct {
	Rate     int     // listens a second
	Minutes  float64 // of load
	History  int     // copies that are archived, rolled up and counted before
	Maintain int     // minutes between two maintenances; 0 leaves the default
	Night    int     // minute at which royalties begin, the true-up a minute later; 0 leaves them out
	Seed     uint64
}

// FreshnessReport is what bench freshness reports.
type FreshnessReport struct {
	Fresh   spread      `json:"append_to_answer"`
	Stages  []stageTime `json:"stages"`
	Sent    sentLoad    `json:"sent"`
	Asked   asked       `json:"asked"`
	CPU     []treeCPU   `json:"cpu"`
	PeakRSS float64     `json:"peak_rss_mib"` // of 'lakectl run' and its children together
	Jobs    []jobRuns   `json:"jobs"`
	Counts  freshCounts `json:"counts"`
	Settled float64     `json:"settled_seconds"` // from the last probe to its answer
	Targets []target    `json:"targets"`
	Notes   []string    `json:"notes"`
}

// spread is how many seconds something took.
type spread struct {
	Probes int     `json:"probes"`
	P50    float64 `json:"p50_seconds"`
	P95    float64 `json:"p95_seconds"`
	P99    float64 `json:"p99_seconds"`
	Max    float64 `json:"max_seconds"`
}

func newSpread(took []time.Duration) spread {
	if len(took) == 0 {
		return spread{}
	}
	seconds := func(part float64) float64 { return atRank(took, part) / 1000 }
	return spread{len(took), seconds(0.5), seconds(0.95), seconds(0.99), seconds(1)}
}

// sentLoad is what went to the broker.
type sentLoad struct {
	Seconds   float64 `json:"seconds"`
	Listens   int     `json:"listens"` // distinct ones
	Copies    int     `json:"copies"`  // second ones besides
	PerSecond float64 `json:"listens_per_second"`
}

// asked is how the API was asked for the probes.
type asked struct {
	Requests  int    `json:"requests"`
	Unchanged int    `json:"not_modified"`
	Errors    int    `json:"errors"`
	First     string `json:"first_error,omitempty"`
}

// jobRuns is what 'lakectl run' says of a job at the end.
type jobRuns struct {
	Job      string `json:"job"`
	Runs     int64  `json:"runs"`
	Again    int64  `json:"again"`
	Failures int64  `json:"failures"`
	Error    string `json:"last_error,omitempty"`
}

// freshCounts are what was sent, history included, and what the lake says once it is settled.
type freshCounts struct {
	Records  int64 `json:"sent_records"`
	Listens  int64 `json:"sent_listens"`
	Archived int64 `json:"archived"`
	Live     int64 `json:"plays_live"` // as the dashboard had it before the last true-up
	Plays    int64 `json:"plays"`
	Counted  int64 `json:"counted"`
}

// check is a proof error where something was lost or counted twice.
func (f freshCounts) check() error {
	for _, c := range []struct {
		what      string
		got, want int64
	}{{"archived records", f.Archived, f.Records}, {"plays of plays_by_day", f.Plays, f.Listens}, {"listens of the ledger", f.Counted, f.Listens}} {
		if c.got != c.want {
			return lake.WithHint(fmt.Errorf("%d %s, but %d were sent: %w", c.got, c.what, c.want, jobs.ErrProof),
				"this is a bug in lakectl: report it with the flags of this run")
		}
	}
	return nil
}

const freshTopic = "listens"

// Freshness measures how long a listen takes from the broker to the API's answer, through 'lakectl run'.
func Freshness(ctx context.Context, c *frame.Call, o FreshnessOptions) (any, error) {
	if err := o.check(c); err != nil {
		return nil, err
	}
	b, err := newBench(ctx, c)
	if err != nil {
		return nil, err
	}
	defer b.close()
	broker, err := simulate.StartBroker(freshTopic, loadPartitions+1)
	if err != nil {
		return nil, err
	}
	defer broker.Close()
	m := &freshness{
		c: c, o: o, b: b, to: topic.Options{Brokers: broker.Addrs(), Topic: freshTopic, ClientID: "lakectl-bench", Log: c.Log},
		report: FreshnessReport{Notes: []string{
			"settings are the defaults, apart from the minutes of maintenance and night; broker, load and questions are this process, on the same cores",
			"a probe's time begins before it is given to the broker, and ends with the answer that has it; the API is asked every " + askEvery.String(),
			"the memory of processes is added up, so that pages they share count in each",
		}},
	}
	if err := m.history(ctx); err != nil {
		return nil, fmt.Errorf("make the history: %w", err)
	}
	if err := m.live(ctx); err != nil {
		return nil, err
	}
	err = m.count(ctx)
	m.report.judge(o)
	return m.report, err
}

func (o FreshnessOptions) check(c *frame.Call) error {
	refuse := func(format string, args ...any) error {
		return usage.Errorf("see "+c.Command.HelpName+" --help", format, args...)
	}
	switch {
	case o.Rate < 1 || o.Minutes <= 0 || o.History < 0 || o.Maintain < 0 || o.Night < 0:
		return refuse("a number is too small")
	case o.Rate > 20_000 || o.Minutes > 24*60 || o.Maintain > 7*24*60:
		return refuse("a number is too large")
	case o.Night > 0 && float64(o.Night+2) > o.Minutes: // it begins at a whole minute of the clock, the true-up one later
		return refuse("--night %d is too late: a night takes two of --minutes %g", o.Night, o.Minutes)
	}
	return nil
}

func (r *FreshnessReport) judge(o FreshnessOptions) {
	failures := int64(0)
	runs := map[string]int64{}
	for _, j := range r.Jobs {
		failures += j.Failures
		runs[j.Job] = j.Runs
	}
	r.Targets = append(r.Targets,
		atMost("p50 of append to answer, seconds", r.Fresh.P50, targetFreshP50),
		atMost("p95 of append to answer, seconds", r.Fresh.P95, targetFreshP95),
		atMost("rss_mib of all processes", r.PeakRSS, targetFreshRSS),
		atLeast("listens a second", r.Sent.PerSecond, 0.99*float64(o.Rate)),
		atMost("errors of the API", float64(r.Asked.Errors), 0),
		atMost("runs of jobs that failed", float64(failures), 0),
		atMost("plays too many or too few while live", float64(max(r.Counts.Live-r.Counts.Listens, r.Counts.Listens-r.Counts.Live)), 0),
		atLeast("maintenances", float64(runs["maintain"]), 1),
	)
	if o.Night > 0 {
		r.Targets = append(r.Targets, atLeast("runs of royalties", float64(runs["royalties"]), 1), atLeast("runs of the true-up", float64(runs["true_up"]), 1))
	}
}

// freshness is one run.
type freshness struct {
	c      *frame.Call
	o      FreshnessOptions
	b      *bench
	to     topic.Options
	probes probes
	report FreshnessReport
}

const historyDays = 30

// history is what the lake has when the load begins: days before today, rolled up and counted, and the artist of the
// probes.
func (m *freshness) history(ctx context.Context) error {
	load := simulate.LoadOptions{Rows: m.o.History, Seed: m.o.Seed, Days: historyDays, Start: time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -historyDays)}
	p := topic.NewProducer(m.to)
	if err := errors.Join(p.Produce(ctx, []topic.Record{m.probes.next(time.Now())}), p.Close()); err != nil {
		return err
	}
	if m.o.History > 0 {
		if err := produceLoad(ctx, m.c, m.to, load); err != nil {
			return err
		}
	}
	m.sent(m.o.History+1, m.o.History+1)
	for _, args := range [][]string{
		{"ingest", "--until-caught-up", "--brokers", m.to.Brokers[0], "--topic", m.to.Topic}, {"job", "rollup"}, {"job", "royalties"},
	} {
		m.c.Progress.Say(fmt.Sprintf("bench: the history, %v", args[:min(2, len(args))]))
		if _, err := m.b.child(ctx, "", 0, args...); err != nil {
			return err
		}
	}
	return nil
}

// sent adds to what must be counted.
func (m *freshness) sent(records, listens int) {
	m.report.Counts.Records += int64(records)
	m.report.Counts.Listens += int64(listens)
}

// configure adds to the configuration what an operator would: where the topic is, where to listen, and when the jobs
// run.
func (m *freshness) configure(addr string, now time.Time) error {
	times := "royalties: off, true_up: off"
	if m.o.Night > 0 {
		at := now.Add(time.Duration(m.o.Night)*time.Minute + time.Minute - 1).Truncate(time.Minute)
		times = fmt.Sprintf("royalties: %q, true_up: %q", at.Format("15:04"), at.Add(time.Minute).Format("15:04"))
	}
	if m.o.Maintain > 0 {
		times += fmt.Sprintf(", maintain: %dm", m.o.Maintain)
	}
	f, err := os.OpenFile(m.b.config, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "kafka: {brokers: [%q], topic: %q}\nserve: {addr: %q}\nschedule: {%s}\n", m.to.Brokers[0], m.to.Topic, addr, times)
	return errors.Join(err, f.Close())
}

// live runs 'lakectl run' under the load until every probe has been answered.
func (m *freshness) live(ctx context.Context) error {
	token, err := access.CreateToken(ctx, m.b.env, access.Scope{Sees: access.Operator}, "bench", 0)
	if err != nil {
		return err
	}
	addr, err := freeAddr(ctx)
	if err != nil {
		return err
	}
	if err := m.configure(addr, time.Now().UTC()); err != nil {
		return err
	}
	s, err := m.b.startProgram(ctx, token.Secret, addr, "run")
	if err != nil {
		return err
	}
	load := &freshLoad{m: m, s: s, tables: newTableWatch(m.b.env, m.to.Topic), tree: newTree(s.process.Process.Pid)}
	err = load.run(ctx)
	load.finish()
	if ended := s.end(); ended != nil { // and whatever else went wrong, because of it
		err = fmt.Errorf("lakectl run: %w", ended)
	}
	if said := lastLines(s.said.String(), 20); err != nil && said != "" {
		return fmt.Errorf("%w; lakectl run said last:\n%s", err, said)
	}
	if err != nil {
		return err
	}
	m.report.CPU = load.tree.report(s.process.ProcessState)
	return nil
}

// count brings the ledger and the dashboard to what counts, and compares with what was sent.
func (m *freshness) count(ctx context.Context) error {
	m.c.Progress.Say("bench: counting")
	f := &m.report.Counts
	live, err := m.b.number(ctx, "SELECT CAST(sum(plays) AS BIGINT) AS n FROM plays_by_day")
	if err != nil {
		return err
	}
	f.Live = live
	if _, err := m.b.child(ctx, "", 0, "job", "rollup", "--true-up"); err != nil {
		return err
	}
	for _, q := range []struct {
		to   *int64
		text string
	}{
		{&f.Archived, "SELECT count(*) AS n FROM listens"},
		{&f.Counted, "SELECT count(*) AS n FROM listens_counted"},
		{&f.Plays, "SELECT CAST(sum(plays) AS BIGINT) AS n FROM plays_by_day"},
	} {
		if *q.to, err = m.b.number(ctx, q.text); err != nil {
			return err
		}
	}
	return f.check()
}

// number asks for one.
func (b *bench) number(ctx context.Context, text string) (int64, error) {
	_, answer, err := b.childReport(ctx, "", 0, "sql", text)
	if err != nil {
		return 0, err
	}
	var result struct {
		Rows []struct{ N int64 } `json:"rows"`
	}
	if err := json.Unmarshal(answer, &result); err != nil {
		return 0, err
	}
	if len(result.Rows) != 1 {
		return 0, fmt.Errorf("%s: %d rows", text, len(result.Rows))
	}
	return result.Rows[0].N, nil
}

// lastLines is the end of a log.
func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
