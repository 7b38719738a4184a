package e2e

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/simulate"
	"github.com/lakectl/lakectl/jobs/topic"
)

// runningOnTrino is a lake with engine: trino in its configuration, and nobody yet at the address of that Trino.
func runningOnTrino(t *testing.T) (r *running, trino string) {
	t.Helper()
	b, err := simulate.StartBroker("listens", runPartitions)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	l := onTrino(t)
	r = &running{lakeDir: l, producer: topic.NewProducer(topic.Options{Brokers: b.Addrs(), Topic: "listens"})}
	t.Cleanup(func() { r.producer.Close() }) //nolint:errcheck // every batch was acknowledged
	text, err := os.ReadFile(filepath.Join(l.dir, "lakehouse.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	trino = freeAddress(t)
	l.write("lakehouse.yaml", strings.Replace(string(text), laketest.Engine(t, "TRINO_URL"), "http://"+trino, 1)+fmt.Sprintf(`engine: trino
kafka: {brokers: [%s], session_timeout: 2s}
ingest: {flush_age: 500ms}
schedule: {royalties: 5s, deletions: 2s, true_up: 7s}
`, strings.Join(b.Addrs(), ", ")))
	return r, trino
}

// forward lets an address lead to the Trino of the tests.
func forward(t *testing.T, at string) {
	t.Helper()
	to := strings.TrimPrefix(laketest.Engine(t, "TRINO_URL"), "http://")
	l, err := net.Listen("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() }) //nolint:errcheck // it only listens
	go func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			there, err := net.Dial("tcp", to)
			if err != nil {
				from.Close() //nolint:errcheck // the client asks again
				continue
			}
			for _, way := range [][2]net.Conn{{from, there}, {there, from}} {
				go func() {
					io.Copy(way[0], way[1]) //nolint:errcheck // a connection that ends ends the other
					way[0].Close()          //nolint:errcheck // the same
				}()
			}
		}
	}()
}

// failed tells whether a job has failed for want of Trino.
func (i *instance) failed(job string) bool {
	for _, j := range i.status().Jobs {
		if j.Job == job {
			return j.Failures > 0 && strings.Contains(j.LastError, "the query engine was lost")
		}
	}
	return false
}

// first is one value of one row, by DuckDB.
func (l *lakeDir) first(query string) any {
	l.t.Helper()
	var result struct {
		Rows []struct {
			N any `json:"n"`
		} `json:"rows"`
	}
	l.run(&result, "sql", "--engine", "duckdb", query)
	if len(result.Rows) != 1 {
		l.t.Fatalf("%s: %+v", query, result.Rows)
	}
	return result.Rows[0].N
}

// With engine: trino in its file, 'lakectl run' shows listens while Trino is away, says that royalties fail, and when
// Trino is there pays them out, erases, and compares the dashboard with them.
func TestRunOnTrinoBringsListensToPayoutsAndOutlivesATrinoThatIsDown(t *testing.T) {
	r, trino := runningOnTrino(t)
	now := time.Now().UTC()
	r.run(nil, "pools", "apply", r.write("pools.csv", fmt.Sprintf("period,country,tier,currency,amount_minor\n%s,*,*,EUR,900\n%s,*,*,EUR,900\n",
		now.Format("2006-01"), now.AddDate(0, 0, 32-now.Day()).Format("2006-01"))))
	i := r.start("run")
	r.send(aListen("l1", "u1"), aListen("l2", "u2"), aListen("l3", "u3"))
	r.await("three plays, without Trino", time.Minute, func() bool { return i.plays() == 3 })
	r.await("royalties have failed", 2*time.Minute, func() bool { return i.failed("royalties") })
	r.send(aListen("l4", "u4"))
	r.await("four plays all the same, when others waited for Trino", 2*time.Minute, func() bool { return i.plays() == 4 })

	forward(t, trino)
	r.await("four listens are paid", 3*time.Minute, func() bool {
		r.pause(time.Second)
		return r.first("SELECT coalesce(sum(qualified_listens), 0)::BIGINT::VARCHAR AS n FROM royalty_lines") == "4"
	})
	if engines := r.first("SELECT string_agg(DISTINCT engine, ' ') AS n FROM royalty_runs"); engines != "trino" {
		t.Errorf("the runs are of %v", engines)
	}
	if paid := r.first("SELECT sum(amount_minor)::BIGINT::VARCHAR AS n FROM royalty_payouts"); paid != "900" {
		t.Errorf("%v of 900 are paid", paid)
	}
	r.send(fmt.Sprintf(`{"type":"deletion","request_id":"r1","user_id":"u2","requested_at":%[1]q,"received_time":%[1]q}`, now.Add(time.Minute).Format(time.RFC3339)))
	r.await("the dashboard is without who asked to be erased", 2*time.Minute, func() bool { return i.plays() == 3 })
	r.await("and so is what is paid", 2*time.Minute, func() bool {
		r.pause(time.Second)
		return r.first("SELECT coalesce(sum(qualified_listens), 0)::BIGINT::VARCHAR AS n FROM royalty_lines") == "3"
	})
	r.await("every job has gone well since", 3*time.Minute, func() bool {
		for _, j := range i.status().Jobs {
			if j.Job != "maintain" && (j.Runs == 0 || j.LastError != "") {
				return false
			}
		}
		return len(i.status().Jobs) == 5
	})
	if err := i.process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-i.ended:
	case <-time.After(10 * time.Second):
		i.err = errors.New("it did not end in 10 seconds")
	}
	if i.err != nil {
		t.Error(i.err)
	}
}
