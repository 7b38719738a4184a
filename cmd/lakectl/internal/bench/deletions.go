package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
	"github.com/lakectl/lakectl/jobs"
)

// What erasures are held to. Seconds and memory are for 100 of 500,000 users of 50,000,000 listens in 90 days.
const (
	targetErasedSec   = 60
	targetErasedRSS   = 2048
	targetRewritten   = 1.2  // times the bytes of the files that held the rows
	targetPurgeBytes  = 30   // MB of these files a second and core
	targetWindow      = 0.15 // of the purge of all days
	targetLongArchive = 1.3  // times the purge of the same days in the shorter archive
	targetVerifyBytes = 100  // MB a second and core
	targetVerifyRSS   = 1024
)

// DeletionsOptions are the loads of [Deletions].
type DeletionsOptions struct {
	Rows   int // of the archive
	Days   int // that they are spread over
	Users  int // that listen
	Erased int // users of each erasure
	Times  int // how many times as many days the longer archive has; 1 leaves it out
	Tracks int
	Seed   uint64
}

// DeletionsReport is what bench deletions reports.
type DeletionsReport struct {
	Work    []measure      `json:"work"`
	Purged  []purgedFiles  `json:"purged"`
	Decoded []decodedFiles `json:"decoded"`
	Targets []target       `json:"targets"`
	Notes   []string       `json:"notes"`
}

// purgedFiles are the files of one table that one purge wrote anew.
type purgedFiles struct {
	What    string  `json:"what"`
	Table   string  `json:"table"` // "all" is the sum
	Files   int64   `json:"files"`
	Rows    int64   `json:"rows_dropped"`
	Bytes   int64   `json:"bytes_before"` // of the files that held the rows
	Written int64   `json:"bytes_written"`
	Ratio   float64 `json:"written_to_before"`
}

// decodedFiles is what a verification looked at.
type decodedFiles struct {
	Kind  string `json:"kind"`
	Files int64  `json:"files"`
	Bytes int64  `json:"bytes"`
}

// erasure is what the steps of one erasure took.
type erasure struct {
	recomputed, purged measure
	files              purgedFiles // of all tables
	listens            int64       // bytes written of them
}

// Deletions measures erasures from the request to the proof.
func Deletions(ctx context.Context, c *frame.Call, o DeletionsOptions) (any, error) {
	if o.Days < 10 || o.Rows < 10*o.Days || o.Erased < 1 || o.Users < 2*o.Erased || o.Times < 1 || o.Tracks < 1 {
		return nil, usage.Errorf("see "+c.Command.HelpName+" --help", "--rows %d in --days %d by --users %d, --erased %d, --times %d, --tracks %d",
			o.Rows, o.Days, o.Users, o.Erased, o.Times, o.Tracks)
	}
	r := DeletionsReport{Notes: []string{
		"wall times are only comparable within a run, and only when nothing else is at work on the machine",
		"the targets of seconds and memory are for 100 of 500,000 users of 50,000,000 listens in 90 days",
		"the CPU is that of the whole process of a job, its start included; the more rows, the less that is",
	}}
	users, window, err := r.short(ctx, c, o)
	if err != nil {
		return nil, err
	}
	if o.Times == 1 {
		return r, nil
	}
	within, err := r.long(ctx, c, o, users)
	if err != nil {
		return nil, err
	}
	what := fmt.Sprintf("purge of %d of %d days to that of %d of %d", o.window(), o.Times*o.Days, o.window(), o.Days)
	r.Targets = append(r.Targets, atMost("bytes of listens written by the "+what, ratioTo(float64(within.listens), float64(window.listens)), targetLongArchive),
		atMost("bytes of all tables written by the "+what, ratioTo(float64(within.files.Written), float64(window.files.Written)), targetLongArchive),
		atMost("seconds of the "+what, within.purged.Seconds/window.purged.Seconds, targetLongArchive))
	return r, nil
}

// short erases users from all days of the archive, has that verified, and erases others from some of the days. It
// returns these others.
func (r *DeletionsReport) short(ctx context.Context, c *frame.Call, o DeletionsOptions) (others []string, window erasure, err error) {
	a, err := r.archive(ctx, c, o, o.Days, 1)
	if err != nil {
		return nil, window, err
	}
	defer a.close()
	users, err := a.users(ctx, 2*o.Erased)
	if err != nil {
		return nil, window, err
	}
	if len(users) != 2*o.Erased {
		return nil, window, usage.Errorf("lower --erased or raise --rows", "only %d users are in the archive", len(users))
	}
	all, err := r.erase(ctx, a, fmt.Sprintf("all of %d days", o.Days), users[:o.Erased], time.Time{}, time.Time{})
	if err != nil {
		return nil, window, err
	}
	r.Targets = append(r.Targets, atMost("seconds to recomputed", all.recomputed.Seconds, targetErasedSec),
		atMost("peak_rss_mib to recomputed", float64(all.recomputed.PeakRSSMiB), targetErasedRSS),
		atMost("bytes written by a purge to those of the files that held the rows", all.files.Ratio, targetRewritten),
		atLeast("mb_per_second_and_core of a purge", perCore(all.files.Bytes, all.purged), targetPurgeBytes))
	if err := r.verify(ctx, a); err != nil {
		return nil, window, err
	}
	others = users[o.Erased:]
	if window, err = r.eraseWindow(ctx, a, others); err != nil {
		return nil, window, err
	}
	what := fmt.Sprintf("purge of %d days to that of %d", o.window(), o.Days)
	r.Targets = append(r.Targets, atMost("bytes of listens written by the "+what, ratioTo(float64(window.listens), float64(all.listens)), targetWindow),
		atMost("bytes of all tables written by the "+what, ratioTo(float64(window.files.Written), float64(all.files.Written)), targetWindow),
		atMost("seconds of the "+what, window.purged.Seconds/all.purged.Seconds, targetWindow))
	return others, window, nil
}

// long erases users from the same days of an archive of many more, the others of which have a twentieth of the listens.
func (r *DeletionsReport) long(ctx context.Context, c *frame.Call, o DeletionsOptions, users []string) (within erasure, err error) {
	a, err := r.archive(ctx, c, o, o.Times*o.Days, thinner)
	if err != nil {
		return within, err
	}
	defer a.close()
	return r.eraseWindow(ctx, a, users)
}

func (r *DeletionsReport) eraseWindow(ctx context.Context, a *erasable, users []string) (erasure, error) {
	from := a.options.windowStart()
	what := fmt.Sprintf("%d of %d days", a.options.window(), a.days)
	return r.erase(ctx, a, what, users, from, from.AddDate(0, 0, a.options.window()))
}

// erase carries requests out, and purges them.
func (r *DeletionsReport) erase(ctx context.Context, a *erasable, what string, users []string, from, to time.Time) (e erasure, err error) {
	if err := a.request(ctx, "requests of "+what, users, erasedEnd, from, to); err != nil {
		return e, err
	}
	var done carriedOut
	if e.recomputed, done, err = a.carryOut(ctx, "to recomputed, "+what); err != nil {
		return e, err
	}
	erased := done.Deleted.Rows.Listens
	if done.Deleted.Requests != len(users) || erased == 0 {
		return e, fmt.Errorf("%d of %d requests took %d listens: %w", done.Deleted.Requests, len(users), erased, jobs.ErrProof)
	}
	if e.purged, done, err = a.carryOut(ctx, "to purged, "+what, "--purge-now"); err != nil {
		return e, err
	}
	if done.Purged.Requests != len(users) {
		return e, fmt.Errorf("%d of %d requests are purged: %w", done.Purged.Requests, len(users), jobs.ErrProof)
	}
	e.recomputed.per(erased)
	e.purged.per(erased)
	r.Work = append(r.Work, e.recomputed, e.purged)
	r.rewritten(&e, what, done)
	if e.files.Bytes == 0 || e.files.Rows < erased {
		return e, fmt.Errorf("%d rows are purged and %d listens are erased: %w", e.files.Rows, erased, jobs.ErrProof)
	}
	return e, nil
}

// rewritten takes down which files a purge wrote anew.
func (r *DeletionsReport) rewritten(e *erasure, what string, done carriedOut) {
	all := purgedFiles{What: what, Table: "all"}
	for _, t := range done.Purged.Tables {
		if t.Files == 0 {
			continue
		}
		if t.Table == catalog.Listens {
			e.listens = t.BytesWritten
		}
		r.Purged = append(r.Purged, purgedFiles{what, t.Table, t.Files, t.Rows, t.BytesRead, t.BytesWritten, ratioTo(float64(t.BytesWritten), float64(t.BytesRead))})
		all.Files, all.Rows, all.Bytes, all.Written = all.Files+t.Files, all.Rows+t.Rows, all.Bytes+t.BytesRead, all.Written+t.BytesWritten
	}
	all.Ratio = ratioTo(float64(all.Written), float64(all.Bytes))
	r.Purged, e.files = append(r.Purged, all), all
}

// verify measures the proof that nothing is left of what was purged.
func (r *DeletionsReport) verify(ctx context.Context, a *erasable) error {
	a.env.Progress("verifying")
	m, text, err := a.childReport(ctx, "deletions verify", 1, "deletions", "verify")
	if err != nil {
		return err
	}
	var report struct {
		Checks    []decodedFiles `json:"checks"`
		Concluded struct {
			Verified int `json:"verified"`
		} `json:"concluded"`
	}
	if err := json.Unmarshal(text, &report); err != nil {
		return err
	}
	if report.Concluded.Verified != a.options.Erased {
		return fmt.Errorf("%d of %d requests are verified: %w", report.Concluded.Verified, a.options.Erased, jobs.ErrProof)
	}
	var bytes int64
	for _, one := range report.Checks {
		bytes += one.Bytes
	}
	r.Decoded, r.Targets = report.Checks, append(r.Targets, atLeast("mb_per_second_and_core of verify", perCore(bytes, m), targetVerifyBytes),
		atMost("peak_rss_mib of verify", float64(m.PeakRSSMiB), targetVerifyRSS))
	m.per(a.rows)
	r.Work = append(r.Work, m)
	return nil
}

// perCore is how many MB a measured process went through in a second of CPU.
func perCore(bytes int64, m measure) float64 {
	return float64(bytes) / (m.CPUMicrosec * float64(max(m.Rows, 1)))
}

// per says how many rows the work was for.
func (m *measure) per(rows int64) {
	cpu := m.CPUMicrosec * float64(max(m.Rows, 1))
	m.Rows, m.CPUMicrosec, m.RowsSecond = rows, cpu/float64(max(rows, 1)), int64(float64(rows)/m.Seconds)
}
