package ingest_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	icecatalog "github.com/apache/iceberg-go/catalog"
	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/catalog/open"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/ingest"
	"github.com/lakectl/lakectl/jobs/simulate"
	"github.com/lakectl/lakectl/jobs/topic"
)

// world is a lake, and what every record sent to it must have become.
type world struct {
	t    *testing.T
	lake *laketest.Lake
	log  *bytes.Buffer
	mu   sync.Mutex // of log

	erasure    jobs.Erasure
	want       map[string]string // place in the source -> where it must be
	suppressed int64
	sent       int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return &world{t: t, lake: laketest.New(t), log: &bytes.Buffer{}, want: map[string]string{}}
}

func (w *world) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.Write(p)
}

func (w *world) env(l *laketest.Lake) jobs.Env {
	w.t.Helper()
	key, err := open.SubjectKey(w.lake.Options)
	if err != nil {
		w.t.Fatal(err)
	}
	return jobs.Env{
		Lake: l.Lake, Duck: l.Duck, SubjectKey: key, Log: slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Now: func() time.Time { return day(20) }, Progress: func(string) {}, Erasure: w.erasure,
	}
}

func day(n int) time.Time { return time.Date(2026, 3, n, 10, 0, 0, 0, time.UTC) }

// sample is a record with its outcome: "listens ID", "quarantine REASON", "deletion_requests ID" or "suppressed".
type sample struct{ user, value, outcome string }

// samples makes n records of every kind, ids new each time. A user who asks for deletion has no earlier listens,
// so that the outcome does not depend on where a run was cut off.
func (w *world) samples(n int) []sample {
	list := make([]sample, n)
	for i := range list {
		w.sent++
		id, user := fmt.Sprintf("listen-%06d", w.sent), fmt.Sprintf("user-%03d", w.sent%7)
		at := day(1 + w.sent%5)
		s := sample{user: user, value: listenJSON(id, user, at, at.Add(time.Minute)), outcome: "listens " + id}
		switch w.sent % 10 {
		case 3:
			s = sample{user, `{"type":"listen"`, "quarantine malformed_json"}
		case 5:
			s = sample{user, listenJSON(id, user, at.Add(2*time.Hour), at), "quarantine event_time_in_future"}
		case 6:
			user = fmt.Sprintf("leaver-%06d", w.sent)
			s = sample{user, deletionJSON(id, user, day(10)), "deletion_requests " + id}
		case 7:
			user = fmt.Sprintf("leaver-%06d", w.sent-1)
			s = sample{user, listenJSON(id, user, at, at), "suppressed"}
		}
		list[i] = s
	}
	return list
}

func listenJSON(id, user string, event, received time.Time) string {
	return fmt.Sprintf(`{"type":"listen","listen_id":%q,"user_id":%q,"track_id":"t1","artist_id":"A","device":"phone","event_time":%q,"received_time":%q,"ms_played":45000,"country":"de","mood":"calm"}`,
		id, user, event.Format(time.RFC3339Nano), received.Format(time.RFC3339Nano))
}

func deletionJSON(id, user string, received time.Time) string {
	at := received.Format(time.RFC3339Nano)
	return fmt.Sprintf(`{"type":"deletion","request_id":%q,"user_id":%q,"requested_at":%q,"received_time":%q,"reason":"left"}`, id, user, at, at)
}

func (w *world) expect(source string, partition int, offset int64, outcome string) {
	if outcome == "suppressed" {
		w.suppressed++
		return
	}
	w.want[fmt.Sprintf("%s/%d/%d", source, partition, offset)] = outcome
}

// check compares the tables with what was sent: every record in one place, none in two.
func (w *world) check() {
	w.t.Helper()
	if diff := cmp.Diff(w.want, w.found()); diff != "" {
		w.t.Fatalf("records are not where they belong (-want +got)\n%s", diff)
	}
	got, err := w.lake.Snapshot(w.t, catalog.Listens).StateNumber(catalog.Suppressed)
	if err != nil || got != w.suppressed {
		w.t.Fatalf("suppressed %d, %v; want %d", got, err, w.suppressed)
	}
	w.checkLog()
}

// found reads where every record is. One that is in two places is listed with both.
func (w *world) found() map[string]string {
	w.t.Helper()
	d := w.lake.DB(w.t)
	for _, table := range []string{catalog.Listens, catalog.Quarantine, catalog.DeletionRequests} {
		if err := d.Bind(w.t.Context(), table, w.lake.Snapshot(w.t, table)); err != nil {
			w.t.Fatal(err)
		}
	}
	got := map[string]string{}
	var at, what string
	err := d.EachText(w.t.Context(), `SELECT source_topic || '/' || source_partition || '/' || source_offset, string_agg(what, ' and ' ORDER BY what) FROM (
		SELECT source_topic, source_partition, source_offset, 'listens ' || listen_id AS what FROM listens
		UNION ALL SELECT source_topic, source_partition, source_offset, 'quarantine ' || reason FROM quarantine WHERE outcome IS NULL
		UNION ALL SELECT source_topic, source_partition, source_offset, 'deletion_requests ' || request_id FROM deletion_requests
	) GROUP BY 1`, nil, []any{&at, &what}, func() error { got[at] = what; return nil })
	if err != nil {
		w.t.Fatal(err)
	}
	return got
}

// checkLog makes sure that the log names nobody.
func (w *world) checkLog() {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.impersonal(w.log.String())
}

// impersonal fails if text names a user or a listen of samples.
func (w *world) impersonal(text string) {
	w.t.Helper()
	for _, personal := range []string{"user-0", "leaver-", "listen-0"} {
		if strings.Contains(text, personal) {
			w.t.Errorf("%q in %s", personal, text)
		}
	}
}

// broker is a topic on a broker in this process.
type broker struct {
	*world
	options topic.Options
	ends    []int64 // next offset to be produced
}

func newKafka(t *testing.T, partitions int) *broker {
	t.Helper()
	w := newWorld(t)
	b, err := simulate.StartBroker("listens", partitions)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	o := topic.Options{Brokers: b.Addrs(), Topic: "listens", MaxWait: 20 * time.Millisecond}
	return &broker{world: w, options: o, ends: make([]int64, partitions)}
}

// produce sends samples, those of one user to one partition.
func (k *broker) produce(list []sample) {
	k.t.Helper()
	records := make([]topic.Record, len(list))
	for i, s := range list {
		p := topic.PartitionOf([]byte(s.user), len(k.ends))
		records[i] = topic.Record{Partition: p, Time: day(15).UnixMicro(), Key: []byte(s.user), Value: []byte(s.value)}
		k.expect("listens", p, k.ends[p], s.outcome)
		k.ends[p]++
	}
	producer := topic.NewProducer(k.options)
	defer producer.Close() //nolint:errcheck // test
	if err := producer.Produce(k.t.Context(), records); err != nil {
		k.t.Fatal(err)
	}
}

// ingest runs an ingester over l until it has caught up.
func (k *broker) ingest(ctx context.Context, l *laketest.Lake, o ingest.Options) (ingest.Report, error) {
	k.t.Helper()
	t, err := topic.Open(ctx, k.options)
	if err != nil {
		return ingest.Report{}, err
	}
	defer t.Close() //nolint:errcheck // test
	o.UntilCaughtUp = true
	r, err := ingest.Kafka(ctx, k.env(l), t, o)
	k.impersonal(fmt.Sprint(err))
	return r, err
}

func (k *broker) mustIngest(o ingest.Options) ingest.Report {
	k.t.Helper()
	r, err := k.ingest(k.t.Context(), k.lake, o)
	if err != nil {
		k.t.Fatal(err)
	}
	return r
}

// file writes samples as a file of JSON Lines and expects them under the source's name.
func (w *world) file(name, source string, list []sample) string {
	w.t.Helper()
	var b strings.Builder
	for i, s := range list {
		fmt.Fprintln(&b, s.value)
		w.expect(source, 0, int64(i+1), s.outcome)
	}
	return w.write(name, []byte(b.String()))
}

func (w *world) write(name string, content []byte) string {
	w.t.Helper()
	path := filepath.Join(w.lake.Dir, name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		w.t.Fatal(err)
	}
	return path
}

func (w *world) files(l *laketest.Lake, o ingest.Options, paths ...string) (ingest.Report, error) {
	w.t.Helper()
	r, err := ingest.Files(w.t.Context(), w.env(l), paths, nil, o)
	w.impersonal(fmt.Sprint(err))
	return r, err
}

func (w *world) mustFiles(o ingest.Options, paths ...string) ingest.Report {
	w.t.Helper()
	r, err := w.files(w.lake, o, paths...)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// snapshots are the ids of the tables' newest snapshots.
func (w *world) snapshots() map[string]int64 {
	w.t.Helper()
	ids := map[string]int64{}
	for _, spec := range catalog.Specs() {
		ids[spec.Name] = w.lake.Snapshot(w.t, spec.Name).ID()
	}
	return ids
}

// crash is the death of the process at the nth step: from then on nothing works, and the commit loop gives up
// at once because the table looks as if it were not there.
func crash(nth int) (f *laketest.Faults, struck func() bool) {
	n := 0
	f = &laketest.Faults{Strike: func(at laketest.Step, _ string) error {
		if n++; n < nth {
			return nil
		}
		if at == laketest.LoadTable {
			return icecatalog.ErrNoSuchTable
		}
		return laketest.ErrInjected
	}}
	return f, func() bool { return n >= nth }
}
