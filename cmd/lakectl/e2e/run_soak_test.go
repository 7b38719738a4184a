package e2e

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog/laketest"
)

var soakFor = flag.Duration("soak", 3*time.Minute, "how long TestRunKilledAgainAndAgainLosesAndDoublesNothing kills 'lakectl run' and its children")

// pageRight is how soon after the last start the page must be right.
const pageRight = 60 * time.Second

// devices send listens, a part of them late and a part of them twice, until they are stopped. Some people leave: they
// ask for the deletion of all that they listened to, and listen no more.
type devices struct {
	r       *running
	random  *rand.Rand
	leave   int // after so many batches somebody leaves; 0 for never
	stop    chan struct{}
	done    sync.WaitGroup
	ids     int              // listens sent at least once; read what follows when all are done
	left    int              // people who left, those of the least numbers
	sent    [listeners]heard // of each person
	pending []copyOf         // devices do not know that these arrived
}

// listeners is how many people listen at first.
const listeners = 500

// heard is what was sent of somebody, or of several.
type heard struct{ listens, records int }

// copyOf is a listen that is sent again.
type copyOf struct {
	person int
	listen string
}

func (r *running) devices(seed uint64, leave int) *devices {
	d := &devices{r: r, random: rand.New(rand.NewPCG(seed, 1)), leave: leave, stop: make(chan struct{})}
	d.done.Go(func() {
		every := time.NewTicker(200 * time.Millisecond)
		defer every.Stop()
		for batches := 1; ; batches++ {
			select {
			case <-d.stop:
				r.send(d.again()...)
				return
			case <-every.C:
			}
			batch := append(d.again(), d.listens()...)
			if leave > 0 && batches%leave == 0 && d.left < listeners/2 {
				batch = append(batch, leaving(d.left))
				d.left++
			}
			r.send(batch...)
		}
	})
	return d
}

func (d *devices) again() (values []string) {
	for _, c := range d.pending {
		d.sent[c.person].records++
		values = append(values, c.listen)
	}
	d.pending = nil
	return values
}

func (d *devices) listens() (values []string) {
	for range 20 {
		person := d.left + d.random.IntN(listeners-d.left)
		listen := aListen(fmt.Sprintf("l%07d", d.ids), personOf(person))
		d.ids++
		d.sent[person].listens++
		d.sent[person].records++
		if d.random.IntN(20) == 0 {
			d.pending = append(d.pending, copyOf{person, listen})
		}
		values = append(values, listen)
	}
	return values
}

// leaving asks for the deletion of all that somebody has listened to.
func leaving(person int) string {
	now := time.Now().UTC()
	return fmt.Sprintf(`{"type":"deletion","request_id":"r-%d","user_id":%q,"requested_at":%q,"received_time":%q}`, person, personOf(person), now.Add(time.Second).Format(time.RFC3339), now.Format(time.RFC3339))
}

// end stops the devices, and says what was sent of those who stayed.
func (d *devices) end() (stayed heard) {
	close(d.stop)
	d.done.Wait()
	for _, one := range d.sent[d.left:] {
		stayed.listens += one.listens
		stayed.records += one.records
	}
	return stayed
}

// TestRunKilledAgainAndAgainLosesAndDoublesNothing kills 'lakectl run' and its children with SIGKILL every 20 to 40
// seconds while devices send and people leave, whose rows are purged after seconds. The page must be right 60 s after
// the last start; then the lake is counted anew, and nobody who left may be in a file.
func TestRunKilledAgainAndAgainLosesAndDoublesNothing(t *testing.T) {
	laketest.Long(t, "kills for minutes")
	random := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
	r := newRunning(t)
	env := []string{"LAKEHOUSE_SCHEDULE_MAINTAIN=20s", "LAKEHOUSE_SCHEDULE_DELETIONS=10s", "LAKEHOUSE_SCHEDULE_TRUE_UP=45s", "LAKEHOUSE_SCHEDULE_ROYALTIES=30s", "LAKEHOUSE_RETENTION_ARCHIVE_SNAPSHOTS=5s"}
	d := r.devices(7, 25)
	i := r.start("run", env...)
	killed := map[string]int{}
	memory := i.memory()
	for until := time.Now().Add(*soakFor); time.Now().Before(until); {
		pause := min(20*time.Second+time.Duration(random.IntN(20))*time.Second, time.Until(until))
		for next := time.Now().Add(pause); time.Now().Before(next); r.pause(time.Duration(random.IntN(5000)) * time.Millisecond) {
			memory = max(memory, i.memory())
			if pids := i.children(); len(pids) > 0 && random.IntN(4) == 0 {
				syscall.Kill(pids[random.IntN(len(pids))], syscall.SIGKILL) //nolint:errcheck // it may have ended
				killed["children"]++
			}
		}
		left := i.children()
		i.kill(t)
		killed["run"]++
		r.await("children die with their parent", 5*time.Second, func() bool { return noneOf(left) })
		r.quiet()
		i = r.start("run", env...)
	}
	began := time.Now()
	stayed := d.end()
	t.Logf("%d listens, %d records, %d people left, killed %v; all processes together had at most %d MiB", d.ids, r.sent, d.left, killed, memory>>20)
	if memory > 3<<30 {
		t.Errorf("that is more than 3 GiB")
	}
	r.await("every listen of those who stayed on the page, once, and of nobody who left", pageRight, func() bool {
		return i.plays() == stayed.listens && r.carriedOut(d.left) // the page may come past the number before
	})
	t.Logf("right %s after the last start", time.Since(began).Round(time.Second))
	r.recount(i, stayed)
	r.proveErased(d.left, listeners)
}

func (i *instance) kill(t *testing.T) {
	t.Helper()
	if err := i.process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-i.ended
}

// memory is what an instance and its children have now, in bytes.
func (i *instance) memory() (sum int64) {
	for _, pid := range append(i.children(), i.process.Pid) {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
		if fields := strings.Fields(string(text)); err == nil && len(fields) > 1 {
			pages, _ := strconv.ParseInt(fields[1], 10, 64)
			sum += pages * int64(os.Getpagesize())
		}
	}
	return sum
}

// noneOf tells whether all processes have ended.
func noneOf(pids []int) bool {
	for _, pid := range pids {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err == nil && !strings.Contains(string(text), ") Z ") {
			return false
		}
	}
	return true
}

// recount holds archive, dashboard and ledger against what was sent and stays: each record once, each listen counted
// once.
func (r *running) recount(i *instance, of heard) {
	r.t.Helper()
	if err := i.process.Signal(syscall.SIGTERM); err != nil {
		r.t.Fatal(err)
	}
	if <-i.ended; i.err != nil {
		r.t.Error(i.err)
	}
	got := r.query(`SELECT count(*) AS records, count(DISTINCT listen_id) AS listens, count(DISTINCT (source_partition, source_offset)) AS places FROM listens`)[0]
	want := map[string]any{"records": float64(of.records), "listens": float64(of.listens), "places": float64(of.records)}
	if diff := cmp.Diff(want, got); diff != "" {
		r.t.Errorf("archive (-sent +archived)\n%s", diff)
	}
	for _, table := range []string{"plays_by_day", "audience_by_day", "plays_by_hour"} {
		if n := r.query(`SELECT CAST(sum(plays) AS BIGINT) AS n FROM ` + table)[0]["n"]; n != float64(of.listens) {
			r.t.Errorf("%s has %v plays of %d listens", table, n, of.listens)
		}
	}
	r.run(nil, "job", "royalties")
	if n := r.query(`SELECT count(*) AS n FROM listens_counted`)[0]["n"]; n != float64(of.listens) {
		r.t.Errorf("the ledger has %v of %d listens", n, of.listens)
	}
	metadata, err := filepath.Glob(filepath.Join(r.dir, "warehouse", "music", "run_lease", "metadata", "*"))
	if err != nil || len(metadata) > 40 {
		r.t.Errorf("the lease has %d metadata files, %v", len(metadata), err)
	}
}

// TestTwoLeadersAtOnceLoseAndDoubleNothing suspends the one that leads beyond its lease, lets another lead, and wakes
// the first one up.
func TestTwoLeadersAtOnceLoseAndDoubleNothing(t *testing.T) {
	laketest.Long(t, "waits for a lease to run out")
	r := newRunning(t)
	d := r.devices(8, 0)
	first := r.start("first")
	r.await("the first leads", 30*time.Second, func() bool { return first.status().Lease.Leads })
	second := r.start("second")
	r.await("the second serves, and knows who leads", 30*time.Second, func() bool {
		s := second.status()
		return second.plays() > 0 && !s.Lease.Leads && strings.HasSuffix(s.Lease.Holder, fmt.Sprint(first.process.Pid))
	})
	for _, signal := range []syscall.Signal{syscall.SIGSTOP, syscall.SIGCONT} {
		for _, pid := range append(first.children(), first.process.Pid) {
			syscall.Kill(pid, signal) //nolint:errcheck // a child may have ended
		}
		if signal == syscall.SIGSTOP {
			r.await("the second leads", 60*time.Second, func() bool { return second.status().Lease.Leads })
			r.pause(3 * time.Second)
		}
	}
	r.await("the first waits", 30*time.Second, func() bool { return first.get("/readyz", nil) == nil && !first.status().Lease.Leads })
	if !second.status().Lease.Leads {
		t.Error("the second does not lead")
	}
	r.pause(5 * time.Second)
	all := d.end()
	for _, i := range []*instance{first, second} {
		r.await("every listen on the page, once", pageRight, func() bool { return i.plays() == all.listens })
	}
	first.kill(t)
	r.recount(second, all)
}
