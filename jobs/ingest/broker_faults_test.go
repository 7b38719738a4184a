package ingest_test

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/ingest"
)

// node is a broker of the test's own, which it may stop. It keeps its records.
type node struct {
	address  string
	up, down func()
}

// freePorts finds so many ports in a row that nobody listens on, below those that Linux gives to outgoing connections:
// one of them could have the port of a node that is down.
func freePorts(t *testing.T, n int) int {
	t.Helper()
	for range 100 {
		port, free := 20_000+rand.IntN(12_000), 0
		for ; free < n; free++ {
			l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port+free))
			if err != nil {
				break
			}
			l.Close() //nolint:errcheck // test
		}
		if free == n {
			return port
		}
	}
	t.Fatalf("no %d free ports in a row", n)
	return 0
}

func embeddedNode(t *testing.T) node {
	t.Helper()
	port, dir := freePorts(t, 1), t.TempDir()
	var c *kfake.Cluster
	up := func() {
		var err error
		if c, err = kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(port), kfake.DataDir(dir), kfake.GroupMinSessionTimeout(time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	up()
	t.Cleanup(func() { c.Close() })
	return node{address: fmt.Sprintf("127.0.0.1:%d", port), up: up, down: func() { c.Close() }}
}

// kafkaNode starts an Apache Kafka with the script that started KAFKA_BROKERS, in a folder of its own.
func kafkaNode(t *testing.T) node {
	t.Helper()
	laketest.Engine(t, "KAFKA_BROKERS")
	port, script := freePorts(t, 3), filepath.Join("..", "..", ".ci", "engines", "kafka.sh")
	env := append(os.Environ(), "ENGINES_HOME="+t.TempDir(), "ENGINES_DOWNLOADS="+downloads(t), fmt.Sprintf("KAFKA_PORT=%d", port), "KAFKA_HEAP=256m", "TLS=0")
	do := func(verb string) {
		c := exec.Command(script, verb) // not of t.Context(): the broker is to be stopped after the test too
		c.Env = env
		if out, err := c.CombinedOutput(); err != nil {
			t.Errorf("kafka.sh %s: %v: %s", verb, err, out)
		}
	}
	t.Cleanup(func() { do("wipe") })
	do("up")
	return node{address: fmt.Sprintf("127.0.0.1:%d", port), up: func() { do("up") }, down: func() { do("down") }}
}

// downloads is where the engines' scripts keep what they downloaded.
func downloads(t *testing.T) string {
	t.Helper()
	if dir := os.Getenv("ENGINES_DOWNLOADS"); dir != "" {
		return dir
	}
	home := os.Getenv("ENGINES_HOME")
	if home == "" {
		user, err := os.UserHomeDir()
		if err != nil {
			t.Fatal(err)
		}
		home = filepath.Join(user, ".cache", "lakehouse-engines")
	}
	return filepath.Join(home, "dl")
}

// twins are k and another lake that reads the same topic.
type twins [2]*broker

func (k *broker) twins() twins {
	return twins{k, {world: newWorld(k.t), options: k.options, ends: k.ends}}
}

// send produces samples that must be in both lakes.
func (b twins) send() {
	b[0].t.Helper()
	sent := b[0].send(b[0].client())
	b[0].binding(sent)
	b[1].binding(sent)
}

func (b twins) archived() {
	b[0].t.Helper()
	b[0].archived(b[0].listens())
	b[1].archived(b[1].listens())
}

func (b twins) check() {
	b[0].t.Helper()
	b[0].check()
	b[1].check()
}

// One ingester is in a group, the other reads by itself.
func TestABrokerThatRestartsInMidStreamCostsNoRecord(t *testing.T) {
	laketest.Costly(t)
	for name, start := range map[string]func(*testing.T) node{"embedded": embeddedNode, "kafka": kafkaNode} {
		t.Run(name, func(t *testing.T) {
			n := start(t)
			both := newTopic(t, []string{n.address}, 2).twins()
			grouped := both[0].start(member("team"))
			alone := both[1].start(ingest.Options{FlushAge: 50 * time.Millisecond})
			both.send()
			both.archived()
			both.send() // may still be unread when the broker goes
			n.down()
			n.up()
			both.send()
			both.archived()
			grouped.mustStop(t)
			alone.mustStop(t)
			both.check()
		})
	}
}

// Each of two lakes has a group of its own. One of them rests for a while.
func TestTwoGroupsReadTheSameTopicIndependently(t *testing.T) {
	onEachBroker(t, 3, func(t *testing.T, k *broker) {
		both := k.twins()
		ours, theirs := member(k.options.Topic+"-ours"), member(k.options.Topic+"-theirs")
		first, second := both[0].start(ours), both[1].start(theirs)
		both.send()
		both.archived()
		second.mustStop(t)
		both.send()
		k.archived(k.listens())
		second = both[1].start(theirs)
		both.send()
		both.archived()
		first.mustStop(t)
		second.mustStop(t)
		both.check()
	})
}
