package e2e

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog/laketest"
)

var liveLink = regexp.MustCompile(`(?s)open +(http\S+)/signin#(\S+).* as the artist (a\d+)`)

func TestDemoLiveShowsFiguresThatMoveAndLeavesNothingRunning(t *testing.T) {
	laketest.Long(t, "a demo that goes on")
	addr := freeAddress(t)
	dir := filepath.Join(t.TempDir(), "lake")
	screen := filepath.Join(t.TempDir(), "screen")
	to, err := os.Create(screen)
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close() //nolint:errcheck // the process has its own
	c := exec.Command("lakectl", "demo", "--live", "--listens", "3000", "--rate", "100", "--dir", dir, "--addr", addr)
	c.Stderr = to
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	t.Cleanup(func() {
		c.Process.Kill() //nolint:errcheck // most often it has ended
		if text, err := os.ReadFile(screen); t.Failed() {
			t.Logf("%s %v", text, err)
		}
	})
	until := func(what string, holds func() bool) {
		t.Helper()
		for began := time.Now(); !holds(); {
			select {
			case err := <-ended:
				t.Fatalf("it ended by itself: %v", err)
			case <-time.After(100 * time.Millisecond):
			}
			if time.Since(began) > 3*time.Minute {
				t.Fatalf("still not: %s", what)
			}
		}
	}
	var said [][]byte
	until("a link on the screen", func() bool {
		text, _ := os.ReadFile(screen)
		said = liveLink.FindSubmatch(text)
		return said != nil
	})
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar, Timeout: time.Minute}
	base, artist := string(said[1]), string(said[3])
	in, err := browser.PostForm(base+"/signin", url.Values{"secret": {string(said[2])}})
	if err != nil {
		t.Fatal(err)
	}
	in.Body.Close() //nolint:errcheck // only the address matters
	if in.StatusCode != http.StatusOK || in.Request.URL.Path != "/artists/"+artist {
		t.Fatalf("signed in: %s at %s", in.Status, in.Request.URL)
	}
	asked := func(question, figure string) string {
		t.Helper()
		answer, err := browser.Get(base + "/v1/artists/" + artist + "/" + question)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close() //nolint:errcheck // read only
		var all map[string]any
		if err := json.NewDecoder(answer.Body).Decode(&all); err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s %v", question, answer.Status, err)
		}
		text, err := json.Marshal(all[figure])
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	today := "summary?from=" + time.Now().UTC().AddDate(0, 0, -1).Format(time.DateOnly) + "&to=" + time.Now().UTC().AddDate(0, 0, 1).Format(time.DateOnly)
	first := ""
	until("plays of today", func() bool { first = asked(today, "plays"); return first != "0" })
	until("more plays of today", func() bool { return asked(today, "plays") != first })
	until("plays of the last hour", func() bool { return asked("live", "plays") != "0" })

	stopped := time.Now()
	if err := c.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("stopped: %v", err)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("it does not stop")
	}
	if took := time.Since(stopped); took > 10*time.Second {
		t.Errorf("it took %s to stop", took)
	}
	environments, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		t.Fatal(err)
	}
	for _, of := range environments {
		if text, err := os.ReadFile(of); err == nil && bytes.Contains(text, []byte(dir)) {
			t.Errorf("%s is left running", strings.Split(of, "/")[2])
		}
	}
}
