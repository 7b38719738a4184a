package e2e

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/simulate"
	"github.com/lakectl/lakectl/jobs/topic"
	"github.com/lakectl/lakectl/lake"
)

// running is a lake, a topic, and the 'lakectl run' between them.
type running struct {
	*lakeDir
	producer *topic.Producer
	sent     int
	level    string // of the log; "" is info
}

// runPartitions is how many the topic has.
const runPartitions = 2

func newRunning(t *testing.T) *running {
	t.Helper()
	b, err := simulate.StartBroker("listens", runPartitions)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	r := &running{lakeDir: newLakeDir(t, false), producer: topic.NewProducer(topic.Options{Brokers: b.Addrs(), Topic: "listens"})}
	t.Cleanup(func() { r.producer.Close() }) //nolint:errcheck // every batch was acknowledged
	r.write("lakehouse.yaml", fmt.Sprintf(`catalog: {uri: %[1]s/catalog.db, warehouse: %[1]s/warehouse}
duckdb: {temp_directory: %[1]s/tmp, threads: 1}
kafka: {brokers: [%[2]s], session_timeout: 2s}
ingest: {flush_age: 500ms}
`, r.dir, strings.Join(b.Addrs(), ", ")))
	return r
}

// send brings records to the topic.
func (r *running) send(values ...string) {
	r.t.Helper()
	var records []topic.Record
	for i, value := range values {
		records = append(records, topic.Record{Partition: i % runPartitions, Time: time.Now().UnixMicro(), Key: []byte("u"), Value: []byte(value)})
	}
	if err := r.producer.Produce(r.t.Context(), records); err != nil {
		r.t.Fatal(err)
	}
	r.sent += len(records)
}

// aListen is one of the artist A that counts today.
func aListen(id, user string) string {
	now := time.Now().UTC().Format(time.RFC3339)
	return fmt.Sprintf(`{"type":"listen","listen_id":%q,"user_id":%q,"track_id":"t","artist_id":"A","device":"phone","event_time":%q,"received_time":%q,"ms_played":45000}`, id, user, now, now)
}

// instance is one 'lakectl run'.
type instance struct {
	r       *running
	url     string
	process *os.Process
	log     string
	ended   chan struct{}
	err     error
}

// freeAddress is one of this machine that nobody listens at.
func freeAddress(t *testing.T) string {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer free.Close() //nolint:errcheck // test
	return free.Addr().String()
}

func (r *running) start(name string, env ...string) *instance {
	r.t.Helper()
	addr := freeAddress(r.t)
	i := &instance{r: r, url: "http://" + addr, log: filepath.Join(r.dir, name+".log"), ended: make(chan struct{})}
	stderr, err := os.OpenFile(i.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		r.t.Fatal(err)
	}
	defer stderr.Close() //nolint:errcheck // the process has its own
	c := exec.Command("lakectl", "--config", filepath.Join(r.dir, "lakehouse.yaml"), "--log-level", cmp.Or(r.level, "info"), "run", "--addr", addr)
	c.Stderr, c.Env = stderr, append(os.Environ(), env...)
	if err := c.Start(); err != nil {
		r.t.Fatal(err)
	}
	i.process = c.Process
	go func() {
		i.err = c.Wait()
		close(i.ended)
	}()
	r.t.Cleanup(func() {
		i.process.Kill() //nolint:errcheck // most are gone by now
		<-i.ended
		if r.t.Failed() {
			text, _ := os.ReadFile(i.log)
			r.t.Logf("%s:\n%s", name, tail(text))
		}
	})
	return i
}

// get asks the dashboard; an error while it does not answer.
func (i *instance) get(path string, into any) error {
	res, err := http.Get(i.url + path)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(res.Body)
	if err = errors.Join(err, res.Body.Close()); err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s: %s", path, res.Status, body)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(body, into)
}

// plays are those of the artist A on the page; -1 while it does not answer.
func (i *instance) plays() int {
	var summary struct {
		Plays int `json:"plays"`
	}
	if err := i.get("/v1/artists/A/summary", &summary); err != nil {
		return -1
	}
	return summary.Plays
}

// pause lets time go by, unless the test ends.
func (r *running) pause(long time.Duration) {
	lake.Pause(r.t.Context(), long) //nolint:errcheck // whoever waits asks again
}

// await polls until the condition holds.
func (r *running) await(what string, within time.Duration, holds func() bool) {
	r.t.Helper()
	began := time.Now()
	for !holds() {
		if time.Since(began) > within {
			r.t.Fatalf("still not after %s: %s", within, what)
		}
		r.pause(50 * time.Millisecond)
	}
	r.t.Logf("%s: %s", what, time.Since(began).Round(10*time.Millisecond))
}

type runStatus struct {
	Lease struct {
		Leads  bool   `json:"leads"`
		Holder string `json:"holder"`
	} `json:"lease"`
	Ingest struct {
		State string `json:"state"`
	} `json:"ingest"`
	Jobs []struct {
		Job       string `json:"job"`
		State     string `json:"state"`
		LastError string `json:"last_error"`
		Runs      int    `json:"runs"`
		Failures  int    `json:"failures"`
	} `json:"jobs"`
}

func (i *instance) status() (s runStatus) {
	if err := i.get("/status", &s); err != nil {
		return runStatus{}
	}
	return s
}

// statusOf asks for the status with a token, and returns the code of the answer.
func (i *instance) statusOf(token string) int {
	req, err := http.NewRequestWithContext(i.r.t.Context(), http.MethodGet, i.url+"/status", nil)
	if err != nil {
		i.r.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0
	}
	res.Body.Close() //nolint:errcheck // test
	return res.StatusCode
}

// children are the processes of an instance.
func (i *instance) children() (pids []int) {
	var text []byte
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", i.process.Pid))
	for _, task := range tasks {
		more, _ := os.ReadFile(task)
		text = append(append(text, ' '), more...)
	}
	for _, word := range strings.Fields(string(text)) {
		if pid, err := strconv.Atoi(word); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

func TestRunBringsListensToThePageAndEndsInTime(t *testing.T) {
	laketest.Costly(t)
	r := newRunning(t)
	i := r.start("run")
	r.send(aListen("l1", "u1"), aListen("l2", "u2"), aListen("l3", "u3"))
	r.await("three plays", 60*time.Second, func() bool { return i.plays() == 3 })
	for _, path := range []string{"/healthz", "/readyz"} {
		if err := i.get(path, nil); err != nil {
			t.Error(err)
		}
	}
	s := i.status()
	if !s.Lease.Leads || s.Ingest.State != "runs" || len(s.Jobs) != 5 {
		t.Errorf("%+v", s)
	}
	r.send(`{"type":"deletion","request_id":"r1","user_id":"u2","requested_at":"`+time.Now().UTC().Add(time.Second).Format(time.RFC3339)+`","received_time":"`+time.Now().UTC().Format(time.RFC3339)+`"}`, aListen("l4", "u4"))
	r.await("one more", 60*time.Second, func() bool { return i.plays() == 4 })
	for who, want := range map[string]int{"--operator": http.StatusOK, "--artist=A": http.StatusNotFound} {
		var token struct {
			Secret string `json:"secret"`
		}
		r.run(&token, "token", "create", who)
		r.await(who+" sees as much of the status as it may", 20*time.Second, func() bool {
			r.pause(time.Second) // a token that is not known yet counts as an attempt, of which there are few
			return i.statusOf(token.Secret) == want
		})
	}
	if code := i.statusOf("none"); code != http.StatusUnauthorized {
		t.Errorf("nobody: %d", code)
	}
	stopped := time.Now()
	if err := i.process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-i.ended:
	case <-time.After(10 * time.Second):
		t.Fatal("it did not end in 10 seconds")
	}
	t.Logf("ended after %s", time.Since(stopped).Round(10*time.Millisecond))
	if i.err != nil {
		t.Error(i.err)
	}
}
