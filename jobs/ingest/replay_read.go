package ingest

import (
	"context"
	"fmt"

	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/ingest/dayfile"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/listen"
)

// refusedAt is where a refused record stands among the sources.
type refusedAt struct {
	source string
	origin
}

// mark is what became of the record at a place.
type mark struct {
	refusedAt
	outcome Outcome
}

// round is a run of refused records and what becomes of them.
type round struct {
	last     refusedAt
	counts   ReplayReport
	listens  []iceberg.DataFile
	requests []catalog.RequestRow
	marks    []mark
	latest   map[string]map[int]int64 // topic and partition -> newest event time that is archived
	through  int64                    // sequence number of the deletion requests that filtered it
	over     catalog.Sequences        // of those that were left alone

	// The records of the source at hand that pass; one that follows uses the room again.
	rows      dayfile.Rows
	passed    int // listens in rows
	deletions []deletion
}

// read decodes the next records after a place. The listens that pass are in files when it returns.
func (r *replay) read(ctx context.Context, s replays, after refusedAt) (*round, error) {
	if err := r.requests.refresh(ctx); err != nil {
		return nil, err
	}
	topics, err := topicsOf(s.quarantine)
	if err != nil {
		return nil, err
	}
	db, err := r.pick(ctx, s, after)
	if err != nil {
		return nil, err
	}
	c := &round{
		last: after, counts: ReplayReport{StillRefused: map[listen.Reason]int64{}}, latest: map[string]map[int]int64{},
		through: r.requests.sequence, over: r.requests.passed,
	}
	type record struct {
		Source    string `col:"source_topic"`
		Partition int    `col:"source_partition"`
		Offset    int64  `col:"source_offset"`
		Sent      *int64 `col:"source_us"`
		Raw       []byte `col:"raw"`
	}
	err = jobs.EachRecord(ctx, db, "ingest/replay_read", nil, func(q record) error {
		at := refusedAt{q.Source, origin{q.Partition, q.Offset}}
		if at == c.last {
			return nil // a second row of one record
		}
		if at.source != c.last.source {
			if err := c.finish(ctx, s.listens.Table()); err != nil {
				return err
			}
		}
		c.last = at
		r.decode(c, q.Raw, q.Sent, topics[at.source])
		return nil
	})
	if err == nil {
		err = c.finish(ctx, s.listens.Table())
	}
	if err != nil {
		return nil, fmt.Errorf("read quarantine: %w", err)
	}
	return c, nil
}

// pick chooses the rows of the next round.
func (r *replay) pick(ctx context.Context, s replays, after refusedAt) (*jobs.Session, error) {
	db, err := r.engine.open(ctx)
	if err != nil {
		return nil, err
	}
	if err := db.Bind(ctx, "quarantine", s.quarantine); err != nil {
		return nil, err
	}
	args := []any{r.filter.Reason, r.filter.since(), after.source, after.partition, after.offset, r.rows, r.bytes}
	if err := db.Run(ctx, "ingest/replay_pick", args...); err != nil {
		return nil, fmt.Errorf("read quarantine: %w", err)
	}
	return db, nil
}

// topicsOf are the sources of quarantine that are topics. Their entries stay in the positions for ever, while a
// file has none once it is finished.
func topicsOf(quarantine lake.Snapshot) (map[string]bool, error) {
	p, err := quarantine.Positions()
	topics := map[string]bool{}
	for _, t := range p.Topics {
		topics[t.Topic] = true
	}
	return topics, err
}

// decode puts the record at c.last where it belongs today.
func (r *replay) decode(c *round, raw []byte, sent *int64, isTopic bool) {
	at := c.last
	c.counts.Read++
	clock, sentAt := listen.NoClock, int64(0)
	switch {
	case sent != nil && isTopic:
		clock, sentAt = listen.LogClock, *sent
	case sent != nil:
		clock, sentAt = listen.GivenTime, *sent
	}
	switch d := r.decoder; d.Decode(raw, sentAt, clock) {
	case listen.IsListen:
		if r.requests.cover(&d.Listen) {
			c.counts.Suppressed++
			c.marks = append(c.marks, mark{at, Suppressed})
			return
		}
		row := c.rows.Add()
		row.Listen, row.Partition, row.Offset = d.Listen, int32(at.partition), at.offset
		if isTopic {
			c.seen(at, d.Listen.EventTime)
		}
		c.passed++
		c.counts.Archived++
		c.marks = append(c.marks, mark{at, Archived})
	case listen.IsDeletion:
		subject := r.env.SubjectKey.Subject(d.Deletion.UserID)
		r.requests.add(subject, d.Deletion)
		c.deletions = append(c.deletions, deletion{d.Deletion, subject, at.origin})
		c.counts.DeletionRequested++
		c.marks = append(c.marks, mark{at, DeletionRequested})
	default:
		c.counts.StillRefused[d.Refusal.Reason]++
	}
}

func (c *round) seen(at refusedAt, event int64) {
	latest := c.latest[at.source]
	if latest == nil {
		latest = map[int]int64{}
		c.latest[at.source] = latest
	}
	if was, ok := latest[at.partition]; !ok || event > was {
		latest[at.partition] = event
	}
}

// finish writes what has passed of the source at c.last, since files and rows are written for one source each.
func (c *round) finish(ctx context.Context, t *lake.Table) error {
	if c.passed > 0 {
		files, err := dayfile.Write(ctx, t, &c.rows, c.last.source, catalog.IngestJob)
		if err != nil {
			return fmt.Errorf("write listens: %w", err)
		}
		c.listens = append(c.listens, files...)
		c.rows.Reset()
		c.passed = 0
	}
	c.requests = append(c.requests, requestRows(c.last.source, c.deletions)...)
	c.deletions = c.deletions[:0]
	return nil
}
