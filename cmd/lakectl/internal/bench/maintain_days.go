package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/jobs/compact"
	"github.com/lakectl/lakectl/jobs/maintain"
	"github.com/lakectl/lakectl/jobs/simulate"
)

// maintainedDay is what the archive looks like when a simulated day is over and maintenance has settled it.
type maintainedDay struct {
	Day           int     `json:"day"`
	Flushes       int     `json:"flushes"`
	Ingested      int64   `json:"ingested_bytes"`  // so far
	Compacted     int64   `json:"compacted_bytes"` // so far
	Amplification float64 `json:"write_amplification"`
	Files         int     `json:"files"`
	MostOfADay    int     `json:"most_files_of_a_day"`
	CountMs       float64 `json:"count_ms"` // of all listens, by 'sql', as a process of its own
}

// days has ingest flush and maintenance run, in turn.
func (r *MaintainReport) days(ctx context.Context, c *frame.Call, o MaintainOptions) error {
	b, load, err := newRoyaltiesBench(ctx, c, RoyaltiesOptions{Seed: o.Seed}, simulate.LoadOptions{Rows: o.Days * o.Flushes * o.Listens, Days: o.Days})
	if err != nil {
		return err
	}
	defer b.close()
	defer load.stop()
	l := livingLake{bench: b, load: load, options: maintain.Options{Retention: time.Duration(c.Config.Retention.ArchiveSnapshots), Files: &compact.Options{}}}
	for day := range o.Days {
		d, err := l.day(ctx, o, day)
		if err != nil {
			return err
		}
		r.Days = append(r.Days, d)
	}
	last := r.Days[len(r.Days)-1]
	again, err := l.settle(ctx)
	if err != nil {
		return err
	}
	r.Targets = append(r.Targets, atMost("write amplification", last.Amplification, targetAmplified),
		atMost("files of a day", float64(last.MostOfADay), targetDayFiles),
		atMost("files that a second run writes after the days", float64(again), 0))
	if o.Days > 1 {
		r.Targets = append(r.Targets, atMost("time of a count to that after the first day", last.CountMs/r.Days[0].CountMs, targetCount))
	}
	return nil
}

// targetCount is how much longer a count may take after the last day than after the first.
const targetCount = 1.2

// livingLake is a lake that ingest and maintenance write in turn.
type livingLake struct {
	*bench
	load                *royaltiesLoad
	options             maintain.Options
	ingested, compacted int64
}

func (l *livingLake) day(ctx context.Context, o MaintainOptions, day int) (d maintainedDay, err error) {
	for i := range o.Flushes {
		if err := l.flush(ctx, fmt.Sprintf("day-%d-flush-%d", day, i), o.Listens); err != nil {
			return d, err
		}
		if (i+1)%o.Every == 0 {
			if _, err := l.settle(ctx); err != nil {
				return d, err
			}
		}
	}
	if _, err := l.settle(ctx); err != nil {
		return d, err
	}
	a, err := archived(ctx, l.env)
	if err != nil {
		return d, err
	}
	d = maintainedDay{
		Day: day + 1, Flushes: o.Flushes, Ingested: l.ingested, Compacted: l.compacted, Files: a.files, MostOfADay: a.mostOf,
		Amplification: float64(l.ingested+l.compacted) / float64(l.ingested),
	}
	d.CountMs, err = l.count(ctx, a.rows)
	return d, err
}

// counts is how often a count is made; the median is told.
const counts = 3

func (l *livingLake) count(ctx context.Context, rows int64) (float64, error) {
	var took []time.Duration
	for range counts {
		m, err := l.child(ctx, "count", rows, "sql", "SELECT count(*) FROM listens")
		if err != nil {
			return 0, err
		}
		took = append(took, time.Duration(m.Seconds*float64(time.Second)))
	}
	return quantile(took, 0.5), nil
}

// flush has ingest commit so many listens.
func (l *livingLake) flush(ctx context.Context, source string, listens int) error {
	before, err := l.env.Snapshot(ctx, catalog.Listens)
	if err != nil {
		return err
	}
	if err := l.load.ingest(ctx, l.env, source, listens); err != nil {
		return err
	}
	after, err := archived(ctx, l.env)
	if err != nil {
		return err
	}
	changes, err := after.at.Changes(ctx, before.ID())
	if err != nil {
		return err
	}
	for _, f := range changes.Added {
		l.ingested += f.FileSizeBytes()
	}
	return nil
}

// settle runs maintenance once and tells how many files it wrote.
func (l *livingLake) settle(ctx context.Context) (int, error) {
	report, err := maintain.Run(ctx, l.env, l.options)
	if err != nil || report.Compaction == nil {
		return 0, err
	}
	l.compacted += report.Compaction.Out
	return report.Compaction.Written, nil
}
