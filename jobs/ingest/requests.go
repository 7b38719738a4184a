package ingest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/listen"
)

// requests are the deletion requests that every listen is checked against: those of the table and those
// decoded since. A request stands for ever, unless an operator holds or has withdrawn it, or its delay is not over.
type requests struct {
	env      jobs.Env
	engine   *engine
	windows  map[listen.Subject][]listen.Window
	all      []standing        // of the table
	decided  map[identity]bool // held or, true, withdrawn
	due      int64             // when the first delay is over; 0 for never
	passed   catalog.Sequences // of requests that are not among the windows now and may be later
	loaded   int64             // id of the snapshot of deletion_requests that was read last
	log      int64             // and of deletion_log
	sequence int64             // its sequence number
	at       lake.Snapshot
}

// standing is a row of deletion_requests.
type standing struct {
	identity identity
	sequence int64
	subject  listen.Subject
	received int64
	window   listen.Window
}

// said is what a request says. Its retries say the same.
type said struct {
	RequestID string `col:"request_id"`
	Subject   string `col:"subject"`
	Requested int64  `col:"requested_us"`
	From      *int64 `col:"from_us"`
	To        *int64 `col:"to_us"`
}

// identity is a hash of it.
type identity [16]byte

func (s said) identity() identity {
	bound := func(us *int64) string {
		if us == nil {
			return "-"
		}
		return number(*us)
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{s.Subject, number(s.Requested), bound(s.From), bound(s.To), s.RequestID}, "\x1f")))
	return identity(sum[:len(identity{})])
}

func newRequests(env jobs.Env, e *engine) requests {
	return requests{env: env, engine: e, windows: map[listen.Subject][]listen.Window{}, decided: map[identity]bool{}}
}

// refresh reads what came to deletion_requests since the last time, and what operators decided.
func (r *requests) refresh(ctx context.Context) error {
	s, err := r.env.Snapshot(ctx, catalog.DeletionRequests)
	if err != nil {
		return err
	}
	log, err := r.env.Snapshot(ctx, catalog.DeletionLog)
	if err != nil {
		return err
	}
	if s.ID() == r.loaded && log.ID() == r.log && (r.due == 0 || r.due > r.env.Now().UnixMicro()) {
		return nil
	}
	if s.ID() != r.loaded {
		if err := r.load(ctx, s); err != nil {
			return fmt.Errorf("read deletion requests: %w", err)
		}
		r.loaded, r.sequence, r.at = s.ID(), s.Sequence(), s
	}
	if err := r.readDecisions(ctx, s, log); err != nil {
		return fmt.Errorf("read decisions about deletion requests: %w", err)
	}
	r.choose()
	return nil
}

// choose finds the windows that hold now. Those of requests that are about to be committed are in the table by then.
func (r *requests) choose() {
	now := r.env.Now().UnixMicro()
	clear(r.windows)
	r.due = 0
	var known, passed []int64
	for _, one := range r.all {
		known = append(known, one.sequence)
		due := one.received + r.env.Erasure.Delay.Microseconds()
		withdrawn, decided := r.decided[one.identity]
		switch {
		case decided && withdrawn:
		case decided:
			passed = append(passed, one.sequence)
		case due > now && due > one.received:
			passed = append(passed, one.sequence)
			if r.due == 0 || due < r.due {
				r.due = due
			}
		default:
			r.put(one.subject, one.window)
		}
	}
	r.passed = nil
	if len(passed) > 0 {
		slices.Sort(known)
		slices.Sort(passed)
		r.passed = catalog.SequencesOf(slices.Compact(known), slices.Compact(passed))
	}
}

// load adds the requests that came since the last time.
func (r *requests) load(ctx context.Context, s lake.Snapshot) error {
	files, whole, err := filesAfter(ctx, s, r.loaded)
	if err != nil {
		return err
	}
	if whole {
		r.all = nil
	}
	sequences := map[string]int64{}
	for _, f := range files {
		path, err := lake.LocalPath(f.FilePath())
		if err != nil {
			return err
		}
		sequences[path] = f.Sequence
	}
	db, err := r.engine.open(ctx)
	if err != nil {
		return err
	}
	if err := db.BindFiles(ctx, "requests", s, files); err != nil {
		return err
	}
	type record struct {
		said
		Received int64  `col:"received_us"`
		File     string `col:"_file"`
	}
	return jobs.EachRecord(ctx, db, "ingest/requests", nil, func(d record) error {
		raw, err := hex.DecodeString(d.Subject)
		if err != nil || len(raw) != len(listen.Subject{}) {
			return lake.WithHint(errors.New("a row has no valid subject, so nobody can tell whom it concerns"),
				"look for it with 'lakectl sql \"SELECT request_id FROM deletion_requests WHERE length(subject) IS DISTINCT FROM 32\"'")
		}
		r.all = append(r.all, standing{
			identity: d.identity(), sequence: sequences[d.File], subject: listen.Subject(raw), received: d.Received,
			window: listen.Deletion{ReceivedTime: d.Received, From: d.From, To: d.To}.Window(),
		})
		return nil
	})
}

// readDecisions reads which requests are held or withdrawn, where an operator decided anything since the last time.
func (r *requests) readDecisions(ctx context.Context, s, log lake.Snapshot) error {
	if log.ID() == r.log {
		return nil
	}
	files, _, err := filesAfter(ctx, log, r.log)
	if err != nil {
		return err
	}
	db, err := r.engine.open(ctx)
	if err != nil {
		return err
	}
	var decisions int64
	if err := errors.Join(db.BindFiles(ctx, "log", log, files), db.One(ctx, "ingest/decided_since", nil, []any{&decisions})); err != nil {
		return err
	}
	if decisions > 0 {
		if err := errors.Join(db.Bind(ctx, "requests", s), db.Bind(ctx, "log", log)); err != nil {
			return err
		}
		clear(r.decided)
		type record struct {
			said
			Withdrawn bool `col:"withdrawn"`
		}
		err := jobs.EachRecord(ctx, db, "ingest/decisions", nil, func(d record) error { r.decided[d.identity()] = d.Withdrawn; return nil })
		if err != nil {
			return err
		}
	}
	r.log = log.ID()
	return nil
}

// filesAfter is filesSince that says whether it lists all files.
func filesAfter(ctx context.Context, s lake.Snapshot, since int64) (files []lake.File, whole bool, err error) {
	if since != 0 {
		changes, err := s.Changes(ctx, since)
		if err != nil || !changes.Broken {
			return changes.Added, false, err
		}
	}
	files, err = s.Files(ctx)
	return files, true, err
}

// filesSince lists the files that came after the snapshot with id since, or all of them where that cannot be
// told or since is 0. The caller must not mind rows it has seen before.
func filesSince(ctx context.Context, s lake.Snapshot, since int64) ([]lake.File, error) {
	files, _, err := filesAfter(ctx, s, since)
	return files, err
}

// add lets a request that was just decoded cover what follows it, unless it is a retry of one that is held or
// withdrawn, or has to wait.
func (r *requests) add(subject listen.Subject, d listen.Deletion) {
	as := said{d.RequestID, subject.String(), d.RequestedAt, d.From, d.To}
	if _, decided := r.decided[as.identity()]; decided {
		return
	}
	if delay := r.env.Erasure.Delay.Microseconds(); delay > 0 && d.ReceivedTime+delay > r.env.Now().UnixMicro() {
		return
	}
	r.put(subject, d.Window())
}

func (r *requests) put(subject listen.Subject, w listen.Window) {
	if !slices.Contains(r.windows[subject], w) {
		r.windows[subject] = append(r.windows[subject], w)
	}
}

// cover tells whether a request known so far says that this listen is to be erased.
func (r *requests) cover(l *listen.Listen) bool {
	if len(r.windows) == 0 {
		return false
	}
	for _, w := range r.windows[r.env.SubjectKey.Subject(l.UserID)] {
		if w.Covers(l.EventTime, l.ReceivedTime) {
			return true
		}
	}
	return false
}
