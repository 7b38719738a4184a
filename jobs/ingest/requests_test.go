package ingest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs/ingest"
)

func windowJSON(id, user, window string, received time.Time) string {
	at := received.Format(time.RFC3339)
	return fmt.Sprintf(`{"type":"deletion","request_id":%q,"user_id":%q,"requested_at":%q,"received_time":%q%s}`, id, user, at, at, window)
}

// The request is known from the batch itself, from an earlier commit, or read at the start of another run.
func TestRequestedWindowKeepsListensOut(t *testing.T) {
	request := day(10)
	listens := func(prefix string, outcomes ...string) []sample {
		var list []sample
		for i, at := range []time.Time{day(2), day(4), day(6), request.Add(30 * time.Minute), request.Add(40 * time.Minute)} {
			received := at.Add(time.Minute)
			if i == 3 {
				received = request // arrived with the request from a clock that runs ahead
			}
			id := fmt.Sprint(prefix, i)
			outcome := outcomes[i]
			if outcome == "" {
				outcome = "listens " + id
			}
			list = append(list, sample{"user", listenJSON(id, "user", at, received), outcome})
		}
		return list
	}
	for name, c := range map[string]struct {
		window   string
		outcomes []string
	}{
		"ever":         {``, []string{"suppressed", "suppressed", "suppressed", "suppressed", ""}},
		"closed":       {`,"from":"2026-03-03T00:00:00Z","to":"2026-03-06T10:00:00Z"`, []string{"", "suppressed", "", "", ""}},
		"from":         {`,"from":"2026-03-04T10:00:00Z","to":null`, []string{"", "suppressed", "suppressed", "suppressed", ""}},
		"to":           {`,"from":null,"to":"2026-03-04T10:00:00Z"`, []string{"suppressed", "", "", "", ""}},
		"beyond today": {`,"to":"2027-01-01T00:00:00Z"`, []string{"suppressed", "suppressed", "suppressed", "suppressed", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			list := []sample{{"user", windowJSON("r1", "user", c.window, request), "deletion_requests r1"}}
			list = append(list, listens("batch", c.outcomes...)...)
			list = append(list, sample{"other", listenJSON("other", "other", day(4), day(4)), "listens other"})
			w.mustFiles(ingest.Options{Source: "a"}, w.file("a.jsonl", "a", list))
			w.mustFiles(ingest.Options{Source: "b", FlushRows: 2}, w.file("b.jsonl", "b", listens("run", c.outcomes...)))
			w.check()
		})
	}
}

func TestRequestsAreStoredAsSent(t *testing.T) {
	w := newWorld(t)
	w.mustFiles(ingest.Options{Source: "a"}, w.write("a.jsonl", []byte(
		windowJSON("r1", "u", `,"from":"2026-03-03T00:00:00Z","to":"2027-01-01T00:00:00Z","reason":"moved"`, day(10))+"\n"+windowJSON("r2", "u", "", day(11)))))
	d := w.lake.DB(t)
	if err := d.Bind(t.Context(), "r", w.lake.Snapshot(t, catalog.DeletionRequests)); err != nil {
		t.Fatal(err)
	}
	var got []string
	var row string
	err := d.EachText(t.Context(), `SELECT concat_ws(' ', request_id, user_id, length(subject), requested_at, received_time,
		coalesce("from"::VARCHAR, '-'), coalesce("to"::VARCHAR, '-'), coalesce(reason, '-'), source_topic, source_partition, source_offset) FROM r ORDER BY 1`,
		nil, []any{&row}, func() error { got = append(got, row); return nil })
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"r1 u 32 2026-03-10 10:00:00+00 2026-03-10 10:00:00+00 2026-03-03 00:00:00+00 2027-01-01 00:00:00+00 moved a 0 1",
		"r2 u 32 2026-03-11 10:00:00+00 2026-03-11 10:00:00+00 - - - a 0 2",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// An erasure sweeps what a request may cover: rows of commits that were filtered by older requests.
func TestCommitNamesTheRequestsThatFilteredIt(t *testing.T) {
	w := newWorld(t)
	through := func() string {
		return w.lake.Snapshot(t, catalog.Listens).Property(catalog.RequestsThrough)
	}
	request := func(id string) []sample {
		return []sample{{"u", windowJSON(id, "u", "", day(10)), "deletion_requests " + id}}
	}
	for i, want := range []string{"0", "1", "2"} { // the request in the batch itself does not count
		source := fmt.Sprint("s", i)
		w.mustFiles(ingest.Options{Source: source}, w.file(source, source, request(source)))
		if got := through(); got != want {
			t.Errorf("commit %d was filtered through %q, want %q", i, got, want)
		}
	}
	// In one run: the second batch knows the request of the first.
	w.mustFiles(ingest.Options{Source: "long", FlushRows: 1}, w.file("long", "long", append(request("r8"), request("r9")...)))
	if got := through(); got != "4" {
		t.Errorf("second batch was filtered through %q, want 4", got)
	}
}
