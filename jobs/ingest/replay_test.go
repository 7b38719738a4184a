package ingest_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/ingest"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/listen"
)

// lax accepts what ingest refuses by default: devices three hours ahead.
var lax = listen.Limits{MaxAhead: 3 * time.Hour, MaxLate: 365 * 24 * time.Hour}

func (w *world) replay(l *laketest.Lake, o ingest.ReplayOptions) (ingest.ReplayReport, error) {
	w.t.Helper()
	if o.Reason == "" {
		o.Reason = string(listen.EventTimeInFuture)
	}
	r, err := ingest.Replay(w.t.Context(), w.env(l), o)
	w.impersonal(fmt.Sprint(err))
	return r, err
}

func (w *world) mustReplay(o ingest.ReplayOptions) ingest.ReplayReport {
	w.t.Helper()
	r, err := w.replay(w.lake, o)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// kept is a row that lies in quarantine for a device two hours ahead, whatever is in it, as if an earlier version
// had refused it. outcome is what a lax replay makes of it, as in samples; "quarantine REASON" for nothing.
type kept struct {
	source    string
	partition int
	offset    int64
	sent      any // time or nil
	value     string
	outcome   string
}

// keep puts rows into quarantine. Sources of the name listens are a topic.
func (w *world) keep(list ...kept) {
	w.t.Helper()
	rows := make([][]any, len(list))
	for i, k := range list {
		rows[i] = []any{
			[]byte(k.value), string(listen.EventTimeInFuture), nil, day(1 + i%3), nil, nil, k.source, k.partition, k.offset, k.sent, nil, nil,
		}
		w.expect(k.source, k.partition, k.offset, k.outcome)
	}
	w.commitRows(catalog.Quarantine, rows, lake.Positions{}.WithTopic("c", "listens", "", map[int]int64{0: 1}))
}

func (w *world) commitRows(table string, rows [][]any, p lake.Positions) {
	w.t.Helper()
	t, err := w.lake.Table(w.t.Context(), table)
	if err != nil {
		w.t.Fatal(err)
	}
	files, err := t.WriteRows(w.t.Context(), "test", rows)
	if err != nil {
		w.t.Fatal(err)
	}
	_, err = w.lake.Commit(w.t.Context(), table, lake.Commit{Job: "ingest", Add: files, Stage: func(lake.Snapshot) (map[string]string, error) {
		return map[string]string{lake.StateKey(lake.PositionsKey): p.String()}, nil
	}})
	if err != nil {
		w.t.Fatal(err)
	}
}

// keepSome puts records of every outcome into quarantine, of two files and a topic, each at a new position.
func (w *world) keepSome() {
	w.t.Helper()
	w.sent++
	n := int64(w.sent)
	id := func(k int) string { return fmt.Sprintf("listen-%04d-%d", n, k) }
	ahead, leaver := day(2).Add(2*time.Hour), fmt.Sprintf("leaver-%04d", n)
	w.keep(
		kept{"a", 0, 10 * n, nil, listenJSON(id(0), "user-001", ahead, day(2)), "listens " + id(0)},
		kept{"b", 0, 10 * n, day(9), listenJSON(id(1), "user-002", ahead, day(2)), "listens " + id(1)},
		kept{"b", 0, 10*n + 1, day(9), `{"type":"listen"`, "quarantine event_time_in_future"},
		kept{"b", 0, 10*n + 2, nil, listenJSON(id(2), "user-002", day(3), day(3)), "listens " + id(2)},
		kept{"listens", 0, 10 * n, day(15), deletionJSON(id(3), leaver, day(10)), "deletion_requests " + id(3)},
		kept{"listens", 0, 10*n + 1, day(15), listenJSON(id(4), leaver, ahead, day(2)), "suppressed"},
		kept{"listens", 1, 10 * n, day(15), listenJSON(id(5), "user-003", day(4), day(4)), "listens " + id(5)},
		kept{"listens", 1, 10*n + 1, day(15), listenJSON(id(6), "user-003", day(16), day(15)), "quarantine event_time_in_future"},
	)
}

var allOfKeepSome = ingest.ReplayReport{
	Read: 8, Archived: 4, DeletionRequested: 1, Suppressed: 1,
	StillRefused: map[listen.Reason]int64{listen.MalformedJSON: 1, listen.EventTimeInFuture: 1},
}

// outcomes lists the rows of quarantine with what became of them.
func (w *world) outcomes() map[string]string {
	w.t.Helper()
	d := w.lake.DB(w.t)
	if err := d.Bind(w.t.Context(), "q", w.lake.Snapshot(w.t, catalog.Quarantine)); err != nil {
		w.t.Fatal(err)
	}
	got := map[string]string{}
	var at, what string
	err := d.EachText(w.t.Context(), `SELECT source_topic || '/' || source_partition || '/' || source_offset, concat_ws(' ', outcome, outcome_at) FROM q`,
		nil, []any{&at, &what}, func() error {
			if _, twice := got[at]; twice {
				return fmt.Errorf("%s is in quarantine twice", at)
			}
			got[at] = what
			return nil
		})
	if err != nil {
		w.t.Fatal(err)
	}
	return got
}

// checkReplayed compares the tables, the marks among them, with what must have become of everything.
func (w *world) checkReplayed(kept int) {
	w.t.Helper()
	w.check()
	got := w.outcomes()
	if len(got) != kept {
		w.t.Errorf("%d rows in quarantine, want %d: rows stay when they are marked", len(got), kept)
	}
	for at, outcome := range got {
		place, _, _ := strings.Cut(w.want[at], " ")
		want := map[string]string{
			"listens": "archived 2026-03-20 10:00:00+00", "deletion_requests": "deletion_requested 2026-03-20 10:00:00+00",
			"": "suppressed 2026-03-20 10:00:00+00", "quarantine": "",
		}[place]
		if outcome != want {
			w.t.Errorf("%s became %q, want %q", at, outcome, want)
		}
	}
}

func TestReplayPutsEachRecordWhereItBelongsToday(t *testing.T) {
	w := newWorld(t)
	w.keepSome()
	if diff := cmp.Diff(allOfKeepSome, w.mustReplay(ingest.ReplayOptions{Limits: lax})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	w.checkReplayed(8)
	s := w.lake.Snapshot(t, catalog.Listens)
	if s.Property(catalog.RequestsThrough) == "" {
		t.Error("the newest commit does not say which requests filtered it: an erasure reads the archive again")
	}
	marks, err := catalog.WatermarksOf(s)
	if diff := cmp.Diff(catalog.EventTimes{"listens": {1: day(4).UnixMicro()}}, marks); diff != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
}

func TestReplayWithNothingToBringInWritesNothing(t *testing.T) {
	w := newWorld(t)
	if got := w.mustReplay(ingest.ReplayOptions{}); got.Read != 0 {
		t.Errorf("an empty quarantine has %+v", got)
	}
	w.keepSome()
	w.mustReplay(ingest.ReplayOptions{Limits: lax})
	before := w.snapshots()
	got := w.mustReplay(ingest.ReplayOptions{Limits: lax})
	if got.Read != 2 || got.StillRefused[listen.MalformedJSON] != 1 || got.StillRefused[listen.EventTimeInFuture] != 1 {
		t.Errorf("got %+v", got)
	}
	if got := w.mustReplay(ingest.ReplayOptions{Limits: lax, Reason: "missing_field"}); got.Read != 0 {
		t.Errorf("of another reason: %+v", got)
	}
	if got := w.mustReplay(ingest.ReplayOptions{Limits: lax, Since: day(4)}); got.Read != 0 {
		t.Errorf("received later: %+v", got)
	}
	if diff := cmp.Diff(before, w.snapshots()); diff != "" {
		t.Errorf("snapshots (-before +after)\n%s", diff)
	}
}

func TestReplayNeedsAReasonThatThereIs(t *testing.T) {
	w := newWorld(t)
	for _, reason := range []string{"", "any", "future"} {
		_, err := ingest.Replay(t.Context(), w.env(w.lake), ingest.ReplayOptions{Reason: reason})
		if !errors.Is(err, ingest.ErrUsage) || !strings.Contains(lake.Hint(err), "event_time_in_future") {
			t.Errorf("%q: %v, hint %q", reason, err, lake.Hint(err))
		}
	}
}

// What a round holds is bounded by rows and by bytes; a record larger than the bound is a round of its own.
func TestReplayInSmallRoundsIsTheSame(t *testing.T) {
	for name, o := range map[string]ingest.ReplayOptions{"rows": {FlushRows: 1}, "bytes": {FlushBytes: 1}, "both": {FlushRows: 3, FlushBytes: 400}} {
		t.Run(name, func(t *testing.T) {
			if name != "both" {
				laketest.Long(t, "both ends rounds by rows and by bytes")
			}
			w := newWorld(t)
			w.keepSome()
			w.keepSome()
			o.Limits = lax
			want := allOfKeepSome
			want.Read, want.Archived, want.DeletionRequested, want.Suppressed = 16, 8, 2, 2
			want.StillRefused = map[listen.Reason]int64{listen.MalformedJSON: 2, listen.EventTimeInFuture: 2}
			if diff := cmp.Diff(want, w.mustReplay(o)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			w.checkReplayed(16)
		})
	}
}

// A record is decoded with the time that came with it: that stands in for a received_time, and in a topic a
// received_time more than an hour after it is invalid. The column received_time may be the ingester's own clock.
func TestReplayDecodesWithTheTimeThatCameWithTheRecord(t *testing.T) {
	w := newWorld(t)
	without := func(id string) string {
		return fmt.Sprintf(`{"type":"listen","listen_id":%q,"user_id":"user-001","track_id":"t","artist_id":"a","device":"d","event_time":"2026-03-02T10:00:00Z","ms_played":1}`, id)
	}
	sent := day(2).Add(time.Millisecond)
	w.keep(
		kept{"listens", 0, 1, sent, without("from-log"), "listens from-log"},
		kept{"listens", 0, 2, nil, without("no-time"), "quarantine event_time_in_future"},
		kept{"listens", 0, 3, day(2), listenJSON("hour", "user-001", day(2), day(2).Add(time.Hour)), "listens hour"},
		kept{"listens", 0, 4, day(2), listenJSON("over", "user-001", day(2), day(2).Add(time.Hour+time.Microsecond)), "quarantine event_time_in_future"},
		kept{"listens", 0, 5, nil, listenJSON("unknown", "user-001", day(2), day(9)), "listens unknown"},
		kept{"a", 0, 1, sent, without("given"), "listens given"},
		kept{"a", 0, 2, day(2), listenJSON("file", "user-001", day(2), day(9)), "listens file"},
	)
	got := w.mustReplay(ingest.ReplayOptions{})
	if diff := cmp.Diff(map[listen.Reason]int64{listen.MissingField: 1, listen.InvalidField: 1}, got.StillRefused); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	w.checkReplayed(7)
	if n := w.count(catalog.Listens, "listen_id IN ('from-log', 'given') AND received_time = '2026-03-02 10:00:00.001+00'"); n != 2 {
		t.Errorf("%d records without a received_time got the one that came with them", n)
	}
}

// count counts the rows of a table as it is now.
func (w *world) count(table, condition string) (n int64) {
	w.t.Helper()
	d := w.lake.DB(w.t)
	if err := d.Bind(w.t.Context(), "counted", w.lake.Snapshot(w.t, table)); err != nil {
		w.t.Fatal(err)
	}
	if err := d.OneText(w.t.Context(), "SELECT count(*) FROM counted WHERE "+condition, nil, []any{&n}); err != nil {
		w.t.Fatal(err)
	}
	return n
}

// From the topic through ingest, with limits that were too strict: what a replay brings in is what a more lenient
// ingest would have archived, down to the last column.
func TestReplayEqualsALenientIngest(t *testing.T) {
	archive := func(k *broker) string {
		d := k.lake.DB(t)
		if err := d.Bind(t.Context(), "l", k.lake.Snapshot(t, catalog.Listens)); err != nil {
			t.Fatal(err)
		}
		var text string
		if err := d.OneText(t.Context(), "SELECT string_agg(to_json(x)::VARCHAR, chr(10) ORDER BY source_partition, source_offset) FROM (SELECT * EXCLUDE (_file, _pos) FROM l) x", nil, []any{&text}); err != nil {
			t.Fatal(err)
		}
		return text
	}
	lenient, strict := newKafka(t, 2), newKafka(t, 2)
	for _, k := range []*broker{lenient, strict} {
		k.produce(k.samples(100))
	}
	lenient.mustIngest(ingest.Options{Limits: lax})
	strict.mustIngest(ingest.Options{})
	open := strict.rawOf("outcome IS NULL AND reason <> 'event_time_in_future'")
	if got := strict.mustReplay(ingest.ReplayOptions{Limits: lax}); got.Archived != 10 {
		t.Errorf("got %+v", got)
	}
	if diff := cmp.Diff(archive(lenient), archive(strict)); diff != "" {
		t.Errorf("(-lenient +replayed)\n%s", diff)
	}
	if diff := cmp.Diff(open, strict.rawOf("outcome IS NULL")); diff != "" {
		t.Errorf("rows that did not pass are not where they were (-before +after)\n%s", diff)
	}
	if n := len(strict.rawOf("outcome = 'archived' AND outcome_at = '2026-03-20 10:00:00+00' AND source_time = '2026-03-15 10:00:00+00'")); n != 10 {
		t.Errorf("%d rows are marked", n)
	}
}

// rawOf lists rows of quarantine with their place in the files.
func (w *world) rawOf(condition string) (rows []string) {
	w.t.Helper()
	d := w.lake.DB(w.t)
	if err := d.Bind(w.t.Context(), "q", w.lake.Snapshot(w.t, catalog.Quarantine)); err != nil {
		w.t.Fatal(err)
	}
	var row string
	err := d.EachText(w.t.Context(), "SELECT to_json(q)::VARCHAR FROM q WHERE "+condition+" ORDER BY source_topic, source_partition, source_offset", nil, []any{&row}, func() error {
		rows = append(rows, row)
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return rows
}
