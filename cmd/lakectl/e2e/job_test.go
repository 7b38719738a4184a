package e2e

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/ingest"
	"github.com/lakectl/lakectl/lake/listen"
)

func testEnv(l *laketest.Lake) jobs.Env {
	return jobs.Env{
		Lake: l.Lake, Duck: l.Duck, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return time.Now().UTC() },
		Progress: func(string) {},
	}
}

const listenThenDeletion = `{"type":"listen","listen_id":"a1","user_id":"ana","track_id":"t1","artist_id":"A","device":"phone","event_time":"2026-03-30T19:00:00Z","ms_played":201000,"received_time":"2026-03-30T19:04:02Z"}
{"type":"deletion","request_id":"r1","user_id":"ana","requested_at":"2026-04-10T09:00:00Z","received_time":"2026-04-10T09:00:01Z"}
`

func ingestText(t *testing.T, env jobs.Env, source, text string) {
	t.Helper()
	o := ingest.Options{Source: source, Limits: listen.DefaultLimits()}
	if _, err := ingest.Files(t.Context(), env, []string{"-"}, strings.NewReader(text), o); err != nil {
		t.Fatal(err)
	}
}

func TestAReasonThatThereIsNotIsWrongUsage(t *testing.T) {
	l := newLakeDir(t, false)
	if _, err := l.exec("quarantine", "list", "--reason", "no_such_reason"); err == nil || !strings.Contains(err.Error(), "exit code 2") || !strings.Contains(err.Error(), "hint") {
		t.Errorf("got %v", err)
	}
}
