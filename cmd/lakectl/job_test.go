package main

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/erase"
	"github.com/lakectl/lakectl/jobs/ingest"
	"github.com/lakectl/lakectl/lake"
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

func TestADeletionThatEndsAfterTheFirstRowsIsPartlyDone(t *testing.T) {
	l := laketest.New(t)
	ingestText(t, testEnv(l), "events", listenThenDeletion)
	before := l.Snapshot(t, catalog.Listens).ID()
	for _, c := range []struct {
		dies string // the table whose commit nobody confirms
		want int
	}{
		{catalog.DeletionLog, exitFailed},
		{catalog.ListensCounted, exitPartial},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		dead := l.With(&laketest.Faults{Strike: func(step laketest.Step, table string) error {
			if step == laketest.BeforeCommit && table == c.dies {
				cancel() // or the commit is tried again for a minute
				return laketest.ErrInjected
			}
			return nil
		}})
		report, err := carryOut(ctx, testEnv(dead))
		cancel()
		if exitCode(err) != c.want {
			t.Errorf("%s: got %v, code %d, want %d", c.dies, err, exitCode(err), c.want)
		}
		if gone := l.Snapshot(t, catalog.Listens).ID() != before; gone != (c.want == exitPartial) || gone != (report.Deleted.Rows.Listens > 0) {
			t.Errorf("%s: rows deleted: %t, reported: %+v", c.dies, gone, report.Deleted.Rows)
		}
	}
	if report, err := carryOut(t.Context(), testEnv(l)); err != nil || report.Confirmed.Requests != 1 {
		t.Errorf("run again: %+v, %v", report, err)
	}
}

func TestRequestsThatStillWaitArePartlyDone(t *testing.T) {
	if err := unfinished(nil); err != nil {
		t.Error(err)
	}
	err := unfinished([]erase.Waiting{{RequestID: "r1", For: "job rollup to read the deletion"}})
	if !errors.Is(err, jobs.ErrPartial) || !strings.Contains(lake.Hint(err), "lakectl job deletions") {
		t.Errorf("got %v, hint %q", err, lake.Hint(err))
	}
}

func TestATagOnSeveralTablesBindsAllOfThem(t *testing.T) {
	l := laketest.New(t)
	env := testEnv(l)
	ingestText(t, env, "first", listenThenDeletion)
	listens, requests := l.Snapshot(t, catalog.Listens), l.Snapshot(t, catalog.DeletionRequests)
	ingestText(t, env, "second", strings.NewReplacer("a1", "a2", "r1", "r2", "ana", "ben").Replace(listenThenDeletion)+"refused\n")
	quarantine, later := l.Snapshot(t, catalog.Quarantine), l.Snapshot(t, catalog.DeletionRequests)
	ingestText(t, env, "third", "refused again\n")
	for _, s := range []lake.Snapshot{listens, quarantine} {
		if err := l.Tag(t.Context(), "audit", s, 0); err != nil {
			t.Fatal(err)
		}
	}
	cut := func(asOf string) map[string]int64 {
		t.Helper()
		snapshots, err := resolve(t.Context(), env, asOf, []string{catalog.DeletionRequests, catalog.Listens, catalog.Quarantine})
		if err != nil {
			t.Fatal(err)
		}
		ids := map[string]int64{}
		for _, s := range snapshots {
			ids[s.Table().Name()] = s.ID()
		}
		return ids
	}
	got := cut("audit")
	if got[catalog.Listens] != listens.ID() || got[catalog.Quarantine] != quarantine.ID() {
		t.Errorf("listens %d, quarantine %d, want %d, %d", got[catalog.Listens], got[catalog.Quarantine], listens.ID(), quarantine.ID())
	}
	want := requests.ID()
	if !later.Time().After(quarantine.Time()) {
		want = later.ID()
	}
	if got[catalog.DeletionRequests] != want {
		t.Errorf("deletion_requests %d, want %d: as of the latest tagged snapshot", got[catalog.DeletionRequests], want)
	}
}

func TestAReasonThatThereIsNotIsWrongUsage(t *testing.T) {
	err := askedWrong(lake.WithHint(ingest.ErrUsage, "give one of these"))
	if exitCode(err) != exitUsage || lake.Hint(err) != "give one of these" {
		t.Errorf("got %v, code %d, hint %q", err, exitCode(err), lake.Hint(err))
	}
	l := newLakeDir(t, false)
	if _, err := l.exec("quarantine", "list", "--reason", "no_such_reason"); err == nil || !strings.Contains(err.Error(), "exit code 2") || !strings.Contains(err.Error(), "hint") {
		t.Errorf("got %v", err)
	}
}
