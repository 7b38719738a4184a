package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/simulate"
	"github.com/lakectl/lakectl/jobs/topic"
)

// group is a topic of two partitions and a lake that several lakectl ingest, each a process, carry it to.
type group struct {
	*lakeDir
	options  topic.Options
	producer *topic.Producer
	sent     int
}

// sessionTimeout is the shortest that a broker of kafka.sh takes.
const sessionTimeout = time.Second

func newGroup(t *testing.T, brokers []string) *group {
	t.Helper()
	g := &group{lakeDir: newLakeDir(t, false), options: topic.Options{Brokers: brokers, Topic: fmt.Sprintf("grouptest-%d", time.Now().UnixNano())}}
	if err := topic.Create(t.Context(), g.options, 2); err != nil {
		t.Fatal(err)
	}
	g.producer = topic.NewProducer(g.options)
	t.Cleanup(func() { g.producer.Close() }) //nolint:errcheck // never fails
	g.configure(brokers)
	return g
}

func (g *group) configure(brokers []string) {
	g.t.Helper()
	g.write("lakehouse.yaml", fmt.Sprintf(`catalog: {uri: %[1]s/catalog.db, warehouse: %[1]s/warehouse}
duckdb: {temp_directory: %[1]s/tmp}
kafka: {brokers: [%[2]s], topic: %[3]s, group: %[3]s, session_timeout: %[4]s}
`, g.dir, strings.Join(brokers, ", "), g.options.Topic, sessionTimeout))
}

// perPartition is how many records produce sends to a partition.
const perPartition = 20

func (g *group) produce() {
	g.t.Helper()
	var records []topic.Record
	for i := range 2 * perPartition {
		id := fmt.Sprintf("l%06d", g.sent+i)
		value := fmt.Sprintf(`{"type":"listen","listen_id":%q,"user_id":"u","track_id":"t","artist_id":"a","device":"phone","event_time":"2026-03-01T10:00:00Z","received_time":"2026-03-01T11:00:00Z","ms_played":45000}`, id)
		records = append(records, topic.Record{Partition: i % 2, Key: []byte("u"), Value: []byte(value)})
	}
	if err := g.producer.Produce(g.t.Context(), records); err != nil {
		g.t.Fatal(err)
	}
	g.sent += len(records)
}

// await polls until the condition holds.
func (g *group) await(what string, holds func() bool) {
	g.t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for !holds() {
		if time.Now().After(deadline) {
			g.t.Fatalf("still not: %s", what)
		}
		<-poll.C
	}
}

// awaitArchived waits for all but some of the records.
func (g *group) awaitArchived(but int) {
	g.t.Helper()
	g.await("archived", func() bool {
		return g.query(`SELECT count(*) AS n FROM listens`)[0]["n"].(float64) >= float64(g.sent-but)
	})
}

// check makes sure that every record was archived exactly once.
func (g *group) check() {
	g.t.Helper()
	got := g.query(`SELECT count(*) AS n, count(DISTINCT listen_id) AS ids, count(DISTINCT (source_partition, source_offset)) AS places FROM listens`)[0]
	n := float64(g.sent)
	if diff := cmp.Diff(map[string]any{"n": n, "ids": n, "places": n}, got); diff != "" {
		g.t.Errorf("archive (-sent +archived)\n%s", diff)
	}
}

// member is one lakectl ingest.
type member struct {
	g       *group
	process *os.Process
	log     string        // file
	ended   chan struct{} // then err says how
	err     error
}

func (g *group) start(name, flushAge string) *member {
	g.t.Helper()
	m := &member{g: g, log: filepath.Join(g.dir, name+".log"), ended: make(chan struct{})}
	stderr, err := os.Create(m.log)
	if err != nil {
		g.t.Fatal(err)
	}
	defer stderr.Close() //nolint:errcheck // the process has its own
	c := exec.Command("lakectl", "--config", filepath.Join(g.dir, "lakehouse.yaml"), "--log-level", "info", "ingest")
	c.Stderr, c.Env = stderr, append(os.Environ(), "LAKEHOUSE_INGEST_FLUSH_AGE="+flushAge)
	if err := c.Start(); err != nil {
		g.t.Fatal(err)
	}
	m.process = c.Process
	go func() {
		m.err = c.Wait()
		close(m.ended)
	}()
	g.t.Cleanup(func() {
		m.process.Kill() //nolint:errcheck // most are gone by now
		<-m.ended
		if g.t.Failed() {
			g.t.Logf("%s:\n%s", name, m.said())
		}
	})
	return m
}

func (m *member) signal(s syscall.Signal) {
	m.g.t.Helper()
	if err := m.process.Signal(s); err != nil {
		m.g.t.Fatal(err)
	}
}

func (m *member) mustStop() {
	m.g.t.Helper()
	m.signal(syscall.SIGTERM)
	if <-m.ended; m.err != nil {
		m.g.t.Fatal(m.err)
	}
}

func (m *member) said() []byte {
	m.g.t.Helper()
	text, err := os.ReadFile(m.log)
	if err != nil {
		m.g.t.Fatal(err)
	}
	return text
}

var (
	gotPartitions = regexp.MustCompile(`msg="got partitions".* partitions="?\[([^\]]*)\]`)
	droppedABatch = regexp.MustCompile(`msg="fenced: .* records_dropped=[1-9]`)
)

// owns is the member's share as it last heard, like "0 1".
func (m *member) owns(text []byte) string {
	shares := gotPartitions.FindAllSubmatch(text, -1)
	if len(shares) == 0 {
		return ""
	}
	return string(shares[len(shares)-1][1])
}

// awaitShares waits until each of the two has a partition.
func (g *group) awaitShares(a, b *member) {
	g.t.Helper()
	g.await("a partition each", func() bool {
		shares := a.owns(a.said()) + b.owns(b.said())
		return shares == "01" || shares == "10"
	})
}

// A member that is stopped past its session still holds records that it has read. The other one gets its
// partition, reads them and goes on. Awake again, the first must drop what it holds and take part as before.
func TestMemberStoppedPastItsSessionAndResumedCountsOnce(t *testing.T) {
	laketest.Long(t, "members wait for each other")
	test := func(t *testing.T, brokers []string) {
		g := newGroup(t, brokers)
		sleeper, other := g.start("sleeper", "2s"), g.start("other", "50ms")
		dropped := false
		for range 10 { // until it was stopped with a batch in its hands
			g.awaitShares(sleeper, other)
			g.produce()
			g.awaitArchived(perPartition) // the other's are, so the sleeper has read its own
			sleeper.signal(syscall.SIGSTOP)
			g.await("taken over", func() bool { return other.owns(other.said()) == "0 1" || other.owns(other.said()) == "1 0" })
			g.produce()
			g.awaitArchived(0)
			before := len(sleeper.said())
			sleeper.signal(syscall.SIGCONT)
			g.await("a member again", func() bool { return sleeper.owns(sleeper.said()[before:]) != "" })
			if dropped = droppedABatch.Match(sleeper.said()[before:]); dropped {
				break
			}
		}
		if !dropped {
			t.Fatal("the sleeper never woke up with a batch to drop")
		}
		g.awaitShares(sleeper, other)
		g.produce()
		g.awaitArchived(0)
		other.mustStop()
		g.produce() // all for the one that slept
		g.awaitArchived(0)
		sleeper.mustStop()
		g.check()
	}
	t.Run("embedded", func(t *testing.T) {
		b, err := simulate.StartBroker("another", 1)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(b.Close)
		test(t, b.Addrs())
	})
	t.Run("kafka", func(t *testing.T) { test(t, strings.Split(laketest.Engine(t, "KAFKA_BROKERS"), ",")) })
}
