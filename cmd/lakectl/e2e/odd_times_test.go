package e2e

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/certificate/keep"
	"github.com/lakectl/lakectl/jobs/chain"
	"github.com/lakectl/lakectl/jobs/ingest"
	"github.com/lakectl/lakectl/jobs/purge"
	"github.com/lakectl/lakectl/jobs/verify"
	"github.com/lakectl/lakectl/lake/listen"
)

// The same user asks once more, with a listen that slipped in before, while the files of the first request are
// rewritten.
func TestARequestDuringAPurgeOfTheSameUserEndsVerified(t *testing.T) {
	laketest.Long(t, "TestOddRequestsEndVerifiedInOneBatch has the other odd requests")
	l := laketest.New(t)
	envOf := func(l *laketest.Lake) jobs.Env {
		return jobs.Env{
			Lake: l.Lake, Duck: l.Duck, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return time.Now().UTC() },
			Progress: func(string) {}, CodeVersion: "test", SubjectKey: listen.Key{1},
		}
	}
	env := envOf(l)
	bring := func(source string, lines ...string) {
		t.Helper()
		o := ingest.Options{Source: source, Limits: listen.DefaultLimits()}
		if _, err := ingest.Files(t.Context(), env, []string{"-"}, strings.NewReader(strings.Join(lines, "\n")), o); err != nil {
			t.Fatal(err)
		}
	}
	carryOut := func(p *purge.Options) {
		t.Helper()
		if _, err := chain.CarryOut(t.Context(), env, chain.DeletionsOptions{Purge: p}); err != nil {
			t.Fatal(err)
		}
	}
	window := `,"from":"2026-03-01T00:00:00Z","to":"2026-03-10T00:00:00Z"`
	bring("first", oddListen("odd.same.!", "odd.same.1!", "2026-03-05"), oddListen("else", "l1", "2026-03-05"))
	carryOut(nil)
	bring("requests", oddAsk("r1", "odd.same.!", window))
	carryOut(nil)
	struck := 0
	busy := l.With(&laketest.Faults{Strike: func(step laketest.Step, table string) error {
		if step == laketest.BeforeCommit && table == catalog.Listens && struck == 0 {
			struck++
			bring("second", oddListen("odd.same.!", "odd.same.2!", "2026-03-15"), oddAsk("r2", "odd.same.!", ""))
		}
		return nil
	}})
	if _, err := chain.CarryOut(t.Context(), envOf(busy), chain.DeletionsOptions{Purge: &purge.Options{Now: true}}); struck == 0 {
		t.Fatalf("nothing came during the purge: %v", err)
	}
	carryOut(&purge.Options{}) // what a lost attempt wrote may remain
	age(t, l.Options.Warehouse, 25*time.Hour)
	carryOut(&purge.Options{Now: true})
	dir := filepath.Join(l.Dir, "certificate")
	if _, err := keep.Begin(dir); err != nil {
		t.Fatal(err)
	}
	p, err := chain.Prove(t.Context(), env, verify.Options{Folders: []verify.Folder{{Path: l.Options.Warehouse, Kind: "warehouse"}}}, dir)
	if err != nil || p.Concluded.Verified != 2 {
		t.Fatalf("%+v, %v", p, err)
	}
	if left := laketest.Words(t, l.Dir, oddWord); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// Ten thousand requests are one batch to the end: one certificate, within the memory and time of a machine at work.
func TestTenThousandRequestsEndVerifiedByOneCertificate(t *testing.T) {
	laketest.Long(t, "ten thousand requests over a hundred thousand rows")
	const requests, users, rows = 10_000, 20_000, 100_000
	l := newLakeDir(t, true)
	lines := make([]string, rows)
	for i := range lines {
		kind := "stays"
		if i%2 == 0 {
			kind = "leaves"
		}
		lines[i] = oddListen(fmt.Sprintf("odd.%s.%d!", kind, i%users), fmt.Sprint("l", i), fmt.Sprintf("2026-03-%02d", 1+i*20/rows))
	}
	l.run(nil, "ingest", "file", l.write("listens.jsonl", strings.Join(lines, "\n")))
	lines = lines[:0]
	for i := range requests {
		lines = append(lines, oddAsk(fmt.Sprint("r", i), fmt.Sprintf("odd.leaves.%d!", 2*i), ""))
	}
	l.run(nil, "ingest", "file", l.write("requests.jsonl", strings.Join(lines, "\n")))
	for _, name := range []string{"listens.jsonl", "requests.jsonl"} {
		l.write(name, "")
	}
	if n := len(l.leavers()); n != requests {
		t.Fatalf("%d of those who leave are in the lake to begin with", n)
	}
	deletions := l.measured("job", "deletions", "--purge-now")
	verified := l.measured("deletions", "verify")
	t.Logf("job deletions --purge-now: %s; deletions verify: %s", deletions, verified)
	var p proved
	if err := json.Unmarshal(verified.out, &p); err != nil || p.Concluded.Verified != requests || len(p.Concluded.Certificates) != 1 {
		t.Fatalf("%+v, %v", p.Concluded, err)
	}
	if deletions.peak > 2<<30 || verified.peak > 1<<30 {
		t.Error("that is more memory than is allowed")
	}
	l.run(nil, "certificate", "verify", "--log", l.dir+"/certificate/log", p.Concluded.Certificates[0].Path)
	if left := l.leavers(); len(left) > 0 {
		t.Errorf("%d of those who left are in files", len(left))
	}
	if n := l.query("SELECT count(*) AS n FROM listens")[0]["n"]; n != float64(rows/2) {
		t.Errorf("%v of %d rows are left", n, rows/2)
	}
}

// leavers are those whose words are in a file of the lake.
func (l *lakeDir) leavers() map[string][]string {
	return laketest.Words(l.t, l.dir, regexp.MustCompile(`odd\.leaves\.[0-9]+!`))
}

// measurement is what a command printed and took.
type measurement struct {
	out  []byte
	took time.Duration
	peak int64 // bytes
}

func (m measurement) String() string {
	return fmt.Sprintf("%s, %d MiB", m.took.Round(100*time.Millisecond), m.peak>>20)
}

// measured runs a command as a process.
func (l *lakeDir) measured(args ...string) measurement {
	l.t.Helper()
	c := exec.CommandContext(l.t.Context(), "lakectl", append([]string{"--config", filepath.Join(l.dir, "lakehouse.yaml"), "--json"}, args...)...)
	began := time.Now()
	out, err := c.Output()
	if err != nil {
		l.t.Fatalf("%v: %v", args, err)
	}
	var peak int64
	if usage, is := c.ProcessState.SysUsage().(*syscall.Rusage); is {
		peak = usage.Maxrss << 10
	}
	return measurement{out, time.Since(began), peak}
}
