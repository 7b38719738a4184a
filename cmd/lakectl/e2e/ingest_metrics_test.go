package e2e

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/verbs"
)

func TestTakenMetricsPortNamesTheKeyBeforeAnythingIsIngested(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close() //nolint:errcheck // test
	l := newLakeDir(t, false)
	_, err = l.exec("ingest", "--until-caught-up", "--brokers", startTopic(t, "{"), "--metrics-addr", taken.Addr().String())
	if err == nil || !strings.Contains(err.Error(), "exit code 1") || !strings.Contains(err.Error(), "ingest.metrics_addr is "+taken.Addr().String()) || !strings.Contains(err.Error(), "hint: give another address with --metrics-addr") {
		t.Errorf("got %v", err)
	}
	if rows := l.query("SELECT count(*) AS n FROM quarantine")[0]["n"]; rows != 0.0 {
		t.Errorf("%v rows", rows)
	}
	if _, err := l.exec("ingest", "--metrics-addr", "9464"); err == nil || !strings.Contains(err.Error(), "exit code 2") || !strings.Contains(err.Error(), `ingest.metrics_addr (--metrics-addr) is "9464"; allowed: a value such as 127.0.0.1:9464`) {
		t.Errorf("no host: %v", err)
	}
}

func TestIngestServesMetricsUntilItStops(t *testing.T) {
	addr := freeAddress(t)
	l := newLakeDir(t, false)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan int, 1)
	var stdout, stderr bytes.Buffer
	line := []string{"lakectl", "--config", filepath.Join(l.dir, "lakehouse.yaml"), "ingest", "--brokers", startTopic(t, "{", "{"), "--flush-rows", "2", "--metrics-addr", addr}
	go func() { done <- frame.Run(ctx, verbs.Groups(), line, strings.NewReader(""), &stdout, &stderr) }()
	text := ""
	patience, lost := context.WithTimeout(ctx, 20*time.Second)
	defer lost()
	every := time.NewTicker(20 * time.Millisecond)
	defer every.Stop()
	for !strings.Contains(text, `lakectl_ingest_quarantined_total{reason="malformed_json"} 2`) {
		select {
		case <-every.C:
		case <-patience.Done():
			t.Fatalf("never two refused records in\n%s", text)
		}
		res, err := http.Get("http://" + addr + "/metrics")
		if err != nil {
			continue // not up yet
		}
		body, err := io.ReadAll(res.Body)
		if err = errors.Join(err, res.Body.Close()); err != nil {
			t.Fatal(err)
		}
		text = string(body)
	}
	for _, name := range []string{"go_goroutines ", "process_resident_memory_bytes ", "go_build_info{"} {
		if !strings.Contains(text, "\n"+name) {
			t.Errorf("no %s in\n%s", name, text)
		}
	}
	stop()
	if code := <-done; code != frame.ExitDone {
		t.Fatalf("code %d: %s", code, stderr.String())
	}
	again, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatalf("still served after the end: %v", err)
	}
	again.Close() //nolint:errcheck // test
}
