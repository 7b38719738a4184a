package ingest

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/listen"
)

// ingester turns the records of one source into commits. It belongs to one goroutine.
type ingester struct {
	env      jobs.Env
	o        Options
	src      source
	finished *finished
	requests requests
	placed   placed
	decoder  *listen.Decoder
	batch    batch
	age      *time.Timer // fires when the batch is due
	report   *Report
	said     time.Time
	pace     pace

	listens, quarantine, deletions target
	own                            map[int]bool // partitions this ingester reads
	again                          bool         // the source was finished, and listens rolled back since

	judged    judged
	committed func(context.Context) // called after each commit on listens; nil for nobody
}

// target is a table with the source's positions as this ingester last read or committed them. Every commit to
// the table requires that they have not changed: that is the fence.
type target struct {
	table string
	held  map[int]int64
	at    lake.Snapshot // of then
}

func newIngester(env jobs.Env, o Options, src source, f *finished, report *Report) *ingester {
	return &ingester{
		env: env, o: o, src: src, finished: f, decoder: listen.NewDecoder(o.Limits), requests: newRequests(env, f.engine),
		age: time.NewTimer(math.MaxInt64), report: report,
		listens: target{table: catalog.Listens}, quarantine: target{table: catalog.Quarantine}, deletions: target{table: catalog.DeletionRequests},
	}
}

// enter reads where the source stands in each table. own are the partitions that will be read. What an earlier
// session has read and not committed is dropped.
func (g *ingester) enter(ctx context.Context, own []int) error {
	g.age.Stop()
	g.batch.reset()
	g.own, g.placed = map[int]bool{}, placed{}
	for _, partition := range own {
		g.own[partition] = true
	}
	// listens first: what the small tables hold past these positions was put there by a flush that
	// listens does not have, whoever made it.
	for _, t := range []struct {
		*target
		statement string
	}{{&g.listens, ""}, {&g.quarantine, "ingest/placed_quarantine"}, {&g.deletions, "ingest/placed_requests"}} {
		s, err := g.env.Snapshot(ctx, t.table)
		if err != nil {
			return err
		}
		t.at = s
		if t.held, err = g.positions(s); err != nil {
			return err
		}
		if t.statement == "" {
			g.o.Metrics.entered(s, g.src, own, t.held)
			continue
		}
		if err := g.standsBeside(s); err != nil {
			return err
		}
		if err := g.placed.find(ctx, g.finished.engine, g.src, s, t.statement, g.listens.held, g.reached(t.held)); err != nil {
			return err
		}
	}
	return nil
}

// standsBeside makes sure that a small table still holds what listens was filtered through, and says so where another
// engine changed its rows.
func (g *ingester) standsBeside(small lake.Snapshot) error {
	if err := catalog.CheckBeside(g.listens.at, small); err != nil {
		return err
	}
	if a := small.Table().Altered(); a != nil {
		g.env.Log.Warn("another engine changed a table that only lakectl writes", "table", small.Table().Name(), "snapshot_id", a.By, "before_snapshot_id", a.Before)
	}
	return nil
}

// reached is how far a small table may have got in the source. Where the source was finished, its entry is gone from
// there, and the rows are not: they were never rolled back.
func (g *ingester) reached(held map[int]int64) map[int]int64 {
	if !g.again {
		return held
	}
	return map[int]int64{0: math.MaxInt64}
}

// positions reads the source's part of a table's positions.
func (g *ingester) positions(s lake.Snapshot) (map[int]int64, error) {
	p, err := s.Positions()
	if err != nil {
		return nil, err
	}
	return g.src.held(p)
}

// reads makes a partition that is read from an offset on part of the next commit, even if no record of it comes:
// what the broker deletes in it before the next run is missed only where there is a position.
func (g *ingester) reads(partition int, from int64) {
	g.own[partition] = true
	g.batch.next[partition] = from
	g.o.Metrics.reads(partition, from)
}

// take decodes the records of a chunk into the batch and flushes whenever that is full.
func (g *ingester) take(ctx context.Context, c *chunk) error {
	g.own[c.partition] = true
	g.o.Metrics.taken(c, 0)
	for i, r := range c.records {
		if g.batch.counts.Records == 0 {
			if err := g.begin(ctx); err != nil {
				return err
			}
		}
		g.decode(c.partition, r)
		if g.batch.counts.Records >= int64(g.o.FlushRows) || g.batch.bytes >= g.o.FlushBytes {
			g.batch.passed(c.partition, r.offset+1)
			if err := g.flush(ctx); err != nil {
				return err
			}
			g.o.Metrics.taken(c, i+1)
		}
	}
	g.batch.passed(c.partition, c.next)
	return nil
}

// begin starts a batch. The requests are read before its first record is decoded, and the commit names them.
func (g *ingester) begin(ctx context.Context) error {
	if err := g.requests.refresh(ctx); err != nil {
		return err
	}
	g.batch.requests, g.batch.leftAlone = g.requests.sequence, g.requests.passed
	g.age.Reset(g.due())
	return nil
}

// decode puts one record where it belongs.
func (g *ingester) decode(partition int, r record) {
	b := &g.batch
	b.counts.Records++
	b.bytes += int64(len(r.key) + len(r.value))
	if reason, done := g.placed[origin{partition, r.offset}]; done {
		b.counted(reason)
		return
	}
	switch d := g.decoder; d.Decode(r.value, r.time, clockOf(g.src, r)) {
	case listen.IsListen:
		if g.requests.cover(&d.Listen) {
			b.counts.Suppressed++
			return
		}
		row := b.rows.Add()
		row.Listen, row.Partition, row.Offset = d.Listen, int32(partition), r.offset
		b.newest = max(b.newest, d.Listen.EventTime)
		b.counts.Archived++
	case listen.IsDeletion:
		subject := g.env.SubjectKey.Subject(d.Deletion.UserID)
		g.requests.add(subject, d.Deletion)
		b.deletions = append(b.deletions, deletion{d.Deletion, subject, origin{partition, r.offset}})
		b.counts.Deletions++
	default:
		b.refused = append(b.refused, g.refusal(partition, r))
		b.counts.Quarantined[d.Refusal.Reason]++
	}
}

// clockOf says whose time came with a record.
func clockOf(src source, r record) listen.Clock {
	switch _, isTopic := src.(topicSource); {
	case !r.hasTime:
		return listen.NoClock
	case isTopic:
		return listen.LogClock
	}
	return listen.GivenTime
}

// counted counts a record that an interrupted flush has placed.
func (b *batch) counted(reason listen.Reason) {
	if reason == "" {
		b.counts.Deletions++
	} else {
		b.counts.Quarantined[reason]++
	}
}

// refusal fills what the record does not say: it must be found by time, and by user when that user asks for
// deletion.
func (g *ingester) refusal(partition int, r record) refused {
	q := refused{Refusal: g.decoder.Refusal, raw: append([]byte{}, r.value...), origin: origin{partition, r.offset}, time: r.time, hasTime: r.hasTime}
	if !q.HasReceivedTime {
		q.ReceivedTime = r.time
		if !r.hasTime {
			q.ReceivedTime = g.env.Now().UnixMicro()
		}
	}
	if q.UserID == "" && utf8.Valid(r.key) {
		q.UserID = string(r.key)
	}
	return q
}

// progressEvery is how often a run says how far it is.
const progressEvery = time.Second

func (g *ingester) progress(text func() string) {
	if now := time.Now(); now.Sub(g.said) >= progressEvery {
		g.said = now
		g.env.Progress(text())
	}
}

// consumed is how many records were read so far, committed or not.
func (g *ingester) consumed() int64 { return g.report.Records + g.batch.counts.Records }

// fence says that somebody else moved the source's position in a table.
func (g *ingester) fence(table string, partition int, found, held map[int]int64) error {
	at := func(positions map[int]int64) string {
		if next, ok := positions[partition]; ok {
			return strconv.FormatInt(next, 10)
		}
		return "none"
	}
	return lake.WithHint(fmt.Errorf("position of %s partition %d in %s: expected %s, found %s: %w", g.src.name(), partition, table, at(held), at(found), lake.ErrFenced),
		"another ingester reads the same source; stop one of them, then run the command again: it goes on where the tables are")
}
