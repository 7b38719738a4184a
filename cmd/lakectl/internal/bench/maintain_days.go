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
	"github.com/lakectl/lakectl/lake"
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
	MostDeletes   int     `json:"most_delete_files_of_a_file"`
	CountMs       float64 `json:"count_ms"`  // of all listens, by 'sql', as a process of its own
	RollupMs      float64 `json:"rollup_ms"` // of the listens of one commit
	NightMs       float64 `json:"night_ms"`  // royalties of the day
}

// days has ingest flush, and the rollup and maintenance run, in turn.
func (r *MaintainReport) days(ctx context.Context, c *frame.Call, o MaintainOptions) error {
	b, load, err := newRoyaltiesBench(ctx, c, RoyaltiesOptions{Seed: o.Seed}, simulate.LoadOptions{Rows: (1 + o.Days*(o.Flushes+measurings)) * o.Listens, Days: o.Days})
	if err != nil {
		return err
	}
	defer b.close()
	defer load.stop()
	l := livingLake{bench: b, load: load, options: maintain.Options{Retention: time.Duration(c.Config.Retention.ArchiveSnapshots), Files: &compact.Options{}}}
	if err := l.begin(ctx, o); err != nil {
		return err
	}
	for day := range o.Days {
		d, err := l.day(ctx, o, day)
		if err != nil {
			return err
		}
		r.Days = append(r.Days, d)
		l.env.Log.Info("a day has passed", "day", d.Day, "files", d.Files, "most_files_of_a_day", d.MostOfADay, "most_delete_files_of_a_file", d.MostDeletes,
			"write_amplification", d.Amplification, "count_ms", d.CountMs, "rollup_ms", d.RollupMs, "night_ms", d.NightMs)
	}
	last := r.Days[len(r.Days)-1]
	again, err := l.settle(ctx)
	if err != nil {
		return err
	}
	r.judgeDays(last, again)
	return nil
}

// judgeDays compares the last day with the first. again is how many files a second run wrote.
func (r *MaintainReport) judgeDays(last maintainedDay, again int) {
	r.Targets = append(r.Targets, atMost("write amplification", last.Amplification, targetAmplified),
		atMost("files of a day", float64(last.MostOfADay), targetDayFiles),
		atMost("delete files of a data file", float64(last.MostDeletes), targetDeleteFiles),
		atMost("files that a second run writes after the days", float64(again), 0))
	if first := r.Days[0]; len(r.Days) > 1 {
		r.Targets = append(r.Targets, atMost("time of a count to that after the first day", last.CountMs/first.CountMs, targetLater),
			atMost("time of a rollup to that after the first day", last.RollupMs/first.RollupMs, targetLater),
			atMost("time of a night to that of the first day", last.NightMs/first.NightMs, targetLater))
	}
}

const (
	targetDeleteFiles = 1
	targetLater       = 1.2 // times what the same takes on the compacted first day
)

// livingLake is a lake that ingest and maintenance write in turn.
type livingLake struct {
	*bench
	load                *royaltiesLoad
	options             maintain.Options
	ingested, compacted int64
}

// begin makes the first rows of all tables, so that the first day adds to them as the others do.
func (l *livingLake) begin(ctx context.Context, o MaintainOptions) error {
	if err := l.flush(ctx, "begin", 1, o.Listens); err != nil {
		return err
	}
	_, err := l.child(ctx, "job royalties", int64(o.Listens), "job", "royalties")
	return err
}

func (l *livingLake) day(ctx context.Context, o MaintainOptions, day int) (d maintainedDay, err error) {
	for done := 0; done < o.Flushes; done += o.Every {
		if err := l.flush(ctx, fmt.Sprintf("day-%d-from-%d", day, done), min(o.Every, o.Flushes-done), o.Listens); err != nil {
			return d, err
		}
		if _, err := l.settle(ctx); err != nil {
			return d, err
		}
		l.env.Progress(fmt.Sprintf("bench: day %d, %d of %d flushes", day+1, min(done+o.Every, o.Flushes), o.Flushes))
	}
	night, err := l.child(ctx, "job royalties", int64(o.Flushes*o.Listens), "job", "royalties")
	if err != nil {
		return d, err
	}
	if err := l.erase(ctx, day); err != nil {
		return d, err
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
		Amplification: float64(l.ingested+l.compacted) / float64(l.ingested), NightMs: night.Seconds * 1000,
	}
	if d.MostDeletes, err = mostDeletes(ctx, a.at); err != nil {
		return d, err
	}
	return d, l.read(ctx, o, &d, a.rows)
}

// read measures who reads the settled tables.
func (l *livingLake) read(ctx context.Context, o MaintainOptions, d *maintainedDay, rows int64) (err error) {
	if d.CountMs, err = median(counts, func(int) (measure, error) {
		return l.child(ctx, "count", rows, "sql", "SELECT count(*) FROM listens")
	}); err != nil {
		return err
	}
	d.RollupMs, err = median(measurings, func(n int) (measure, error) {
		if err := l.flush(ctx, fmt.Sprintf("day-%d-measured-%d", d.Day, n), 1, o.Listens); err != nil {
			return measure{}, err
		}
		return l.child(ctx, "job rollup", int64(o.Listens), "job", "rollup")
	})
	return err
}

// erase carries out the request of one listener. Its row deletes are what maintenance meets next.
func (l *livingLake) erase(ctx context.Context, day int) error {
	users, err := l.users(ctx, 1)
	if err != nil {
		return err
	}
	if err := l.request(ctx, fmt.Sprint("request of day ", day), users, time.Now(), time.Time{}, time.Time{}); err != nil {
		return err
	}
	_, err = l.child(ctx, "job deletions", 1, "job", "deletions")
	return err
}

// mostDeletes is how many delete files name one data file at most, as their rows say.
func mostDeletes(ctx context.Context, s lake.Snapshot) (most int, err error) {
	deletes, err := s.DeleteFiles(ctx)
	if err != nil {
		return 0, err
	}
	of := map[string]int{}
	for _, f := range deletes {
		rows, err := s.Table().ReadPositions(ctx, f.FilePath())
		if err != nil {
			return 0, err
		}
		for path := range rows {
			of[path]++
			most = max(most, of[path])
		}
	}
	return most, nil
}

// How often a rollup and a count are measured; the median is told. A count takes little longer than to start a process,
// which is never the same.
const (
	measurings = 3
	counts     = 15
)

// median is in milliseconds.
func median(times int, once func(n int) (measure, error)) (float64, error) {
	var took []time.Duration
	for n := range times {
		m, err := once(n)
		if err != nil {
			return 0, err
		}
		took = append(took, time.Duration(m.Seconds*float64(time.Second)))
	}
	return quantile(took, 0.5), nil
}

// flush has one ingest commit n times, so many listens each.
func (l *livingLake) flush(ctx context.Context, source string, n, listens int) error {
	before, err := l.env.Snapshot(ctx, catalog.Listens)
	if err != nil {
		return err
	}
	if err := l.load.flush(ctx, l.env, source, n*listens, listens); err != nil {
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

// settle runs the rollup, for what no consumer has read waits, and maintenance, and tells how many files this wrote.
func (l *livingLake) settle(ctx context.Context) (int, error) {
	if _, err := l.child(ctx, "job rollup", 1, "job", "rollup"); err != nil {
		return 0, err
	}
	report, err := maintain.Run(ctx, l.env, l.options)
	if err != nil || report.Compaction == nil {
		return 0, err
	}
	l.compacted += report.Compaction.Out
	return report.Compaction.Written, nil
}
