package ingest_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs/ingest"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/listen"
)

// refuse ingests five records that are refused, received on days 2, 4, 3, 9 and 9, and returns their text.
func (w *world) refuse() (lines []string) {
	for _, n := range []int{2, 4, 3} {
		lines = append(lines, fmt.Sprintf(`{"type":"listen","received_time":%q,"listen_id":""}`, day(n).Format(time.RFC3339)))
	}
	lines = append(lines, "\xff\xfe", `{"type":"`+strings.Repeat("é", 2000))
	at := day(9)
	w.mustFiles(ingest.Options{Source: "s", ReceivedTime: &at}, w.write("a.jsonl", []byte(strings.Join(lines, "\n"))))
	return lines
}

func (w *world) quarantined(f ingest.Filter) []ingest.Refused {
	w.t.Helper()
	list, err := ingest.Quarantined(w.t.Context(), w.env(w.lake), f)
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

func TestQuarantineListsNewestFirst(t *testing.T) {
	w := newWorld(t)
	lines := w.refuse()
	all := w.quarantined(ingest.Filter{})
	var offsets string
	for _, r := range all {
		offsets += fmt.Sprint(r.Offset)
	}
	if offsets != "54231" {
		t.Errorf("order %s", offsets)
	}
	if all[1].Raw != "hex:fffe" {
		t.Errorf("raw bytes that are no text are shown as %q", all[1].Raw)
	}
	if raw := all[0].Raw; !strings.HasPrefix(lines[4], strings.TrimSuffix(raw, "...")) || len(raw) > 520 || len(raw) < 500 {
		t.Errorf("a long record is shown as %d bytes", len(raw))
	}
}

func TestQuarantineIsFilteredAndCounted(t *testing.T) {
	w := newWorld(t)
	lines := w.refuse()
	want := ingest.Refused{Reason: listen.MissingField, Detail: "listen_id", Source: "s", Offset: 2, ReceivedTime: day(4), Raw: lines[1]}
	if diff := cmp.Diff([]ingest.Refused{want}, w.quarantined(ingest.Filter{Reason: "missing_field", Limit: 1})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := w.quarantined(ingest.Filter{Since: day(4)}); len(got) != 3 {
		t.Errorf("since day 4: %d records", len(got))
	}
	counts, err := ingest.QuarantineCounts(t.Context(), w.env(w.lake), ingest.Filter{Limit: 1})
	if diff := cmp.Diff(map[listen.Reason]int64{listen.MissingField: 3, listen.MalformedJSON: 2}, counts); diff != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
}

func TestReasonThatThereIsNotIsWrongUsage(t *testing.T) {
	w := newWorld(t)
	f := ingest.Filter{Reason: "missing_fields"}
	_, err := ingest.Quarantined(t.Context(), w.env(w.lake), f)
	_, err2 := ingest.QuarantineCounts(t.Context(), w.env(w.lake), f)
	for _, err := range []error{err, err2} {
		if !errors.Is(err, ingest.ErrUsage) || !strings.Contains(err.Error(), `"missing_fields"`) || !strings.Contains(lake.Hint(err), "missing_field, invalid_field") {
			t.Errorf("got %v, hint %q", err, lake.Hint(err))
		}
	}
	for _, reason := range listen.Reasons() {
		if list := w.quarantined(ingest.Filter{Reason: string(reason)}); len(list) != 0 {
			t.Errorf("%s: %v", reason, list)
		}
	}
}

func TestQuarantineOfANewLakeIsEmpty(t *testing.T) {
	w := newWorld(t)
	list, err := ingest.Quarantined(t.Context(), w.env(w.lake), ingest.Filter{})
	counts, err2 := ingest.QuarantineCounts(t.Context(), w.env(w.lake), ingest.Filter{})
	if err != nil || err2 != nil || len(list) != 0 || len(counts) != 0 {
		t.Errorf("%v %v, %v %v", list, err, counts, err2)
	}
}

// An erasure finds refused records by user and time, so both are filled from wherever they can be read.
func TestRefusedRecordNamesItsUserAndTimes(t *testing.T) {
	k := newKafka(t, 1)
	k.produce([]sample{
		{"key-user", `{`, ""},
		{"key-user", `{"type":"listen","user_id":"parsed","event_time":"2026-03-02T00:00:00Z","received_time":"2026-03-01T00:00:00Z"}`, ""},
		{"\xff", `[]`, ""},
		{"", `[]`, ""},
	})
	k.mustIngest(ingest.Options{})
	d := k.lake.DB(t)
	if err := d.Bind(t.Context(), "q", k.lake.Snapshot(t, catalog.Quarantine)); err != nil {
		t.Fatal(err)
	}
	var got []string
	var row string
	err := d.EachText(t.Context(), `SELECT concat_ws(' ', source_offset, coalesce(user_id, '-'), received_time, coalesce(event_time::VARCHAR, '-'), decode(raw)) FROM q ORDER BY source_offset`,
		nil, []any{&row}, func() error { got = append(got, row); return nil })
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`0 key-user 2026-03-15 10:00:00+00 - {`,
		`1 parsed 2026-03-01 00:00:00+00 2026-03-02 00:00:00+00 {"type":"listen","user_id":"parsed","event_time":"2026-03-02T00:00:00Z","received_time":"2026-03-01T00:00:00Z"}`,
		`2 - 2026-03-15 10:00:00+00 - []`,
		`3 - 2026-03-15 10:00:00+00 - []`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// A collector stamps before the log does. What a file's --received-time gives proves nothing of the kind.
func TestReceivedTimeWellAfterTheLogsIsRefusedInATopicOnly(t *testing.T) {
	k := newKafka(t, 1)
	hour, over := day(15).Add(time.Hour), day(15).Add(time.Hour+time.Microsecond)
	list := func(prefix string) []sample {
		return []sample{
			{"user-001", listenJSON(prefix+"hour", "user-001", day(15), hour), "listens " + prefix + "hour"},
			{"user-001", listenJSON(prefix+"over", "user-001", day(15), over), "listens " + prefix + "over"},
			{"leaver-1", deletionJSON(prefix+"r", "leaver-1", over), "deletion_requests " + prefix + "r"},
		}
	}
	sent := list("t-")
	sent[1].outcome, sent[2].outcome = "quarantine invalid_field", "quarantine invalid_field"
	k.produce(sent)
	k.mustIngest(ingest.Options{})
	at := day(15)
	k.mustFiles(ingest.Options{Source: "f", ReceivedTime: &at}, k.file("f.jsonl", "f", list("f-")))
	k.check()
	for _, r := range k.quarantined(ingest.Filter{}) {
		if !strings.HasPrefix(r.Detail, "received_time: ") {
			t.Errorf("detail %q", r.Detail)
		}
	}
}
