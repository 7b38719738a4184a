package chain_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/chain"
	"github.com/lakectl/lakectl/jobs/erase"
	"github.com/lakectl/lakectl/jobs/erase/roll"
	"github.com/lakectl/lakectl/jobs/ingest"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/listen"
)

// refuse puts a record into quarantine that passes today.
func refuse(t *testing.T, l *laketest.Lake, raw string) {
	t.Helper()
	at, err := l.Table(t.Context(), catalog.Quarantine)
	if err != nil {
		t.Fatal(err)
	}
	row := catalog.RefusedRow{Raw: []byte(raw), Reason: "missing_field", ReceivedTime: time.Now(), Place: catalog.Place{Topic: "refused", Offset: 1}}
	files, err := lake.WriteRecords(t.Context(), at, catalog.IngestJob, []catalog.RefusedRow{row})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Commit(t.Context(), catalog.Quarantine, lake.Commit{Job: catalog.IngestJob, Add: files, Stage: func(lake.Snapshot) (map[string]string, error) { return nil, nil }}); err != nil {
		t.Fatal(err)
	}
}

func replay(t *testing.T, env jobs.Env) {
	t.Helper()
	if _, err := ingest.Replay(t.Context(), env, ingest.ReplayOptions{Reason: "missing_field", Limits: listen.DefaultLimits(), FlushRows: 100, FlushBytes: 1 << 20}); err != nil {
		t.Fatal(err)
	}
}

// restored is a lake as it was before a request came to it by a replay of quarantine, and the list of when it was
// carried out.
func restored(t *testing.T) (l *laketest.Lake, list roll.List, rewind func()) {
	l = laketest.New(t)
	ingestText(t, testEnv(l), "events", `{"type":"listen","listen_id":"a1","user_id":"ana","track_id":"t1","artist_id":"A","device":"phone","event_time":"2026-03-30T19:00:00Z","ms_played":201000,"received_time":"2026-03-30T19:04:02Z"}`+"\n")
	refuse(t, l, `{"type":"deletion","request_id":"r1","user_id":"ana","requested_at":"2026-04-10T09:00:00Z","received_time":"2026-04-10T09:00:01Z"}`)
	rewind = l.Rewinder(t)
	env := testEnv(l)
	replay(t, env)
	if _, err := chain.CarryOut(t.Context(), env, chain.DeletionsOptions{}); err != nil {
		t.Fatal(err)
	}
	list, err := roll.Export(t.Context(), env)
	if err != nil || len(list.Entries) != 1 || !list.Entries[0].Recomputed {
		t.Fatalf("the list %+v, %v", list, err)
	}
	rewind()
	return l, list, rewind
}

func TestARequestThatCameByAReplayIsReappliedAndReplayedOnce(t *testing.T) {
	laketest.Costly(t)
	l, list, _ := restored(t)
	env := testEnv(l)
	done, err := chain.Reapply(t.Context(), env, list, chain.DeletionsOptions{})
	if err != nil || done.Requests != 1 || done.Carried.Deleted.Rows.Listens != 1 {
		t.Errorf("reapplied %+v, %v", done, err)
	}
	for range 2 {
		replay(t, env)
		if all, err := erase.List(t.Context(), env); err != nil || len(all) != 1 || all[0].State != erase.Recomputed {
			t.Errorf("after a replay: %+v, %v", all, err)
		}
	}
}

func TestAReapplicationKilledAtAnyStepGoesOn(t *testing.T) {
	laketest.Long(t, "TestTwoPurgesAtOncePurgeOnce and the e2e tests go the same way")
	l, list, rewind := restored(t)
	nth := 1
	for ; ; nth += 4 * laketest.Stride(10) {
		rewind()
		ctx, cancel := context.WithCancel(t.Context())
		_, err := chain.Reapply(ctx, testEnv(l.With(laketest.CrashOnce(nth, cancel))), list, chain.DeletionsOptions{})
		cancel()
		if err == nil {
			break
		}
		if !errors.Is(err, laketest.ErrInjected) && !errors.Is(err, context.Canceled) {
			t.Fatalf("killed at step %d: %v", nth, err)
		}
		if _, err := chain.Reapply(t.Context(), testEnv(l), list, chain.DeletionsOptions{}); err != nil {
			t.Fatalf("after a kill at step %d: %v", nth, err)
		}
		if all, err := erase.List(t.Context(), testEnv(l)); err != nil || len(all) != 1 || all[0].State != erase.Recomputed || all[0].Listens != 1 {
			t.Fatalf("after a kill at step %d: %+v, %v", nth, all, err)
		}
	}
	if nth < 20 {
		t.Fatalf("%d steps: the faults do not reach the work", nth)
	}
}
