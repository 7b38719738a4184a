package e2e

import (
	"bytes"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/verbs"
	"github.com/lakectl/lakectl/jobs/simulate"
	"github.com/lakectl/lakectl/jobs/topic"
)

// startTopic starts a broker with a topic of one partition and produces values to it, one a second.
func startTopic(t *testing.T, values ...string) (brokers string) {
	t.Helper()
	b, err := simulate.StartBroker("listens", 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	records := make([]topic.Record, len(values))
	for i, value := range values {
		records[i] = topic.Record{Time: time.Date(2026, 4, 20, 0, 0, i, 0, time.UTC).UnixMicro(), Value: []byte(value)}
	}
	p := topic.NewProducer(topic.Options{Brokers: b.Addrs(), Topic: "listens"})
	defer p.Close() //nolint:errcheck // test
	if err := p.Produce(t.Context(), records); err != nil {
		t.Fatal(err)
	}
	return strings.Join(b.Addrs(), ",")
}

// shortStatus is what a script would pick out of the status.
type shortStatus struct {
	Problem      string         `json:"problem"`
	LagRecords   int64          `json:"lag_records"`
	LagSeconds   *int64         `json:"lag_seconds"`
	ArchivedRows int64          `json:"archived_rows"`
	Suppressed   int64          `json:"suppressed"`
	LastCommitAt *time.Time     `json:"last_commit_at"`
	Quarantined  map[string]int `json:"quarantined"`
	Partitions   []struct {
		Partition       int        `json:"partition"`
		CommittedOffset *int64     `json:"committed_offset"`
		EndOffset       int64      `json:"end_offset"`
		Watermark       *time.Time `json:"event_time_watermark"`
		Problem         string     `json:"problem"`
	} `json:"partitions"`
}

func TestIngestStatus(t *testing.T) {
	laketest.Costly(t)
	listen := func(id, user, at string) string {
		return fmt.Sprintf(`{"type":"listen","listen_id":%q,"user_id":%q,"track_id":"t","artist_id":"A","device":"phone","event_time":%q,"received_time":"2026-04-01T12:00:00Z","ms_played":60000}`, id, user, at)
	}
	deletion := `{"type":"deletion","request_id":"r","user_id":"secret-ana","requested_at":"2026-04-02T00:00:00Z","received_time":"2026-04-02T00:00:00Z"}`
	brokers := startTopic(t,
		listen("a", "secret-ana", "2026-04-01T10:00:00Z"), listen("b", "secret-ben", "2026-04-01T11:30:00Z"), "{", deletion,
		listen("c", "secret-ana", "2026-04-01T09:00:00Z"), listen("d", "secret-ben", "2026-04-01T09:00:00Z"))
	l := newLakeDir(t, false)
	var s shortStatus
	l.run(&s, "ingest", "status", "--brokers", brokers)
	if s.LagRecords != 6 || s.LagSeconds == nil || *s.LagSeconds < 1 || s.LastCommitAt != nil || len(s.Partitions) != 1 || s.Partitions[0].CommittedOffset != nil || s.Quarantined == nil {
		t.Errorf("nothing archived yet: %+v", s)
	}
	l.run(nil, "ingest", "--until-caught-up", "--brokers", brokers)
	s = shortStatus{}
	l.run(&s, "ingest", "status", "--brokers", brokers)
	if s.LagRecords != 0 || *s.LagSeconds != 0 || s.ArchivedRows != 3 || s.Suppressed != 1 || s.LastCommitAt == nil || !cmp.Equal(s.Quarantined, map[string]int{"malformed_json": 1}) {
		t.Fatalf("all archived: %+v", s)
	}
	if p := s.Partitions[0]; p.Watermark == nil || *p.CommittedOffset != 6 || p.EndOffset != 6 || p.Watermark.Format(time.RFC3339) != "2026-04-01T11:30:00Z" {
		t.Errorf("all archived: %+v", p)
	}
	l.run(nil, "job", "deletions")
	s = shortStatus{}
	l.run(&s, "ingest", "status", "--brokers", brokers)
	if rows := l.query("SELECT count(*) AS n FROM listens")[0]["n"]; rows != 2.0 || s.ArchivedRows != 2 {
		t.Errorf("after one of three rows was erased: %v in the table, the status says %d", rows, s.ArchivedRows)
	}

	status := func(brokers string) (code int, stdout, stderr string) {
		var out, err bytes.Buffer
		code = frame.Run(t.Context(), verbs.Groups(), []string{"lakectl", "--config", filepath.Join(l.dir, "lakehouse.yaml"), "ingest", "status", "--brokers", brokers}, strings.NewReader(""), &out, &err)
		if all := out.String() + err.String(); strings.Contains(all, "secret-") {
			t.Errorf("names a user: %s", all)
		}
		return code, out.String(), err.String()
	}
	code, stdout, stderr := status(brokers)
	line := regexp.MustCompile(`(?m)^ *0 +0 +0 +6 +6 +2026-04-01T11:30:00Z$`)
	if code != frame.ExitDone || stderr != "" || !line.MatchString(stdout) || !strings.HasPrefix(stdout, "up to date: ") || !strings.Contains(stdout, "malformed_json        1\n") {
		t.Errorf("code %d\n%s%s", code, stdout, stderr)
	}
	again := regexp.MustCompile(`(?m)^ *0 +2 +[0-9,]+ +- +2$`)
	code, stdout, stderr = status(startTopic(t, "{", "{")) // a new topic of the name in a cluster of the name
	if code != frame.ExitDone || !strings.HasPrefix(stdout, "ingest would stop: topic listens was deleted and made again") || !strings.Contains(stderr, "start a new lake") || !again.MatchString(stdout) {
		t.Errorf("another topic under the name: code %d\n%s%s", code, stdout, stderr)
	}
}
