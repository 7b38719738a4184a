package run

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/schedule"
	"github.com/lakectl/lakectl/lake"
)

// shell is a program that does what a script says; $2 is the first word of a job's command line.
func shell(script string) Program {
	return Program{Path: "/bin/sh", Name: "sh", Args: []string{"-c", script, "sh"}}
}

func every(t *testing.T, text string) schedule.When {
	t.Helper()
	when, err := schedule.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return when
}

// serving is a dashboard that listens nowhere.
func serving(ctx context.Context, ready func(net.Addr, bool)) error {
	ready(&net.TCPAddr{}, true)
	<-ctx.Done()
	return nil
}

func envOf(l *laketest.Lake, to *laketest.Journal) jobs.Env {
	return jobs.Env{Lake: l.Lake, Log: slog.New(slog.NewTextHandler(to, nil)), Now: func() time.Time { return time.Now().UTC() }, CodeVersion: "test"}
}

func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); lake.Pause(t.Context(), 10*time.Millisecond) { //nolint:errcheck // the loop asks
		if time.Now().After(deadline) {
			t.Fatalf("still not: %s", what)
		}
	}
}

func (s Status) job(name string) JobStatus {
	for _, j := range s.Jobs {
		if j.Job == name {
			return j
		}
	}
	return JobStatus{}
}

// The socket of systemd is the whole process's, so no other test runs beside this one.
func TestRunGoesOnWhateverAJobOrIngestDoes(t *testing.T) {
	laketest.Costly(t)
	l, to := laketest.New(t), &laketest.Journal{}
	sock := filepath.Join(t.TempDir(), "notify")
	said, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: sock, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer said.Close() //nolint:errcheck // test
	t.Setenv("NOTIFY_SOCKET", sock)
	var ingested atomic.Int32
	r := New(envOf(l, to), Options{
		Program: shell(`case "$2" in
good) echo '{"a": 1}';;
bad) echo 'time=x level=INFO msg="at work"' >&2; echo 'lakectl: it is broken' >&2; echo 'lakectl: hint: mend it' >&2; exit 5;;
torn) echo '{"a"';;
killed) kill -9 $$;;
slow) sleep 60 & wait;;
esac`),
		Jobs: []Job{
			{Name: "slow", When: every(t, "1s"), Args: []string{"slow"}},
			{Name: "good", When: every(t, "1s"), Args: []string{"good"}},
			{Name: "bad", When: every(t, "1s"), Args: []string{"bad"}},
			{Name: "torn", When: every(t, "1s"), Args: []string{"torn"}},
			{Name: "killed", When: every(t, "1s"), Args: []string{"killed"}},
			{Name: "night", When: every(t, "03:00"), Args: []string{"good"}},
		},
		Ingest: func(ctx context.Context) error {
			switch ingested.Add(1) {
			case 1:
				return errors.New("no broker")
			case 2:
				panic("a mistake of ours")
			}
			<-ctx.Done()
			return nil
		},
		Serve: serving,
	})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	await(t, "good ran twice, the others failed, ingest was begun again", func() bool {
		s := r.Status()
		return s.job("good").Runs >= 2 && s.job("bad").Failures > 0 && s.job("torn").Failures > 0 && s.job("killed").Failures > 0 && s.Ingest.Restarts == 2 && s.Ingest.State == "runs"
	})
	s := r.Status()
	// On a busy machine the next slot of a job of each second can be past: the job is due then, or at work again.
	if j := s.job("bad"); j.LastError != "it is broken" || *j.LastExit != 5 || j.NextRun.IsZero() || j.State == "waits" && !j.NextRun.After(s.Now) {
		t.Errorf("%+v", j)
	}
	if j := s.job("killed"); !strings.Contains(j.LastError, "memory") || *j.LastExit != -1 {
		t.Errorf("%+v", j)
	}
	if j := s.job("slow"); j.State != "runs" || !s.Lease.Leads {
		t.Errorf("%+v, %+v", j, s.Lease)
	}
	if !strings.Contains(s.Ingest.LastError, "a mistake of ours") {
		t.Errorf("%+v", s.Ingest)
	}
	for _, want := range []string{`msg="job says" job=bad line="time=x level=INFO msg=\"at work\""`, `hint="mend it"`, `error="no broker"`} {
		if !strings.Contains(to.String(), want) {
			t.Errorf("no %s in\n%s", want, to.String())
		}
	}
	table, err := l.Lake.Table(t.Context(), catalog.RunLease)
	if err != nil {
		t.Fatal(err)
	}
	if slot, err := time.Parse(time.RFC3339, table.Property(catalog.SlotProperty("night"))); err != nil || slot.Hour() != 3 || s.job("night").Runs != 0 || !s.job("night").NextRun.After(s.Now) {
		t.Errorf("the first night is to come: %s, %v, %+v", slot, err, s.job("night"))
	}
	checkShown(t, r)
	began := time.Now()
	stop()
	if err := <-ended; err != nil || time.Since(began) > 9*time.Second {
		t.Errorf("%v after %s", err, time.Since(began))
	}
	heard := ""
	for line := make([]byte, 100); !strings.Contains(heard, "STOPPING=1"); {
		said.SetReadDeadline(time.Now().Add(5 * time.Second)) //nolint:errcheck // test
		n, err := said.Read(line)
		if err != nil {
			t.Fatalf("%v after %q", err, heard)
		}
		heard += string(line[:n]) + " "
	}
	if !strings.HasPrefix(heard, "READY=1 ") {
		t.Errorf("systemd heard %q", heard)
	}
}

// checkShown asks for the status as JSON, as a page and as metrics.
func checkShown(t *testing.T, r *Runner) {
	t.Helper()
	for accept, want := range map[string]string{"": "application/json", "text/html,*/*": "text/html; charset=utf-8"} {
		w, req := httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), "GET", "/status", nil)
		req.Header.Set("Accept", accept)
		r.ServeHTTP(w, req)
		if w.Code != 200 || w.Header().Get("Content-Type") != want || !strings.Contains(w.Body.String(), "it is broken") {
			t.Errorf("%s: %d %s %s", accept, w.Code, w.Header(), w.Body)
		}
		if accept == "" && !json.Valid(w.Body.Bytes()) {
			t.Error(w.Body)
		}
	}
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(r)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			for _, label := range m.GetLabel() {
				found[f.GetName()+" "+label.GetValue()] = true
			}
			found[f.GetName()] = true
		}
	}
	for _, want := range []string{"lakectl_run_leads", "lakectl_job_failing bad", "lakectl_job_runs_total killed", "lakectl_job_next_run_seconds night", "lakectl_run_ingest_restarts_total", "lakectl_job_lag_seconds good"} {
		if !found[want] {
			t.Errorf("no %s in %v", want, found)
		}
	}
}

func TestANightThatPassedWithoutAProcessIsRunAtTheStartAndOnce(t *testing.T) {
	t.Parallel()
	l, to := laketest.New(t), &laketest.Journal{}
	old := time.Now().UTC().AddDate(0, 0, -3).Format(time.RFC3339)
	if _, err := l.SetProperty(t.Context(), catalog.RunLease, catalog.SlotProperty("night"), old); err != nil {
		t.Fatal(err)
	}
	for life := range 2 {
		r := New(envOf(l, to), Options{Program: shell(`echo '{}'`), Jobs: []Job{
			{Name: "night", When: every(t, "03:00"), Args: []string{"good"}}, {Name: "good", When: every(t, "1s"), Args: []string{"good"}},
		}, Serve: serving})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- r.Run(ctx) }()
		await(t, "the other job ran twice", func() bool { return r.Status().job("good").Runs >= 2 })
		if runs := r.Status().job("night").Runs; runs != int64(1-life) {
			t.Errorf("life %d: %d runs", life, runs)
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// The tables are not looked at by the clock here, but once at the start, before anything is there.
func TestWhatIngestCommitsIsRolledUpWithoutWaitingForALook(t *testing.T) {
	t.Parallel()
	l := laketest.New(t)
	var r *Runner
	commit, told := make(chan struct{}), make(chan struct{})
	r = New(envOf(l, &laketest.Journal{}), Options{
		Program: shell(`echo '{}'`), Jobs: []Job{{Name: "rollup", When: every(t, "snapshot"), Args: []string{"good"}}}, Serve: serving,
		Ingest: func(ctx context.Context) error {
			for range 2 {
				<-commit
				l.Put(t, "ingest", catalog.Listens, nil)
				r.Look()
				told <- struct{}{}
			}
			<-ctx.Done()
			return nil
		},
	})
	r.every = time.Hour
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	for runs := range int64(2) {
		commit <- struct{}{}
		<-told
		await(t, "the rollup ran for this commit", func() bool { return r.Status().job("rollup").Runs == runs+1 })
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestAnAddressThatIsTakenEndsRun(t *testing.T) {
	t.Parallel()
	taken := lake.WithHint(errors.New("listen: address in use"), "set serve.addr")
	r := New(envOf(laketest.New(t), &laketest.Journal{}), Options{Serve: func(context.Context, func(net.Addr, bool)) error { return taken }})
	if err := r.Run(t.Context()); !errors.Is(err, taken) || lake.Hint(err) == "" {
		t.Errorf("got %v", err)
	}
}

func TestAChildThatDoesNotEndIsKilledInTime(t *testing.T) {
	laketest.Long(t, "waits for the grace of a child")
	t.Parallel()
	deaf := filepath.Join(t.TempDir(), "deaf") // made when the child has stopped hearing SIGTERM, which is later than its start
	r := New(envOf(laketest.New(t), &laketest.Journal{}), Options{
		Program: shell(`trap "" TERM; : >"` + deaf + `"; while :; do sleep 1; done`), Jobs: []Job{{Name: "deaf", When: every(t, "1s"), Args: []string{"x"}}}, Serve: serving,
	})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	await(t, "it does not hear", func() bool {
		_, err := os.Stat(deaf)
		return err == nil
	})
	began := time.Now()
	stop()
	if err := <-ended; err != nil || time.Since(began) > 9*time.Second || time.Since(began) < grace {
		t.Errorf("%v after %s", err, time.Since(began))
	}
}
