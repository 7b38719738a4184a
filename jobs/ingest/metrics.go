package ingest

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/topic"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/listen"
)

// endsEvery is how often the ends of the partitions are asked for.
const endsEvery = 5 * time.Second

// tookBounds are the bounds of the histogram of commits, in seconds.
var tookBounds = []float64{0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30}

// Metrics are the numbers of one running ingester. Counts are of what it has committed since it started, so a
// batch that was dropped is in none of them. Partitions are those it reads now; the rest is what others show.
//
// The ingester writes from its one goroutine and whoever shows the numbers reads from another, hence the lock.
// It is taken once a chunk, not once a record. A nil *Metrics takes everything and keeps nothing.
type Metrics struct {
	every time.Duration // between two looks at the ends of the partitions

	mu          sync.Mutex
	now         func() time.Time
	topic       string
	owned       map[int]*ownedPartition
	records     int64
	suppressed  int64
	commits     int64
	fences      int64
	rows        map[string]int64 // by table
	quarantined map[listen.Reason]int64
	took        []int64 // commits by bound of tookBounds, the last for those that took longer
	tookSum     time.Duration
	snapshots   int // of listens, when the last batch began
	flushAge    time.Duration
}

// NewMetrics returns the metrics of an ingester that has not started.
func NewMetrics() *Metrics {
	m := &Metrics{
		every: endsEvery, now: time.Now, took: make([]int64, len(tookBounds)+1), owned: map[int]*ownedPartition{}, quarantined: map[listen.Reason]int64{},
		rows: map[string]int64{catalog.Listens: 0, catalog.Quarantine: 0, catalog.DeletionRequests: 0},
	}
	for _, reason := range listen.Reasons() {
		m.quarantined[reason] = 0 // a rate needs to see where it began
	}
	return m
}

// ownedPartition is one partition that is being read. Offsets are of the next record.
type ownedPartition struct {
	from         int64 // what is not archived begins here
	hasCommitted bool  // from is a position on record
	read         int64 // up to here it is in the batch or passed
	end          int64 // as far as is known
	mark         int64 // newest event time archived, in microseconds since 1970
	hasMark      bool
	oldest       int64     // Kafka's time of the first record in the batch; [topic.NoTime] for none
	waiting      time.Time // since when at least there are records that were not read; zero for not known
}

// entered begins a session: these partitions and no others are read from where listens stands.
func (m *Metrics) entered(s lake.Snapshot, src source, own []int, held map[int]int64) {
	if m == nil {
		return
	}
	marks, err := catalog.WatermarksOf(s)
	if err != nil {
		marks = nil // the next commit says so
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.topic = src.name()
	clear(m.owned)
	for _, partition := range own {
		p := m.add(partition)
		p.from, p.hasCommitted = held[partition]
		p.mark, p.hasMark = marks[m.topic][partition]
		p.read, p.end = p.from, p.from
	}
}

// reads is where reading of a partition begins.
func (m *Metrics) reads(partition int, from int64) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if p := m.owned[partition]; p != nil {
		p.begin(from)
	}
}

// add makes a partition one that is read.
func (m *Metrics) add(partition int) *ownedPartition {
	p := &ownedPartition{oldest: topic.NoTime}
	m.owned[partition] = p
	return p
}

// begin is where reading begins, which without a position is also where the lag does.
func (p *ownedPartition) begin(from int64) {
	p.read, p.end = from, max(p.end, from)
	if p.end == from {
		p.waiting = time.Time{}
	}
	if !p.hasCommitted {
		p.from = from
	}
}

// taken takes in the records of a chunk from one on; those before it are committed.
func (m *Metrics) taken(c *chunk, from int) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.owned[c.partition]
	if p == nil { // added while the session lasts; its first chunk only says where it begins
		p = m.add(c.partition)
		p.begin(c.next)
	}
	p.read, p.end, p.waiting = c.next, max(p.end, c.next), time.Time{}
	for _, r := range c.records[from:] {
		if p.oldest != topic.NoTime {
			return
		}
		if r.hasTime {
			p.oldest = r.time
		}
	}
}

// committed counts a batch that is archived.
func (m *Metrics) committed(held map[int]int64, b *batch, took time.Duration) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.commits++
	m.tookSum += took
	m.took[bucketOf(took)]++
	m.records += b.counts.Records
	m.suppressed += b.counts.Suppressed
	m.rows[catalog.Listens] += b.counts.Archived
	m.rows[catalog.DeletionRequests] += b.counts.Deletions
	for reason, n := range b.counts.Quarantined {
		m.rows[catalog.Quarantine] += n
		m.quarantined[reason] += n
	}
	for partition, p := range m.owned {
		p.oldest = topic.NoTime // all that was read is in the batch
		if next, ok := held[partition]; ok {
			p.from, p.hasCommitted, p.end = next, true, max(p.end, next)
		}
		if latest, ok := b.latest[partition]; ok && (!p.hasMark || latest > p.mark) {
			p.mark, p.hasMark = latest, true
		}
	}
}

func bucketOf(took time.Duration) int {
	for i, bound := range tookBounds {
		if took.Seconds() <= bound {
			return i
		}
	}
	return len(tookBounds)
}

// paced takes in how often flushes are due, and the snapshots of listens that this follows from.
func (m *Metrics) paced(snapshots int, age time.Duration) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.snapshots, m.flushAge = snapshots, age
}

// fenced counts a batch that was dropped because another ingester had read its partitions.
func (m *Metrics) fenced() {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fences++
}

// left ends a session: the partitions are somebody else's now.
func (m *Metrics) left() {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.owned)
}

// ends takes in where partitions end now. Those that are not owned, or no longer, are left out.
func (m *Metrics) ends(found map[int]topic.Bounds) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for partition, b := range found {
		p := m.owned[partition]
		if p == nil {
			continue
		}
		p.end = max(p.end, b.End)
		if p.waiting.IsZero() && p.end > p.read {
			p.waiting = m.now()
		}
	}
}

// watch asks for the ends of the owned partitions now and then, until ctx ends or it is stopped. That it cannot
// has no effect on the ingester.
func (m *Metrics) watch(ctx context.Context, env jobs.Env, t *topic.Topic) (stop func()) {
	if m == nil {
		return func() {}
	}
	m.mu.Lock()
	m.now = env.Now
	m.mu.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		every := time.NewTicker(m.every)
		defer every.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-every.C:
			}
			if err := m.refresh(ctx, t); err != nil && ctx.Err() == nil {
				env.Log.Debug("ends of partitions are not known", "topic", t.Identity().Topic, "error", err)
			}
		}
	}()
	return func() { cancel(); <-done }
}

func (m *Metrics) refresh(ctx context.Context, t *topic.Topic) error {
	m.mu.Lock()
	partitions := slices.Sorted(maps.Keys(m.owned))
	m.mu.Unlock()
	if len(partitions) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, endsEvery)
	defer cancel()
	found, err := t.Bounds(ctx, partitions)
	if err == nil {
		m.ends(found)
	}
	return err
}

// lag is how long the oldest record that is not archived has been in the topic: exactly, once it has been read.
// Before that it is at least as long as we know that something waits. Where all was read and nothing of it is
// to be committed, as after an aborted transaction, it is 0.
func (p *ownedPartition) lag(now time.Time) time.Duration {
	var since time.Time
	switch {
	case p.oldest != topic.NoTime:
		since = time.UnixMicro(p.oldest)
	case !p.waiting.IsZero():
		since = p.waiting
	default:
		return 0
	}
	return max(0, now.Sub(since))
}

// Lag is how long the oldest record that is not archived has been in the topic, of all partitions that are read now.
func (m *Metrics) Lag() (longest time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range m.owned {
		longest = max(longest, p.lag(m.now()))
	}
	return longest
}
