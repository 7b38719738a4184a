package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/jobs/simulate"
)

// beside is another lake on the topic and in the group of the first.
func (g *group) beside() *group {
	g.t.Helper()
	other := &group{lakeDir: newLakeDir(g.t, false), options: g.options, producer: g.producer}
	other.configure(g.options.Brokers)
	return other
}

// refused holds that an ingest ends by itself, with code 2 and words that name both lakes and the way out, and that its
// lake is empty.
func (m *member) refused(first *group) {
	m.g.t.Helper()
	<-m.ended
	var exit *exec.ExitError
	if !errors.As(m.err, &exit) || exit.ExitCode() != frame.ExitUsage {
		m.g.t.Errorf("it ended with %v, want code %d", m.err, frame.ExitUsage)
	}
	for _, words := range []string{first.id(), m.g.id(), "kafka.group"} {
		if !bytes.Contains(m.said(), []byte(words)) {
			m.g.t.Errorf("it does not say %s:\n%s", words, m.said())
		}
	}
	if n := m.g.query("SELECT count(*)::INTEGER AS n FROM listens")[0]["n"]; n != 0.0 {
		m.g.t.Errorf("it archived %v listens first", n)
	}
}

// id is that of the group's lake.
func (g *group) id() string {
	g.t.Helper()
	var moved struct {
		ID string `json:"lake_id"`
	}
	g.run(&moved, "catalog", "relocate", "--dry-run")
	if moved.ID == "" {
		g.t.Fatal("the lake has no id")
	}
	return moved.ID
}

// Two lakes in one group would each archive a part.
func TestASecondLakeInAGroupIsRefusedBeforeItArchivesAnything(t *testing.T) {
	laketest.Long(t, "members wait for each other")
	test := func(t *testing.T, brokers []string) {
		a := newGroup(t, brokers)
		b := a.beside()
		a.produce()
		for i, order := range [][2]*group{{a, b}, {b, a}} {
			has, wants := order[0], order[1]
			if i > 0 {
				wants = a.beside() // an empty one
			}
			one := has.start(fmt.Sprint("one", i), "50ms")
			has.sent = a.sent
			has.awaitArchived(0)
			wants.start(fmt.Sprint("stranger", i), "50ms").refused(has)
			two := has.start(fmt.Sprint("two", i), "50ms") // of the same lake
			has.awaitShares(one, two)
			a.produce()
			has.sent = a.sent
			has.awaitArchived(0)
			one.mustStop()
			two.mustStop()
			has.check() // the next lake joins after it has left, and archives everything for itself
		}
	}
	t.Run("embedded", func(t *testing.T) {
		broker, err := simulate.StartBroker("another", 1)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(broker.Close)
		test(t, broker.Addrs())
	})
	t.Run("kafka", func(t *testing.T) { test(t, strings.Split(laketest.Engine(t, "KAFKA_BROKERS"), ",")) })
}
