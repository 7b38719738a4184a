package run

import (
	"strconv"
	"time"

	"github.com/lakectl/lakectl/jobs/lease"
)

// Status is how everything is. It names no listener.
type Status struct {
	Version   string       `json:"version"`
	Now       time.Time    `json:"now"`
	StartedAt time.Time    `json:"started_at"`
	Lease     lease.State  `json:"lease"`
	Archive   Archive      `json:"archive"`
	Ingest    IngestStatus `json:"ingest"`
	Jobs      []JobStatus  `json:"jobs"`
	LookError string       `json:"look_error,omitempty"` // why the tables could not be read at the newest look
}

// Archive is the newest snapshot of listens.
type Archive struct {
	ID          int64     `json:"snapshot_id,string"` // 0: none
	CommittedAt time.Time `json:"committed_at,omitzero"`
}

// IngestStatus is how ingest is. On a process that does not lead it waits.
type IngestStatus struct {
	State     string    `json:"state"` // runs, waits, waits after a failure, off
	Since     time.Time `json:"since,omitzero"`
	Restarts  int64     `json:"restarts"`
	LastError string    `json:"last_error,omitempty"`
	// LagSeconds is how long the oldest record that is not archived has been in the topic.
	LagSeconds float64   `json:"lag_seconds"`
	Watermark  time.Time `json:"watermark,omitzero"` // newest event time archived
}

// JobStatus is how a job is, by this process's knowledge.
type JobStatus struct {
	Job         string    `json:"job"`
	Schedule    string    `json:"schedule"`
	State       string    `json:"state"` // runs, due, waits, off; elsewhere where another process leads
	LastStart   time.Time `json:"last_start,omitzero"`
	LastEnd     time.Time `json:"last_end,omitzero"`
	LastDone    time.Time `json:"last_done,omitzero"` // when it last ended well
	LastSeconds float64   `json:"last_seconds"`
	LastExit    *int      `json:"last_exit_code,omitempty"` // -1 where a signal ended it
	LastError   string    `json:"last_error,omitempty"`     // until it ends well
	NextRun     time.Time `json:"next_run,omitzero"`
	Runs        int64     `json:"runs"` // that ended well
	Again       int64     `json:"again"`
	Failures    int64     `json:"failures"`
	// LagSeconds is how long the oldest archive snapshot waits that the job has not taken in; of jobs that do not
	// follow the archive how long the job has been due.
	LagSeconds float64 `json:"lag_seconds"`
	// Watermark is the commit time of the archive snapshot that the job has taken in.
	Watermark time.Time `json:"watermark,omitzero"`

	behind time.Time // commit time of the oldest archive snapshot that is not taken in; zero for none
}

// Status is how everything is now.
func (r *Runner) Status() Status {
	now := r.now()
	held := r.lease.State()
	r.mu.Lock()
	defer r.mu.Unlock()
	s := Status{
		Version: r.env.CodeVersion, Now: now.Wall, StartedAt: now.Wall.Add(-now.Up), Lease: held, Archive: r.archive, Ingest: r.ingester, LookError: r.lookErr,
	}
	if r.o.IngestLag != nil {
		s.Ingest.LagSeconds = r.o.IngestLag().Seconds()
	}
	for _, t := range r.tasks {
		is := t.is
		if is.NextRun = t.When.Next(t.past, now); now.Up < t.notYet && t.due {
			is.NextRun = now.Wall.Add(t.notYet - now.Up)
		}
		switch {
		case t.When.IsOff():
			is.State = "off"
		case !held.Leads:
			is.State, is.NextRun = "elsewhere", time.Time{}
		case t.running:
			is.State = "runs"
		case t.due:
			is.State = "due"
		default:
			is.State = "waits"
		}
		switch {
		case !is.behind.IsZero():
			is.LagSeconds = max(0, now.Wall.Sub(is.behind).Seconds())
		case is.Watermark.IsZero() && t.due && held.Leads && !t.When.IsOnSnapshot():
			is.LagSeconds = (now.Up - t.since).Seconds()
		}
		s.Jobs = append(s.Jobs, is)
	}
	return s
}

// ExitText is an exit code for people.
func (s JobStatus) ExitText() string {
	switch {
	case s.LastExit == nil:
		return ""
	case *s.LastExit < 0:
		return "signal"
	}
	return strconv.Itoa(*s.LastExit)
}
