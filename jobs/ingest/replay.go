package ingest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/listen"
)

// ReplayOptions say which refused records are decoded again, and how.
type ReplayOptions struct {
	Reason string    // needed; one that there is not is [ErrUsage]
	Since  time.Time // of received_time, inclusive; zero = any

	Limits     listen.Limits // as in [Options], and so are the next two: they bound what one round holds in memory
	FlushRows  int
	FlushBytes int64
}

// Outcome is what became of a refused record that was decoded again.
type Outcome string

// The outcomes, as quarantine has them. A record that is still refused has none.
const (
	Archived          Outcome = "archived"           // it is a row of listens
	DeletionRequested Outcome = "deletion_requested" // it is a row of deletion_requests
	Suppressed        Outcome = "suppressed"         // it is a listen that a deletion request covers
)

// ReplayReport counts refused records by what became of them.
type ReplayReport struct {
	Read              int64                   `json:"read"` // decoded again: the sum of the next four
	Archived          int64                   `json:"archived"`
	DeletionRequested int64                   `json:"deletion_requested"`
	Suppressed        int64                   `json:"suppressed"`
	StillRefused      map[listen.Reason]int64 `json:"still_refused"`     // by today's reason
	Settled           int64                   `json:"settled,omitempty"` // brought in by a replay that was cut off, and marked now; not in Read
}

// Replay decodes refused records again. What passes today comes into listens or deletion_requests once, at the
// source position and with the times it had; its row in quarantine says so. What fails stays as it is.
//
// # Exactly once
//
// Rounds of records, in order of source position, are committed to deletion_requests, then to listens, then
// marked in quarantine. There are no positions to tell how far that came, so the first two tables count the
// commits of replays, and quarantine says how many of these are marked. Where it is behind, a replay was cut off:
// before anything else, rows of quarantine without an outcome are looked up in the two tables by source position
// and marked. A round is committed only on top of the counts it started from; another replay in between fences
// it. Ingesters and erasures do not.
//
// A record that an ingester has put into quarantine and not passed yet, because its flush was cut off, stays there
// for the ingester, marked or not.
//
// # Deletion requests
//
// As in ingest, a listen that a known request covers is not brought in, and the commit names the requests that
// filtered it. So rows that were brought in, erased and not yet marked do not come back. The count of suppressed
// records cannot be told from rows: quarantine has it with the marks, and listens takes it over in a commit of its
// own, how much of it being part of its state.
//
// # Marking
//
// A mark replaces the row. It holds as long as others only append to quarantine; otherwise it is computed again,
// so a row that was erased meanwhile does not come back.
func Replay(ctx context.Context, env jobs.Env, o ReplayOptions) (report ReplayReport, err error) {
	report.StillRefused = map[listen.Reason]int64{}
	f := Filter{Reason: o.Reason, Since: o.Since}
	if o.Reason == "" {
		f.Reason = "none given" // no record has it, so the error lists those that there are
	}
	if err := f.check(); err != nil {
		return report, err
	}
	bounds := Options{FlushRows: o.FlushRows, FlushBytes: o.FlushBytes, Limits: o.Limits}.withDefaults()
	e := &engine{env: env}
	defer func() { err = errors.Join(err, e.close()) }()
	r := &replay{
		env: env, filter: f, rows: bounds.FlushRows, bytes: bounds.FlushBytes, engine: e, requests: newRequests(env, e),
		decoder: listen.NewDecoder(bounds.Limits), report: &report,
	}
	return report, r.run(ctx)
}

// replay is one run of [Replay].
type replay struct {
	env      jobs.Env
	filter   Filter
	rows     int   // of one round
	bytes    int64 // of one round, the last record not counted
	engine   *engine
	requests requests
	decoder  *listen.Decoder
	report   *ReplayReport
}

func (r *replay) run(ctx context.Context) error {
	if err := r.standsBeside(ctx); err != nil {
		return err
	}
	if err := r.takeOver(ctx); err != nil {
		return err
	}
	after := refusedAt{origin: origin{partition: -1}}
	for {
		s, err := r.settle(ctx)
		if err != nil {
			return err
		}
		round, err := r.read(ctx, s, after)
		if err != nil {
			return err
		}
		if round.counts.Read == 0 {
			return r.takeOver(ctx)
		}
		if err := r.commit(ctx, s, round); err != nil {
			return err
		}
		after = round.last
		r.report.add(round.counts)
		r.env.Progress(fmt.Sprintf("replay: %d records read, %d archived", r.report.Read, r.report.Archived))
	}
}

// standsBeside makes sure that the small tables still hold what listens was filtered through. They are loaded after it:
// what they hold then is not older than what it knows of.
func (r *replay) standsBeside(ctx context.Context) error {
	listens, err := r.env.Snapshot(ctx, catalog.Listens)
	for _, table := range []string{catalog.DeletionRequests, catalog.Quarantine} {
		var small lake.Snapshot
		if err == nil {
			small, err = r.env.Snapshot(ctx, table)
		}
		if err == nil {
			err = catalog.CheckBeside(listens, small)
		}
	}
	return err
}

func (r *ReplayReport) add(o ReplayReport) {
	r.Read += o.Read
	r.Archived += o.Archived
	r.DeletionRequested += o.DeletionRequested
	r.Suppressed += o.Suppressed
	for reason, n := range o.StillRefused {
		r.StillRefused[reason] += n
	}
}

// replays are the tables as a round starts from them.
type replays struct {
	listens    lake.Snapshot
	quarantine lake.Snapshot
	held       map[string]int64 // table -> its [catalog.Replays]
	next       map[string]int64 // table -> the number of its next one
}

// marks are the state keys of quarantine by the table they are about.
var marks = map[string]string{catalog.Listens: catalog.MarkedListens, catalog.DeletionRequests: catalog.MarkedRequests}

// stand loads the tables and tells which of them hold records that are not marked. Quarantine is loaded last:
// what it says of the others is not older than they are.
func (r *replay) stand(ctx context.Context) (s replays, behind []lake.Snapshot, err error) {
	requests, err := r.env.Snapshot(ctx, catalog.DeletionRequests)
	if err != nil {
		return s, nil, err
	}
	if s.listens, err = r.env.Snapshot(ctx, catalog.Listens); err != nil {
		return s, nil, err
	}
	if s.quarantine, err = r.env.Snapshot(ctx, catalog.Quarantine); err != nil {
		return s, nil, err
	}
	s.held, s.next = map[string]int64{}, map[string]int64{}
	for _, table := range []lake.Snapshot{requests, s.listens} {
		name := table.Table().Name()
		held, err := table.StateNumber(catalog.Replays)
		if err != nil {
			return s, nil, err
		}
		marked, err := s.quarantine.StateNumber(marks[name])
		if err != nil {
			return s, nil, err
		}
		s.held[name], s.next[name] = held, max(held, marked)+1
		if held > marked {
			behind = append(behind, table)
		}
	}
	return s, behind, nil
}

// settle marks the records of replays that were cut off.
func (r *replay) settle(ctx context.Context) (replays, error) {
	for {
		s, behind, err := r.stand(ctx)
		if err == nil {
			err = needOutcomes(s.quarantine)
		}
		if err != nil || len(behind) == 0 {
			return s, err
		}
		n, err := r.finish(ctx, s, behind)
		if err != nil {
			return s, fmt.Errorf("go on after a replay that was cut off: %w", err)
		}
		r.report.Settled += n
	}
}

// takeOver adds the suppressed records that quarantine counts to those of listens.
func (r *replay) takeOver(ctx context.Context) error {
	quarantine, err := r.env.Snapshot(ctx, catalog.Quarantine)
	if err != nil {
		return err
	}
	total, err := quarantine.StateNumber(catalog.ReplaysSuppressed)
	if err != nil || total == 0 {
		return err
	}
	if err := r.requests.refresh(ctx); err != nil {
		return err
	}
	_, err = r.env.Lake.Commit(ctx, catalog.Listens, lake.Commit{Job: catalog.ReplayJob, Stage: func(now lake.Snapshot) (map[string]string, error) {
		had, err := now.StateNumber(catalog.ReplaysSuppressed)
		if err != nil {
			return nil, err
		}
		if had >= total {
			return nil, errTakenOver
		}
		suppressed, err := now.StateNumber(catalog.Suppressed)
		return map[string]string{
			lake.StateKey(catalog.Suppressed):        number(suppressed + total - had),
			lake.StateKey(catalog.ReplaysSuppressed): number(total),
			catalog.RequestsThrough:                  number(r.requests.sequence),
		}, err
	}})
	if errors.Is(err, errTakenOver) {
		return nil
	}
	return err
}

// errTakenOver ends a commit that has nothing to say.
var errTakenOver = errors.New("suppressed records are counted")
