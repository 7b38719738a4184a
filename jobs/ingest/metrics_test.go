package ingest_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"gopkg.in/yaml.v3"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/ingest"
	"github.com/lakectl/lakectl/jobs/topic"
)

// served are metrics and where they are shown.
type served struct {
	*ingest.Metrics
	t    *testing.T
	addr string
}

func serve(t *testing.T) served {
	t.Helper()
	m := ingest.NewMetrics()
	m.LookEvery(20 * time.Millisecond)
	addr, stop, err := m.Serve("127.0.0.1:0", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return served{m, t, addr}
}

// scrape reads what a Prometheus would, series by name and labels, without those of the process.
func (s served) scrape() map[string]float64 {
	s.t.Helper()
	res, err := http.Get("http://" + s.addr + "/metrics")
	if err != nil || res.StatusCode != http.StatusOK {
		s.t.Fatalf("scrape: %v, %v", res, err)
	}
	defer res.Body.Close() //nolint:errcheck // test
	series := map[string]float64{}
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		name, text, ok := strings.Cut(lines.Text(), " ")
		if !ok || !strings.HasPrefix(name, "lakectl_ingest_") {
			continue
		}
		if series[strings.TrimPrefix(name, "lakectl_ingest_")], err = strconv.ParseFloat(text, 64); err != nil {
			s.t.Fatal(err)
		}
	}
	return series
}

// until scrapes until the series have these values.
func (s served) until(want map[string]float64) map[string]float64 {
	s.t.Helper()
	var got map[string]float64
	eventually(s.t, func() (complaint string) {
		got = s.scrape()
		for name, value := range want {
			if is, there := got[name]; !there || is != value {
				complaint += fmt.Sprintf("%s is %v (there: %v), want %v\n", name, is, there, value)
			}
		}
		return complaint
	})
	return got
}

// partitions lists the partitions that a scrape has series of.
func partitions(series map[string]float64) []string {
	found := map[string]bool{}
	for name := range series {
		if _, rest, ok := strings.Cut(name, `partition="`); ok {
			number, _, _ := strings.Cut(rest, `"`)
			found[number] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

func of(name string, partition int) string {
	return fmt.Sprintf(`%s{partition="%d",topic="listens"}`, name, partition)
}

// tables counts the rows of the three tables, and those of quarantine by reason, in the names of the series.
func (k *broker) tables() map[string]float64 {
	k.t.Helper()
	d := k.lake.DB(k.t)
	counts := map[string]float64{}
	for table, by := range map[string]string{catalog.Listens: "''", catalog.DeletionRequests: "''", catalog.Quarantine: "reason"} {
		if err := d.Bind(k.t.Context(), table, k.lake.Snapshot(k.t, table)); err != nil {
			k.t.Fatal(err)
		}
		var group string
		var n float64
		err := d.EachText(k.t.Context(), "SELECT "+by+", count(*)::DOUBLE FROM "+table+" GROUP BY 1", nil, []any{&group, &n}, func() error {
			counts[fmt.Sprintf("rows_total{table=%q}", table)] += n
			if group != "" {
				counts[fmt.Sprintf("quarantined_total{reason=%q}", group)] = n
			}
			return nil
		})
		if err != nil {
			k.t.Fatal(err)
		}
	}
	return counts
}

func TestMetricsSayWhatTheTablesSay(t *testing.T) {
	k, m := newKafka(t, 3), serve(t)
	r := k.start(ingest.Options{FlushRows: 70, FlushAge: 50 * time.Millisecond, Metrics: m.Metrics})
	k.produce(k.samples(100))
	k.archived(60)
	k.produce(k.samples(100))
	got := m.until(map[string]float64{"records_total": 200})
	k.check()
	want := k.tables()
	want["records_total"], want["suppressed_total"], want["fenced_total"], want["partitions"] = 200, float64(k.suppressed), 0, 3
	commits := float64(len(k.lake.Snapshot(t, catalog.Listens).Table().Snapshots()))
	want["commits_total"], want["commit_seconds_count"], want[`commit_seconds_bucket{le="+Inf"}`] = commits, commits, commits
	want["archive_snapshots"], want["flush_age_seconds"] = commits-1, 0.05 // when the last batch began
	for p, mark := range k.newest() {
		want[of("committed_offset", p)], want[of("end_offset", p)] = float64(k.positions()[p]), float64(k.ends[p])
		want[of("lag_records", p)], want[of("lag_seconds", p)] = 0, 0
		want[of("event_time_watermark_seconds", p)] = float64(mark.UnixMicro()) / 1e6
	}
	for name := range got { // buckets below the last, and reasons without a record
		if _, ok := want[name]; !ok && (strings.HasPrefix(name, "commit_seconds_") || got[name] == 0) {
			delete(got, name)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-tables +metrics)\n%s", diff)
	}
	r.mustStop(t)
	k.checkLog()
	if got := m.scrape(); len(partitions(got)) > 0 || got["partitions"] != 0 || got["records_total"] != 200 {
		t.Errorf("after the end: %v", got)
	}
}

func TestMetricsOfARestartBeginWhereTheArchiveIs(t *testing.T) {
	k, m := newKafka(t, 1), serve(t)
	k.produce(k.samples(20))
	k.mustIngest(ingest.Options{})
	r := k.start(ingest.Options{Metrics: m.Metrics})
	m.until(map[string]float64{
		of("committed_offset", 0): 20, of("end_offset", 0): 20, of("lag_seconds", 0): 0, "records_total": 0,
		of("event_time_watermark_seconds", 0): float64(k.newest()[0].Unix()),
	})
	r.mustStop(t)
}

func TestLagIsTheAgeOfTheOldestRecordThatIsNotArchived(t *testing.T) {
	k, m := newKafka(t, 1), serve(t)
	k.produce(k.samples(10)) // on day 15; it is day 20
	r := k.start(ingest.Options{FlushAge: time.Hour, FlushRows: 15, Metrics: m.Metrics})
	fiveDays := (5 * 24 * time.Hour).Seconds()
	got := m.until(map[string]float64{of("lag_records", 0): 10, of("end_offset", 0): 10, of("lag_seconds", 0): fiveDays})
	if at, there := got[of("committed_offset", 0)]; there {
		t.Errorf("nothing is committed, yet at %v", at)
	}
	k.produce(k.samples(7)) // two go into the next batch
	m.until(map[string]float64{of("committed_offset", 0): 15, of("lag_records", 0): 2, of("lag_seconds", 0): fiveDays})
	r.mustStop(t)
	k.check()
}

// clock is a time that a test moves on.
type clock struct{ hours atomic.Int64 }

func (c *clock) now() time.Time { return day(20).Add(time.Duration(c.hours.Load()) * time.Hour) }

// startAt is start with a clock.
func (k *broker) startAt(c *clock, o ingest.Options) *running {
	k.t.Helper()
	ctx, stop := context.WithCancel(k.t.Context())
	t, err := topic.Open(ctx, k.options)
	if err != nil {
		k.t.Fatal(err)
	}
	env := k.env(k.lake)
	env.Now = c.now
	r := &running{stop: stop, done: make(chan error, 1)}
	go func() {
		_, err := ingest.Kafka(ctx, env, t, o)
		r.done <- errors.Join(err, t.Close())
	}()
	return r
}

func TestAbortedRecordsAtTheEndAreNoAge(t *testing.T) {
	k, m := newKafka(t, 1), serve(t)
	k.produce(k.samples(10))
	var c clock
	r := k.startAt(&c, ingest.Options{FlushRows: 10, FlushAge: time.Hour, Metrics: m.Metrics})
	m.until(map[string]float64{of("committed_offset", 0): 10})
	tx := k.client(kgo.TransactionalID("aborts"))
	k.begin(tx)
	k.send(tx)
	k.end(tx, kgo.TryAbort)
	m.until(map[string]float64{of("lag_records", 0): 11})
	c.hours.Store(3)
	m.until(map[string]float64{of("lag_records", 0): 11, of("lag_seconds", 0): 0})
	r.mustStop(t)
}

// A partition that cannot be read has no record to tell an age from.
func TestWhatCannotBeReadAgesAllTheSame(t *testing.T) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "listens"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	k := &broker{world: newWorld(t), ends: make([]int64, 1), options: topic.Options{Brokers: c.ListenAddrs(), Topic: "listens", MaxWait: 20 * time.Millisecond}}
	k.produce(k.samples(10))
	var now clock
	m := serve(t)
	r := k.startAt(&now, ingest.Options{FlushRows: 10, Metrics: m.Metrics})
	m.until(map[string]float64{of("committed_offset", 0): 10, of("lag_seconds", 0): 0})
	now.hours.Store(3)
	refused := make(chan struct{}, 1)
	c.ControlKey(int16(kmsg.Fetch), func(kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		select {
		case refused <- struct{}{}:
		default:
		}
		return nil, errors.New("not today"), true
	})
	<-refused // no request is under way that could still be answered
	k.produce(k.samples(5))
	m.until(map[string]float64{of("lag_records", 0): 5, of("lag_seconds", 0): 0})
	now.hours.Store(5)
	m.until(map[string]float64{of("lag_records", 0): 5, of("lag_seconds", 0): (2 * time.Hour).Seconds()})
	r.mustStop(t)
}

func TestSeriesMoveWithThePartitions(t *testing.T) {
	laketest.Costly(t)
	k := newKafka(t, 2)
	options := func(m served) ingest.Options {
		return ingest.Options{Group: "team", FlushAge: 50 * time.Millisecond, PartitionsEvery: 50 * time.Millisecond, SessionTimeout: time.Second, Metrics: m.Metrics}
	}
	one, two := serve(t), serve(t)
	first := k.start(options(one))
	k.produce(k.samples(40))
	if got := one.until(map[string]float64{"partitions": 2, "records_total": 40}); len(partitions(got)) != 2 {
		t.Fatalf("alone, but series of %v", partitions(got))
	}
	second := k.start(options(two))
	ofOne, ofTwo := partitions(one.until(map[string]float64{"partitions": 1})), partitions(two.until(map[string]float64{"partitions": 1}))
	if both := slices.Sorted(slices.Values(slices.Concat(ofOne, ofTwo))); !slices.Equal(both, []string{"0", "1"}) {
		t.Fatalf("series of %v and of %v", ofOne, ofTwo)
	}
	first.mustStop(t)
	k.produce(k.samples(40))
	got := two.until(map[string]float64{"partitions": 2, "records_total": 40, of("lag_records", 0): 0, of("lag_records", 1): 0})
	if left := partitions(one.scrape()); len(left) > 0 || len(partitions(got)) != 2 {
		t.Errorf("series of %v and of %v", left, partitions(got))
	}
	second.mustStop(t)
	k.check()
}

func TestDroppedBatchIsCountedAsFencedOnly(t *testing.T) {
	k, m := newKafka(t, 1), serve(t)
	k.produce(k.samples(10))
	r := k.start(ingest.Options{Group: "team", FlushAge: time.Hour, FlushRows: 11, SessionTimeout: time.Second, Metrics: m.Metrics})
	readButNotCommitted := (5 * 24 * time.Hour).Seconds()
	m.until(map[string]float64{of("lag_seconds", 0): readButNotCommitted})
	k.mustIngest(ingest.Options{})
	k.produce(k.samples(1))
	m.until(map[string]float64{"fenced_total": 1, of("committed_offset", 0): 10, of("lag_seconds", 0): readButNotCommitted, "records_total": 0})
	r.mustStop(t)
	if got := m.scrape(); got["records_total"] != 1 || got["fenced_total"] != 1 || got["commits_total"] != 1 {
		t.Errorf("after the end: %v", got)
	}
	k.check()
}

func TestNothingButMetricsIsServed(t *testing.T) {
	m := serve(t)
	for _, c := range []struct {
		method, path string
		want         int
	}{
		{"GET", "/metrics", 200}, {"HEAD", "/metrics", 200}, {"POST", "/metrics", 405}, {"GET", "/", 404}, {"GET", "/metrics/x", 404}, {"GET", "/debug/pprof/", 404},
	} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, "http://"+m.addr+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close() //nolint:errcheck // test
		if res.StatusCode != c.want {
			t.Errorf("%s %s: %d, want %d", c.method, c.path, res.StatusCode, c.want)
		}
	}
	if _, _, err := ingest.NewMetrics().Serve(m.addr, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a taken port: %v", err)
	}
}

func TestAlertsNameMetricsThatThereAre(t *testing.T) {
	text, err := os.ReadFile("../../examples/monitoring/alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var rules struct {
		Groups []struct {
			Name  string
			Rules []struct {
				Alert, Expr, For string
				Annotations      map[string]string
			}
		}
	}
	if err := yaml.Unmarshal(text, &rules); err != nil {
		t.Fatal(err)
	}
	k, m := newKafka(t, 1), serve(t)
	k.produce(k.samples(10))
	r := k.start(ingest.Options{FlushAge: 20 * time.Millisecond, Metrics: m.Metrics})
	series := m.until(map[string]float64{"records_total": 10})
	r.mustStop(t)
	there := map[string]bool{}
	for name := range series {
		name, _, _ = strings.Cut(name, "{")
		there["lakectl_ingest_"+name] = true
	}
	named := 0
	for _, group := range rules.Groups {
		for _, rule := range group.Rules {
			if _, err := time.ParseDuration(rule.For); err != nil || rule.Alert == "" || rule.Annotations["summary"] == "" {
				t.Errorf("not a rule: %+v", rule)
			}
			for _, name := range regexp.MustCompile(`lakectl_\w+`).FindAllString(rule.Expr, -1) {
				named++
				if !there[name] {
					t.Errorf("%s: there is no metric %s", rule.Alert, name)
				}
			}
		}
	}
	if named == 0 {
		t.Error("no rule names a metric")
	}
}
