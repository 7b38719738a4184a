package browser

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog/laketest"
)

// Whose pages are looked at. The artist is the one with most plays.
const (
	artist = "artist"
	label  = "label"
)

// world is a lake with a month of listens, late ones, duplicates, erasures and a closed period among them, and the
// dashboard over it.
type world struct {
	*testing.T
	dir, url string
	ids      map[string]string // of the artist and the label
	browser  *chromium
	server   *server
}

// newWorld makes the lake by the jobs and starts the dashboard as a process of its own.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, dir: t.TempDir(), browser: newChromium(t, laketest.Engine(t, "CHROMIUM")), server: &server{}}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := listener.Addr().String()
	listener.Close() //nolint:errcheck // it was never used
	w.url = "http://" + addr
	w.lakectl("demo", "--listens", "6000")
	w.load()
	w.lakectl("job", "rollup", "--true-up")
	w.server.addr = addr
	w.start()
	t.Cleanup(w.stop)
	return w
}

// lakectl runs a command in the lake's folder and returns what it prints as JSON.
func (w *world) lakectl(args ...string) []byte {
	w.Helper()
	cmd := exec.CommandContext(w.Context(), "lakectl", append([]string{"--json"}, args...)...) // testscript.Main put it on the PATH
	cmd.Dir = w.dir
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		w.Fatalf("lakectl %v: %v: %s", args, err, stderr.String())
	}
	return stdout.Bytes()
}

// sql returns the rows of a query.
func (w *world) sql(text string, flags ...string) []map[string]any {
	w.Helper()
	var result struct {
		Rows []map[string]any `json:"rows"`
	}
	if err := json.Unmarshal(w.lakectl(append(append([]string{"sql"}, flags...), text)...), &result); err != nil {
		w.Fatal(err)
	}
	return result.Rows
}

// number is the only figure of a query.
func (w *world) number(text string, flags ...string) int64 {
	w.Helper()
	rows := w.sql(text, flags...)
	if len(rows) != 1 || len(rows[0]) != 1 {
		w.Fatalf("%s: %v", text, rows)
	}
	for _, value := range rows[0] {
		if value == nil {
			return 0
		}
		if f, ok := value.(float64); ok {
			return int64(f)
		}
		var n int64
		if _, err := fmt.Sscan(fmt.Sprint(value), &n); err != nil {
			w.Fatal(err)
		}
		return n
	}
	return 0
}

// load names the tracks: those of the artist, and of three more, are of one label.
func (w *world) load() {
	w.Helper()
	w.ids = map[string]string{label: "L/7"}
	lines := strings.Builder{}
	lines.WriteString("track_id,title,artist_name,label_id,label_name,isrc,valid_from,valid_to\n")
	rows := w.sql("SELECT DISTINCT artist_id, track_id, sum(plays) OVER (PARTITION BY artist_id) AS plays FROM plays_by_day ORDER BY plays DESC, artist_id, track_id")
	titles := []string{"Paper Lanterns", "Late Train", "Your Side of the Map", "Low Tide", "Cassette (live)", "Second Summer", "Hollow Signal", "Nachtfahrt", "Slow Weather", "Copper Garden"}
	artists := []string{"Nils Aurora", "Mara Lind", "Otis & the Quiet Rooms", "Iris Okafor"}
	seen := map[any]int{}
	for i, row := range rows {
		at, known := seen[row["artist_id"]]
		if !known {
			at = len(seen)
			seen[row["artist_id"]] = at
		}
		labelID, name := fmt.Sprintf("other%d", at%5), fmt.Sprintf("Artist %d", at)
		if at < len(artists) {
			labelID, name = w.ids[label], artists[at]
		}
		title := titles[i%len(titles)]
		if i >= len(titles) {
			title += fmt.Sprintf(" %d", i/len(titles)+1)
		}
		fmt.Fprintf(&lines, "%s,%s,%s,%s,Harbour Records,,,\n", row["track_id"], title, name, labelID)
	}
	w.ids[artist] = fmt.Sprint(rows[0]["artist_id"])
	path := filepath.Join(w.dir, "tracks.csv")
	if err := os.WriteFile(path, []byte(lines.String()), 0o600); err != nil {
		w.Fatal(err)
	}
	w.lakectl("tracks", "load", path)
}

// server is a dashboard that runs.
type server struct {
	addr string
	cmd  *exec.Cmd
	log  *bytes.Buffer
}

// start starts the dashboard and waits until it answers.
func (w *world) start() {
	w.Helper()
	w.server.cmd, w.server.log = exec.Command("lakectl", "serve", "--addr", w.server.addr), &bytes.Buffer{}
	w.server.cmd.Dir = w.dir
	w.server.cmd.Stdout, w.server.cmd.Stderr = w.server.log, w.server.log
	if err := w.server.cmd.Start(); err != nil {
		w.Fatal(err)
	}
	w.until("the dashboard answers", func() bool {
		answer, err := http.Get(w.url + "/healthz") //nolint:noctx // it is on this machine
		if err != nil {
			return false
		}
		answer.Body.Close() //nolint:errcheck // nothing is in it
		return answer.StatusCode == http.StatusOK
	})
}

// stop ends the dashboard.
func (w *world) stop() {
	w.Helper()
	w.server.cmd.Process.Signal(os.Interrupt) //nolint:errcheck // it may have ended
	if err := w.server.cmd.Wait(); err != nil {
		w.Errorf("serve: %v: %s", err, w.server.log.String())
	}
}

// until waits for something that another process does.
func (w *world) until(what string, ok func() bool) {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), time.Minute)
	defer cancel()
	for look := time.NewTicker(200 * time.Millisecond); !ok(); {
		select {
		case <-look.C:
		case <-ctx.Done():
			w.Fatalf("waited a minute until %s", what)
		}
	}
}

// link makes a link that signs somebody in.
func (w *world) link(scope ...string) string {
	w.Helper()
	var made struct {
		URL string `json:"url"`
	}
	if err := json.Unmarshal(w.lakectl(append([]string{"token", "link", "--public-url", w.url}, scope...)...), &made); err != nil {
		w.Fatal(err)
	}
	return made.URL
}

// revokeNewest ends the session that was begun last.
func (w *world) revokeNewest() {
	w.Helper()
	var made struct {
		Tokens []struct {
			ID   string `json:"token_id"`
			Kind string `json:"kind"`
		} `json:"tokens"`
	}
	text := w.lakectl("token", "list")
	if err := json.Unmarshal(text, &made); err != nil || len(made.Tokens) == 0 {
		w.Fatalf("%v in %s", err, text)
	}
	w.lakectl("token", "revoke", made.Tokens[len(made.Tokens)-1].ID)
}
