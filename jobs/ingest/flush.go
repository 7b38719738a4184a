package ingest

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/listen"
)

// refused is one row of quarantine.
type refused struct {
	listen.Refusal
	raw []byte
	origin
	time    int64 // that came with the record
	hasTime bool
}

// deletion is one row of deletion_requests.
type deletion struct {
	listen.Deletion
	subject listen.Subject
	origin
}

// flush commits the batch: quarantine and deletion_requests if they get rows, listens last and always,
// because its positions are where the next run starts.
func (g *ingester) flush(ctx context.Context) error {
	b := &g.batch
	g.age.Stop()
	if b.counts.Records == 0 && len(b.chosen) == 0 {
		return nil
	}
	if err := g.judge(); err != nil {
		return err
	}
	began := g.env.Now()
	files, err := g.writeListens(ctx)
	if err != nil {
		return err
	}
	if err := commitRows(ctx, g, &g.quarantine, g.quarantineRows()); err != nil {
		return err
	}
	if err := commitRows(ctx, g, &g.deletions, requestRows(g.src.name(), g.batch.deletions)); err != nil {
		return err
	}
	err = g.commit(ctx, &g.listens, files, func(now lake.Snapshot, summary map[string]string) error {
		return g.describe(now, summary, began)
	})
	if err != nil {
		return err
	}
	g.env.Log.Info("committed listens", "source", g.src.name(), "records", b.counts.Records, "rows", b.counts.Archived, "files", len(files))
	g.o.Metrics.committed(g.listens.held, b, g.env.Now().Sub(began))
	g.report.add(b.counts)
	g.report.Positions = g.src.moved(lake.Positions{}, g.listens.held)
	b.reset()
	if g.o.Committed != nil {
		g.o.Committed()
	}
	if g.committed != nil {
		g.committed(ctx)
	}
	return nil
}

// describe adds to the summary of a commit on listens what else it says.
func (g *ingester) describe(now lake.Snapshot, summary map[string]string, began time.Time) error {
	b := &g.batch
	total, err := now.StateNumber(catalog.Suppressed)
	if err != nil {
		return err
	}
	summary[lake.StateKey(catalog.Suppressed)] = strconv.FormatInt(total+b.counts.Suppressed, 10)
	summary[catalog.RequestsThrough] = strconv.FormatInt(b.requests, 10)
	if len(b.leftAlone) > 0 {
		summary[catalog.RequestsPassed] = b.leftAlone.String()
	}
	for _, small := range []lake.Snapshot{g.quarantine.at, g.deletions.at, g.requests.at} {
		if small.Table() == nil {
			continue
		}
		if err := catalog.PutBeside(summary, now, small); err != nil {
			return err
		}
	}
	summary[catalog.FlushBegan] = began.UTC().Format(time.RFC3339Nano)
	if len(b.chosen) > 0 {
		summary[fromProperty] = choices(b.chosen)
	}
	marks, err := catalog.WatermarksOf(now)
	if err != nil {
		return err
	}
	if _, isTopic := g.src.(topicSource); isTopic && marks.Raise(g.src.name(), b.latest) {
		summary[lake.StateKey(catalog.Watermarks)] = marks.String()
	}
	return nil
}

func (r *Report) add(b Report) {
	r.Records += b.Records
	r.Archived += b.Archived
	r.Deletions += b.Deletions
	r.Suppressed += b.Suppressed
	for reason, n := range b.Quarantined {
		r.Quarantined[reason] += n
	}
	r.Snapshots++
}

// commitRows commits rows to one of the small tables; without rows there is nothing to write.
func commitRows[T any](ctx context.Context, g *ingester, t *target, records []T) error {
	if len(records) == 0 {
		return nil
	}
	table, err := g.env.Lake.Table(ctx, t.table)
	if err != nil {
		return err
	}
	files, err := lake.WriteRecords(ctx, table, catalog.IngestJob, records)
	if err != nil {
		return err
	}
	return g.commit(ctx, t, files, func(lake.Snapshot, map[string]string) error { return nil })
}

// commit adds files to a table together with the positions after the batch. also adds to the summary.
func (g *ingester) commit(ctx context.Context, t *target, files []iceberg.DataFile, also func(lake.Snapshot, map[string]string) error) error {
	after, err := g.env.Lake.Commit(ctx, t.table, lake.Commit{Job: catalog.IngestJob, Add: files, Stage: func(now lake.Snapshot) (map[string]string, error) {
		p, err := g.advanced(ctx, t, now)
		if err != nil {
			return nil, err
		}
		summary := map[string]string{lake.StateKey(lake.PositionsKey): p.String()}
		return summary, also(now, summary)
	}})
	if err != nil {
		return err
	}
	t.at = after
	t.held, err = g.positions(after)
	return err
}

// advanced returns the positions of a table after the batch, or the reason why the batch must not be
// committed on top of now.
func (g *ingester) advanced(ctx context.Context, t *target, now lake.Snapshot) (lake.Positions, error) {
	if err := g.unmoved(ctx, t, now); err != nil {
		return lake.Positions{}, err
	}
	p, err := now.Positions()
	if err != nil {
		return p, err
	}
	next := map[int]int64{}
	for partition, n := range g.batch.next {
		next[partition] = max(n, t.held[partition]) // a small table may be ahead, after an interrupted flush
	}
	return g.finished.drop(ctx, g.src.moved(p, next), g.src.name())
}

// unmoved is [lake.ErrFenced] when the source's positions in a table are not the ones this ingester holds.
//
// No entry is not proof enough for a file: whoever finishes one lists it in sources first and takes the entry
// away later. So sources is asked too, and after now was loaded: not listed yet means that no entry was taken
// away before now either.
func (g *ingester) unmoved(ctx context.Context, t *target, now lake.Snapshot) error {
	found, err := g.positions(now)
	if err != nil {
		return err
	}
	for partition := range g.own {
		was, had := t.held[partition]
		is, has := found[partition]
		if was != is || had != has {
			return g.fence(t.table, partition, found, t.held)
		}
	}
	if _, isFile := g.src.(fileSource); !isFile {
		return nil
	}
	done, err := g.finished.has(ctx, g.src.name())
	if err == nil && done {
		err = lake.WithHint(fmt.Errorf("source %s was just finished by another run: %w", g.src.name(), lake.ErrFenced),
			"nothing is left to do for this file; run the command again to see that it says so")
	}
	return err
}

func (g *ingester) quarantineRows() []catalog.RefusedRow {
	rows := make([]catalog.RefusedRow, len(g.batch.refused))
	for i, q := range g.batch.refused {
		rows[i] = catalog.RefusedRow{
			Raw: q.raw, Reason: string(q.Reason), Detail: q.Detail, ReceivedTime: instant(q.ReceivedTime), UserID: q.UserID,
			Place: catalog.Place{Topic: g.src.name(), Partition: int64(q.partition), Offset: q.offset},
		}
		if q.HasEventTime {
			rows[i].EventTime = bound(&q.EventTime)
		}
		if q.hasTime {
			rows[i].SourceTime = bound(&q.time)
		}
	}
	return rows
}

func requestRows(source string, list []deletion) []catalog.RequestRow {
	rows := make([]catalog.RequestRow, len(list))
	for i, d := range list {
		rows[i] = catalog.RequestRow{
			RequestID: d.RequestID, Subject: d.subject.String(), UserID: d.UserID,
			RequestedAt: instant(d.RequestedAt), ReceivedTime: instant(d.ReceivedTime), From: bound(d.From), To: bound(d.To), Reason: d.Reason,
			Place: catalog.Place{Topic: source, Partition: int64(d.partition), Offset: d.offset},
		}
	}
	return rows
}

func instant(micros int64) time.Time { return time.UnixMicro(micros).UTC() }

func bound(micros *int64) *time.Time {
	if micros == nil {
		return nil
	}
	at := instant(*micros)
	return &at
}
