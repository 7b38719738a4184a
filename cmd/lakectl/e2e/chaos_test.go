package e2e

import (
	"bufio"
	"bytes"
	"database/sql"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
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
			c := &chaos{t: t, dir: dir, r: rand.New(rand.NewPCG(*chaosSeed, 7)), to: topic.Options{Brokers: []string{brokers}, Topic: fmt.Sprintf("chaos-%d", time.Now().UnixNano())}}
			c.write(kind, uri)
			c.run()
			t.Logf("%d records; members were %v", *chaosRecords, c.done)
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
	server := laketest.Engine(t, "POSTGRES_DSN")
	db, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // a connection of the test
	name := fmt.Sprintf("chaos_%d", time.Now().UnixNano())
	if _, err := db.ExecContext(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return "postgres", u.String()
}

// chaos is a lake, a topic, and the ingesters between them.
type chaos struct {
	t       *testing.T
	dir     string
	r       *rand.Rand
	to      topic.Options
	members [3]*process
	done    map[string]int // what was done to members
}

// process is an ingester that may be ended at any time.
type process struct {
	cmd    *exec.Cmd
	stderr bytes.Buffer
	ended  chan error
}

func (c *chaos) write(kind, uri string) {
	c.t.Helper()
	text := fmt.Sprintf(`catalog: {type: %s, uri_file: %[2]s/uri, warehouse: %[2]s/warehouse, subject_key_file: %[2]s/subject.key}
duckdb: {temp_directory: %[2]s/tmp}
kafka: {brokers: ["%[3]s"], topic: %[4]s, group: %[4]s, session_timeout: 2s}
ingest: {flush_age: 1s, flush_rows: 20000}
`, kind, c.dir, c.to.Brokers[0], c.to.Topic)
	for name, content := range map[string]string{"lakehouse.yaml": text, "uri": uri} {
		if err := os.WriteFile(filepath.Join(c.dir, name), []byte(content), 0o600); err != nil {
			c.t.Fatal(err)
		}
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

func (c *chaos) run() {
	c.t.Helper()
	c.done = map[string]int{}
	for i := range c.members {
		c.start(i)
	}
	var producer sync.WaitGroup
	var ends map[int]int64
	var failed error
	producer.Go(func() { ends, failed = c.produce(*chaosFor * 8 / 10) })
	for until := time.Now().Add(*chaosFor); time.Now().Before(until); {
		c.disturb(c.r.IntN(len(c.members)))
		c.wait(300*time.Millisecond + time.Duration(c.r.IntN(2500))*time.Millisecond)
	}
	producer.Wait()
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
	for e := range simulate.Load(simulate.LoadOptions{Seed: *chaosSeed, Rows: *chaosRecords, Days: 3, DuplicateShare: 0.05}) {
		var known struct {
			ID string `json:"listen_id"`
		}
		if sent++; sent%100 == 0 {
			e.Value = e.Value[:len(e.Value)/2]
		} else if err := json.Unmarshal(e.Value, &known); err != nil {
			return nil, err
		}
		partition := topic.PartitionOf(e.Key, chaosPartitions)
		fmt.Fprintf(w, "%d\t%d\t%s\n", partition, ends[partition], known.ID) //nolint:errcheck // Flush says it
		ends[partition]++
		batch = append(batch, topic.Record{Partition: partition, Time: e.ReceivedTime, Key: bytes.Clone(e.Key), Value: bytes.Clone(e.Value)})
		if len(batch) >= *chaosRecords/chunks || sent == *chaosRecords {
			if err := p.Produce(c.t.Context(), batch); err != nil {
				return nil, err
			}
			batch = batch[:0]
			c.wait(time.Until(began.Add(during * time.Duration(sent) / time.Duration(*chaosRecords))))
		}
	}
	if err := w.Flush(); err != nil {
		return nil, err
	}
	return ends, file.Close()
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
