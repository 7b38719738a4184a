package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/jobs/simulate"
)

// thinner is how many times fewer listens the other days of the longer archive have.
const thinner = 20

// erasedEnd is the day after the last of all archives.
var erasedEnd = time.Date(2026, time.April, 1, 0, 0, 0, 0, time.UTC)

// window is how many days the smaller erasures are limited to.
func (o DeletionsOptions) window() int { return o.Days / 10 }

// windowStart is the first of them, about the middle of the shorter archive.
func (o DeletionsOptions) windowStart() time.Time { return erasedEnd.AddDate(0, 0, -o.Days/2) }

// erasable is a lake with an archive, and everything that is derived from it.
type erasable struct {
	*bench
	options DeletionsOptions
	days    int
	rows    int64
}

// archive makes a lake of so many days, of which those beside the window have fewer listens by a factor.
func (r *DeletionsReport) archive(ctx context.Context, c *frame.Call, o DeletionsOptions, days, thinner int) (*erasable, error) {
	b, err := newBench(ctx, c)
	if err != nil {
		return nil, err
	}
	a := &erasable{bench: b, options: o, days: days}
	if err := a.fill(ctx, r, thinner); err != nil {
		b.close()
		return nil, err
	}
	return a, nil
}

func (a *erasable) fill(ctx context.Context, r *DeletionsReport, thinner int) error {
	name := func(what string) string { return fmt.Sprintf("%s, archive of %d days", what, a.days) }
	made, err := here(name("making it"), func() (int64, error) {
		err := a.ingest(ctx, thinner)
		return a.rows, err
	})
	if err != nil {
		return err
	}
	r.Work = append(r.Work, made)
	for _, job := range []string{"royalties", "rollup", "rollup --true-up"} { // as after a night
		a.env.Progress(name(job))
		m, err := a.child(ctx, name("job "+job), a.rows, append([]string{"job"}, strings.Fields(job)...)...)
		if err != nil {
			return err
		}
		r.Work = append(r.Work, m)
	}
	return nil
}

// ingest archives the days before the window, the window, which is the same in each archive, and the days after it.
func (a *erasable) ingest(ctx context.Context, thinner int) error {
	o, start := a.options, a.options.windowStart()
	first := erasedEnd.AddDate(0, 0, -a.days)
	before := int(start.Sub(first) / (24 * time.Hour))
	for i, part := range []struct {
		first      time.Time
		days, thin int
	}{
		{start, o.window(), 1}, {first, before, thinner}, {start.AddDate(0, 0, o.window()), a.days - before - o.window(), thinner},
	} {
		rows := max(o.Rows*part.days/o.Days/part.thin, part.days)
		next, stop := iter.Pull(simulate.Load(simulate.LoadOptions{
			Seed: o.Seed + uint64(i), Rows: rows, Start: part.first, Days: part.days, DuplicateShare: 0.05, Users: o.Users, Tracks: o.Tracks,
		}))
		load := royaltiesLoad{next, stop}
		err := load.ingest(ctx, a.env, fmt.Sprint("part-", i), rows)
		stop()
		if err != nil {
			return err
		}
		a.rows += int64(rows)
	}
	return nil
}

// carriedOut is what the job reports.
type carriedOut struct {
	Deleted struct {
		Requests int `json:"requests"`
		Rows     struct {
			Listens int64 `json:"listens"`
		} `json:"rows"`
	} `json:"deleted"`
	Purged struct {
		Requests int `json:"requests"`
		Tables   []struct {
			Table        string `json:"table"`
			Files        int64  `json:"files_rewritten"`
			Rows         int64  `json:"rows_dropped"`
			BytesRead    int64  `json:"bytes_read"`
			BytesWritten int64  `json:"bytes_written"`
		} `json:"tables"`
	} `json:"purged"`
}

// carryOut runs the job as a process of its own.
func (a *erasable) carryOut(ctx context.Context, what string, args ...string) (m measure, done carriedOut, err error) {
	a.env.Progress(what)
	spill := watchSize(a.env.Duck.TempDir)
	var text []byte
	m, text, err = a.childReport(ctx, what, 1, append([]string{"job", "deletions"}, args...)...)
	m.SpillMiB = spill() >> 20
	if err != nil {
		return m, done, err
	}
	return m, done, json.Unmarshal(text, &done)
}
