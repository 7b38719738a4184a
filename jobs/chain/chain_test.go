package chain_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/chain"
	"github.com/lakectl/lakectl/jobs/erase"
	"github.com/lakectl/lakectl/jobs/ingest"
	"github.com/lakectl/lakectl/jobs/rollup"
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
		dies   string // the table whose commit nobody confirms
		partly bool
	}{
		{catalog.DeletionLog, false},
		{catalog.ListensCounted, true},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		dead := l.With(&laketest.Faults{Strike: func(step laketest.Step, table string) error {
			if step == laketest.BeforeCommit && table == c.dies {
				cancel() // or the commit is tried again for a minute
				return laketest.ErrInjected
			}
			return nil
		}})
		report, err := chain.CarryOut(ctx, testEnv(dead), chain.DeletionsOptions{})
		cancel()
		if err == nil || errors.Is(err, jobs.ErrPartial) != c.partly {
			t.Errorf("%s: got %v, want one that is partly done: %t", c.dies, err, c.partly)
		}
		if gone := l.Snapshot(t, catalog.Listens).ID() != before; gone != c.partly || gone != (report.Deleted.Rows.Listens > 0) {
			t.Errorf("%s: rows deleted: %t, reported: %+v", c.dies, gone, report.Deleted.Rows)
		}
	}
	if report, err := chain.CarryOut(t.Context(), testEnv(l), chain.DeletionsOptions{}); err != nil || report.Confirmed.Requests != 1 {
		t.Errorf("run again: %+v, %v", report, err)
	}
}

func TestRequestsThatStillWaitArePartlyDone(t *testing.T) {
	if err := chain.Unfinished(nil); err != nil {
		t.Error(err)
	}
	err := chain.Unfinished([]erase.Waiting{{RequestID: "r1", For: "job rollup to read the deletion"}})
	if !errors.Is(err, jobs.ErrPartial) || !strings.Contains(lake.Hint(err), "lakectl job deletions") {
		t.Errorf("got %v, hint %q", err, lake.Hint(err))
	}
}

// Somebody asks every minute: nights and rollups are not his business.
func TestWithoutAnOpenRequestNothingIsRecomputed(t *testing.T) {
	l := laketest.New(t)
	env := testEnv(l)
	listen, deletion, _ := strings.Cut(listenThenDeletion, "\n")
	for i, c := range []struct {
		text       string
		recomputed bool
	}{{listen + "\n", false}, {deletion, true}, {strings.Replace(listen, "ana", "ben", 1) + "\n", false}} {
		ingestText(t, env, fmt.Sprint("events", i), c.text)
		before := l.Snapshot(t, catalog.ListensCounted).ID()
		report, err := chain.CarryOut(t.Context(), env, chain.DeletionsOptions{OnlyOpen: true})
		if err != nil {
			t.Fatal(err)
		}
		if got := l.Snapshot(t, catalog.ListensCounted).ID() != before; got != c.recomputed || report.Royalties.Written != c.recomputed {
			t.Errorf("step %d: recomputed %t, %+v", i, got, report.Royalties)
		}
	}
}

// Two copies of one listen are two plays until a true-up counts what the ledger counts.
func TestATrueUpBringsTheLedgerToTheArchiveFirst(t *testing.T) {
	l := laketest.New(t)
	env := testEnv(l)
	line, _, _ := strings.Cut(listenThenDeletion, "\n")
	ingestText(t, env, "events", line+"\n"+line+"\n")
	for _, c := range []struct {
		trueUp bool
		plays  int64
	}{{false, 2}, {true, 1}} {
		if _, err := chain.RollUp(t.Context(), env, rollup.Options{TrueUp: c.trueUp}); err != nil {
			t.Fatal(err)
		}
		if ledger := l.Snapshot(t, catalog.ListensCounted).ID(); (ledger != 0) != c.trueUp {
			t.Errorf("true-up %t: the ledger is at snapshot %d", c.trueUp, ledger)
		}
		d := l.DB(t)
		if err := d.Bind(t.Context(), "plays", l.Snapshot(t, catalog.PlaysByHour)); err != nil {
			t.Fatal(err)
		}
		var plays int64
		if err := d.OneText(t.Context(), "SELECT sum(plays)::BIGINT FROM plays", nil, []any{&plays}); err != nil || plays != c.plays {
			t.Errorf("true-up %t: %d plays, %v, want %d", c.trueUp, plays, err, c.plays)
		}
	}
}
