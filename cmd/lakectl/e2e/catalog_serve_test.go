package e2e

import (
	"io"
	"net/http"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
)

// A reader of a SQLite file that nobody has open reads a copy of it, which would stay as it is.
func TestTheServedCatalogFollowsCommitsOfOtherProcesses(t *testing.T) {
	laketest.Costly(t)
	t.Parallel()
	l := newLakeDir(t, true)
	url := "http://" + freeAddress(t)
	var said laketest.Journal
	c := exec.Command("lakectl", "--config", l.dir+"/lakehouse.yaml", "catalog", "serve", "--addr", url[len("http://"):])
	c.Stderr = &said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	t.Cleanup(func() { c.Process.Kill() }) //nolint:errcheck // it may have ended

	tag := ""
	for deadline := time.Now().Add(time.Minute); tag == ""; {
		if tag = listensTag(t, url); time.Now().After(deadline) {
			t.Fatalf("nothing is served: %s", said.String())
		}
		lake.Pause(t.Context(), 20*time.Millisecond) //nolint:errcheck // whoever waits asks again
	}
	for day := range 2 {
		l.ingest(plays("l", 3, []string{"2026-03-10", "2026-03-11"}[day]), []string{"one", "two"}[day])
		now := listensTag(t, url)
		if now == "" || now == tag {
			t.Errorf("after commit %d the catalog names %q, before it %q", day, now, tag)
		}
		tag = now
	}
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Errorf("stopped: %v\n%s", err, said.String())
	}
}

// listensTag is the tag of what is served of listens, "" where nothing is.
func listensTag(t *testing.T, url string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/v1/namespaces/music/tables/listens", nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		return ""
	}
	defer got.Body.Close() //nolint:errcheck // a test
	if _, err := io.Copy(io.Discard, got.Body); err != nil || got.StatusCode != http.StatusOK {
		return ""
	}
	return got.Header.Get("ETag")
}
