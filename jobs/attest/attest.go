package attest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/certificate"
	"github.com/lakectl/lakectl/lake"
)

// Evidence is what a look at everything that is left has found. It names nobody.
type Evidence struct {
	At        time.Time              // when the look began
	Verifier  string                 // program and version that looked
	Requests  []catalog.Place        // looked for, and not found
	Rows      map[string]int64       // that were erased for them, by table
	Snapshots certificate.Tally      // that were expired
	Objects   certificate.Tally      // that were removed, by path
	Residuals []certificate.Residual // what nobody can look at, and until when
}

// Options of one run.
type Options struct {
	CertificateDir string // see package keep
	Evidence       Evidence
}

// Report says what a run did.
type Report struct {
	Verified     int           `json:"verified"`     // requests that are verified by this run
	Left         int           `json:"left"`         // of the evidence's: not purged, or something was done for them after the look
	Certificates []Certificate `json:"certificates"` // about the requests that are verified by this run
	FilesWiped   int           `json:"files_wiped"`
}

// Certificate is one that the log has.
type Certificate struct {
	Path  string `json:"path"`
	Index int64  `json:"index"`
}

const (
	purged   = "purged"
	verified = "verified"
)

// request is one row of deletion_requests.
type request struct {
	catalog.Place
	RequestID string     `col:"request_id"`
	Subject   string     `col:"subject"`
	From      *time.Time `col:"from"`
	To        *time.Time `col:"to"`
	State     string     `col:"state"`
	At        int64      `col:"at_us"`
}

func (r request) known() certificate.Request {
	return certificate.Request{
		SourceTopic: r.Topic, SourcePartition: int32(r.Partition), SourceOffset: r.Offset, Subject: r.Subject, From: r.From, To: r.To,
	}
}

// Conclude carries purged requests that were looked for and not found to their last state.
func Conclude(ctx context.Context, env jobs.Env, o Options) (r Report, err error) {
	db, err := env.Open(ctx)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	log, due, left, err := read(ctx, env, db, o.Evidence)
	if err != nil || len(due) == 0 {
		r.Left = left
		return r, err
	}
	if r.Certificates, err = certify(o, log.Table().Property(catalog.LakeIDProperty), env.Now(), due); err != nil {
		return r, err
	}
	if r.FilesWiped, err = wipeAll(ctx, env, db, due); err != nil {
		return r, err
	}
	// What was done for a request meanwhile needs another look.
	if log, due, r.Left, err = read(ctx, env, db, o.Evidence); err != nil {
		return r, err
	}
	if err := note(ctx, env, db, log, due); err != nil {
		return r, err
	}
	r.Verified = len(due)
	return r, nil
}

// read finds the requests of the evidence that can be concluded, and counts those that cannot.
func read(ctx context.Context, env jobs.Env, db *jobs.Session, e Evidence) (log lake.Snapshot, due []request, left int, err error) {
	requests, err := env.Snapshot(ctx, catalog.DeletionRequests)
	if err != nil {
		return log, nil, 0, err
	}
	if log, err = env.Snapshot(ctx, catalog.DeletionLog); err != nil {
		return log, nil, 0, err
	}
	if err := errors.Join(db.Bind(ctx, "requests", requests), db.Bind(ctx, "log", log)); err != nil {
		return log, nil, 0, err
	}
	looked := map[catalog.Place]bool{}
	for _, at := range e.Requests {
		looked[at] = true
	}
	left = len(looked)
	err = jobs.EachRecord(ctx, db, "attest/requests", nil, func(r request) error {
		switch {
		case !looked[r.Place]:
		case r.State == verified:
			left--
		case r.State == purged && r.At <= e.At.UnixMicro():
			due = append(due, r)
			left--
		}
		return nil
	})
	if err != nil {
		return log, nil, 0, fmt.Errorf("read deletion requests: %w", err)
	}
	return log, due, left, nil
}

// wipeAll takes out of the two tables who asked, and why. The log has the words of operators alone.
func wipeAll(ctx context.Context, env jobs.Env, db *jobs.Session, due []request) (files int, err error) {
	var rows [][]any
	for _, r := range due {
		rows = append(rows, []any{r.Topic, r.Partition, r.Offset})
	}
	if err := errors.Join(db.Run(ctx, "attest/relations"), db.Fill(ctx, "concluded", rows)); err != nil {
		return 0, err
	}
	wipes := []wipe{{
		env: env, db: db, table: catalog.DeletionRequests, view: "requests", bound: []string{"reason"},
		find: "attest/request_files", blank: "attest/wiped_requests",
	}}
	log, err := env.Snapshot(ctx, catalog.DeletionLog)
	if err != nil {
		return 0, err
	}
	if log.NeedColumns("why") == nil {
		wipes = append(wipes, wipe{env: env, db: db, table: catalog.DeletionLog, view: "log", find: "attest/log_files", blank: "attest/wiped_log"})
	}
	for _, w := range wipes {
		n, err := w.run(ctx)
		if err != nil {
			return files, err
		}
		files += n
	}
	return files, nil
}

// note writes the last row of each request, if nobody has logged anything since they were read.
func note(ctx context.Context, env jobs.Env, db *jobs.Session, log lake.Snapshot, due []request) error {
	if len(due) == 0 {
		return nil
	}
	var last int64
	if err := db.One(ctx, "attest/log_end", nil, []any{&last}); err != nil {
		return fmt.Errorf("read deletion log: %w", err)
	}
	at := time.UnixMicro(max(env.Now().UnixMicro(), last+1)).UTC()
	rows := make([]catalog.StepRow, len(due))
	for i, r := range due {
		rows[i] = catalog.StepRow{RequestID: r.RequestID, State: verified, At: at, Place: r.Place}
	}
	files, err := lake.WriteRecords(ctx, log.Table(), catalog.DeletionsJob, rows)
	if err != nil {
		return err
	}
	_, err = env.Lake.Commit(ctx, catalog.DeletionLog, lake.Commit{Job: catalog.DeletionsJob, Add: files, Stage: lake.IfUnmoved(log, nil)})
	return err
}
