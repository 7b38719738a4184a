package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/simulate"
	"github.com/lakectl/lakectl/jobs/topic"
)

var (
	chaosFor     = flag.Duration("chaos", 10*time.Second, "how long TestChaosArchivesEveryRecordOnce kills ingesters, with each catalog")
	chaosRecords = flag.Int("chaos-records", 50_000, "how many records it produces meanwhile")
	chaosSeed    = flag.Uint64("chaos-seed", 1, "of what happens when; what comes of it also depends on the machine")
)

const chaosPartitions = 6

// TestChaosArchivesEveryRecordOnce runs three ingesters of one group as processes while records are produced, and
// kills, stops and suspends them at random. PyIceberg then compares the archive with what was produced.
func TestChaosArchivesEveryRecordOnce(t *testing.T) {
	brokers, python := laketest.Engine(t, "KAFKA_BROKERS"), laketest.Engine(t, "READERS_PYTHON")
	for name, catalogOf := range map[string]func(t *testing.T, dir string) (kind, uri string){"sqlite": sqliteCatalog, "postgres": postgresCatalog} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			kind, uri := catalogOf(t, dir)
			c := newChaos(t, dir, brokers, 3, *chaosRecords)
			c.write(catalogConfig(kind, uri, dir, filepath.Join(dir, "warehouse")))
			c.run(func() {})
			t.Logf("%d records; members were %v", c.records, c.done)
			pyURI := uri
			if kind == "sqlite" {
				pyURI = "sqlite:///" + uri
			}
			check := exec.Command(python, filepath.Join("..", "..", "..", ".ci", "readers", "exactly_once.py"), pyURI, "file://"+filepath.Join(dir, "warehouse"), c.to.Topic, c.produced())
			out, err := check.CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			t.Logf("PyIceberg: %s", out)
		})
	}
}

func sqliteCatalog(_ *testing.T, dir string) (kind, uri string) {
	return "sqlite", filepath.Join(dir, "catalog.db")
}

// postgresCatalog makes a database of its own on the server.
func postgresCatalog(t *testing.T, _ string) (kind, uri string) {
	return "postgres", laketest.Database(t)
}

// chaos is a lake, a topic, and the ingesters between them.
type chaos struct {
	t       *testing.T
	dir     string
	r       *rand.Rand
	to      topic.Options
	members []*process
	done    map[string]int // what was done to members
	records int
	users   int             // who listen; 0 for as many as a load has
	erased  map[string]bool // users who ask for deletion when half of the records are sent
}

// process is an ingester that may be ended at any time.
type process struct {
	cmd    *exec.Cmd
	stderr bytes.Buffer
	ended  chan error
}

func newChaos(t *testing.T, dir, brokers string, members, records int) *chaos {
	return &chaos{
		t: t, dir: dir, r: rand.New(rand.NewPCG(*chaosSeed, 7)), members: make([]*process, members), records: records,
		to: topic.Options{Brokers: []string{brokers}, Topic: fmt.Sprintf("chaos-%d", time.Now().UnixNano())},
	}
}

// write makes the lake and the topic; settings say where the catalog is.
func (c *chaos) write(settings string) {
	c.t.Helper()
	text := settings + fmt.Sprintf(`duckdb: {temp_directory: %s/tmp}
kafka: {brokers: ["%s"], topic: %[3]s, group: %[3]s, session_timeout: 2s}
ingest: {flush_age: 1s, flush_rows: 20000}
`, c.dir, c.to.Brokers[0], c.to.Topic)
	if err := os.WriteFile(filepath.Join(c.dir, "lakehouse.yaml"), []byte(text), 0o600); err != nil {
		c.t.Fatal(err)
	}
	if out, err := c.lakectl("init").CombinedOutput(); err != nil {
		c.t.Fatalf("init: %v: %s", err, out)
	}
	if err := topic.Create(c.t.Context(), c.to, chaosPartitions); err != nil {
		c.t.Fatal(err)
	}
}

func (c *chaos) lakectl(args ...string) *exec.Cmd {
	return exec.CommandContext(c.t.Context(), "lakectl", append([]string{"--config", filepath.Join(c.dir, "lakehouse.yaml"), "--json"}, args...)...)
}

func (c *chaos) produced() string { return filepath.Join(c.dir, "produced.tsv") }

// run disturbs the members while records are produced. Others are at work meanwhile, again and again.
func (c *chaos) run(others func()) {
	c.t.Helper()
	c.done = map[string]int{}
	for i := range c.members {
		c.start(i)
	}
	var beside sync.WaitGroup
	var ends map[int]int64
	var failed error
	beside.Go(func() { ends, failed = c.produce(*chaosFor * 8 / 10) })
	until := time.Now().Add(*chaosFor)
	beside.Go(func() {
		for time.Now().Before(until) {
			others()
			c.wait(time.Second)
		}
	})
	for time.Now().Before(until) {
		c.disturb(c.r.IntN(len(c.members)))
		c.wait(300*time.Millisecond + time.Duration(c.r.IntN(2500))*time.Millisecond)
	}
	beside.Wait()
	if failed != nil {
		c.t.Fatal(failed)
	}
	c.caughtUp(ends)
	for i := range c.members {
		c.end(i, syscall.SIGTERM)
	}
}

// disturb does something to a member and makes sure that it runs again.
func (c *chaos) disturb(i int) {
	c.t.Helper()
	switch x := c.r.IntN(10); {
	case x < 6:
		c.done["killed"]++
		c.end(i, syscall.SIGKILL)
		c.wait(time.Duration(c.r.IntN(500)) * time.Millisecond)
		c.start(i)
	case x < 8:
		c.done["stopped"]++
		c.end(i, syscall.SIGTERM)
		c.start(i)
	default: // long enough for the group to give its partitions to others
		c.done["suspended"]++
		c.signal(i, syscall.SIGSTOP)
		c.wait(2500*time.Millisecond + time.Duration(c.r.IntN(1000))*time.Millisecond)
		c.signal(i, syscall.SIGCONT)
	}
}

func (c *chaos) wait(d time.Duration) {
	select {
	case <-time.After(d):
	case <-c.t.Context().Done():
	}
}

func (c *chaos) start(i int) {
	c.t.Helper()
	p := &process{cmd: c.lakectl("ingest"), ended: make(chan error, 1)}
	p.cmd.Stderr = &p.stderr
	if err := p.cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	go func() { p.ended <- p.cmd.Wait() }()
	c.members[i] = p
}

func (c *chaos) signal(i int, s syscall.Signal) {
	c.t.Helper()
	p := c.members[i]
	select {
	case err := <-p.ended:
		c.t.Fatalf("a member ended by itself: %v: %s", err, tail(p.stderr.Bytes()))
	default:
	}
	if err := p.cmd.Process.Signal(s); err != nil {
		c.t.Fatal(err)
	}
}

// end ends a member and waits for it. One that was asked to must say that all is well.
func (c *chaos) end(i int, s syscall.Signal) {
	c.t.Helper()
	c.signal(i, s)
	p := c.members[i]
	if err := <-p.ended; err != nil && s != syscall.SIGKILL {
		c.t.Fatalf("a member that was stopped: %v: %s", err, tail(p.stderr.Bytes()))
	}
	c.done["fenced"] += bytes.Count(p.stderr.Bytes(), []byte("fenced: another ingester"))
}

func tail(text []byte) []byte { return text[max(0, len(text)-4000):] }

// produce sends the load, spread over a time, with records in between that nobody can read, and writes down what
// went where. It returns the offset after the last record of each partition.
func (c *chaos) produce(during time.Duration) (map[int]int64, error) {
	file, err := os.Create(c.produced())
	if err != nil {
		return nil, err
	}
	w := bufio.NewWriter(file)
	p := topic.NewProducer(c.to)
	defer p.Close() //nolint:errcheck // every batch was acknowledged
	ends := map[int]int64{}
	const chunks = 50
	began, sent := time.Now(), 0
	var batch []topic.Record
	for e := range simulate.Load(simulate.LoadOptions{Seed: *chaosSeed, Rows: c.records, Days: 3, DuplicateShare: 0.05, Users: c.users}) {
		var known struct {
			ID   string `json:"listen_id"`
			User string `json:"user_id"`
		}
		if err := json.Unmarshal(e.Value, &known); err != nil {
			return nil, err
		}
		sent++
		partition := topic.PartitionOf(e.Key, chaosPartitions)
		if !c.erased[known.User] { // nothing is to be there of the others
			if sent%100 == 0 {
				e.Value, known.ID = e.Value[:len(e.Value)/2], ""
			}
			fmt.Fprintf(w, "%d\t%d\t%s\n", partition, ends[partition], known.ID) //nolint:errcheck // Flush says it
		}
		ends[partition]++
		batch = append(batch, topic.Record{Partition: partition, Time: e.ReceivedTime, Key: bytes.Clone(e.Key), Value: bytes.Clone(e.Value)})
		if sent == c.records/2 {
			for _, r := range c.requests() {
				ends[r.Partition]++
				batch = append(batch, r)
			}
		}
		if len(batch) >= c.records/chunks || sent == c.records {
			if err := p.Produce(c.t.Context(), batch); err != nil {
				return nil, err
			}
			batch = batch[:0]
			c.wait(time.Until(began.Add(during * time.Duration(sent) / time.Duration(c.records))))
		}
	}
	if err := w.Flush(); err != nil {
		return nil, err
	}
	return ends, file.Close()
}

// requests are what the users who ask for deletion send.
func (c *chaos) requests() (all []topic.Record) {
	now := time.Now().UTC()
	for _, user := range slices.Sorted(maps.Keys(c.erased)) {
		value := fmt.Sprintf(`{"type":"deletion","request_id":"of-%[1]s","user_id":"%[1]s","requested_at":"%[2]s","received_time":"%[2]s"}`, user, now.Format(time.RFC3339Nano))
		all = append(all, topic.Record{Partition: topic.PartitionOf([]byte(user), chaosPartitions), Time: now.UnixMicro(), Key: []byte(user), Value: []byte(value)})
	}
	return all
}

// caughtUp waits until the archive has read what was produced.
func (c *chaos) caughtUp(ends map[int]int64) {
	c.t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; c.wait(time.Second) {
		out, err := c.lakectl("ingest", "status").Output()
		if err != nil {
			c.t.Fatalf("ingest status: %v: %s", err, out)
		}
		var status struct {
			Partitions []struct {
				Partition int   `json:"partition"`
				Committed int64 `json:"committed_offset"`
			} `json:"partitions"`
		}
		if err := json.Unmarshal(out, &status); err != nil {
			c.t.Fatalf("%v in %s", err, out)
		}
		behind := len(ends)
		for _, p := range status.Partitions {
			if p.Committed == ends[p.Partition] {
				behind--
			}
		}
		if behind == 0 {
			return
		}
		if time.Now().After(deadline) {
			for _, p := range c.members {
				c.t.Logf("stderr of a member: %s", tail(p.stderr.Bytes()))
			}
			c.t.Fatalf("the group never caught up with %v: %s", ends, out)
		}
	}
}
