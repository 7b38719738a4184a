package audit

import (
	"context"
	"errors"
	"fmt"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// Outcome is what reproducing a run has shown; see the package comment.
type Outcome string

// The outcomes.
const (
	Same         Outcome = "same"
	Different    Outcome = "different"
	InputsErased Outcome = "inputs_erased"
)

// Payouts is how the payouts of the run compare with what its lines and pools give.
type Payouts string

// The results of comparing payouts.
const (
	PayoutsSame      Payouts = "same"
	PayoutsDifferent Payouts = "different"
	PayoutsExpired   Payouts = "expired" // they, or the lines they follow from, are no longer there
)

// Result is one run, reproduced.
type Result struct {
	RunID              string           `json:"run_id"`
	Period             string           `json:"period"`
	Outcome            Outcome          `json:"outcome"`
	Checksum           string           `json:"checksum"`
	RecomputedChecksum string           `json:"recomputed_checksum"`
	RowsRead           int64            `json:"rows_read"` // archived copies of the period that the run saw
	RowsNow            int64            `json:"rows_now"`  // those of them that are there now
	Payouts            Payouts          `json:"payouts"`
	Erased             []Erased         `json:"erased"`
	LinesDiffer        []LineDifference `json:"lines_differ"` // the first of them, while the run's lines are kept
	LinesHeld          int64            `json:"lines_held"`   // lines that differ and were folded, see [Result.Fold]; at most as many as are listed
	// UnsealedFiles were read and carry no hashes, see [jobs.Env.Unsealed].
	UnsealedFiles int `json:"unsealed_files,omitempty"`
}

// Fold makes one number of the lines that came out different: how many people they are about is not known here.
func (r *Result) Fold() {
	r.LinesHeld, r.LinesDiffer = int64(len(r.LinesDiffer)), nil
}

// Erased is what one deletion request that touches the period has removed from the archive since the run: copies of
// all months, those that came after the run too.
type Erased struct {
	RequestID string `json:"request_id"`
	Rows      int64  `json:"rows"`
}

// LineDifference is a line that came out different. A line that is absent has 0.
type LineDifference struct {
	ArtistID     string `json:"artist_id" col:"artist_id"`
	TrackID      string `json:"track_id" col:"track_id"`
	Country      string `json:"country" col:"country"`
	Tier         string `json:"tier" col:"tier"`
	ListensWas   int64  `json:"listens_was" col:"listens_was"`
	ListensNow   int64  `json:"listens_now" col:"listens_now"`
	QualifiedWas int64  `json:"qualified_was" col:"qualified_was"`
	QualifiedNow int64  `json:"qualified_now" col:"qualified_now"`
}

// audit is one run being reproduced.
type audit struct {
	env    jobs.Env
	db     *jobs.Session
	run    *pinned
	result *Result

	others      int64  // see [catalog.ChangedByOthers]
	forgotten   int64  // rounds of replays since the run whose marks are gone from quarantine
	publishedIs string // checksum of the lines that the run published; "" when they are gone
}

// Reproduce recomputes a run, by its id or the newest of a period, and compares. The result comes with
// [jobs.ErrProof] when the run is different, and with [jobs.ErrInputsErased] when it can no longer be proved.
func Reproduce(ctx context.Context, env jobs.Env, runOrPeriod string) (result *Result, err error) {
	if err := env.Unaltered(ctx, catalog.Judged()...); err != nil {
		return nil, err
	}
	db, err := env.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	a := &audit{env: env, db: db}
	if a.run, err = findRun(ctx, env, db, runOrPeriod); err != nil {
		return nil, err
	}
	a.result = &Result{RunID: a.run.id, Period: a.run.period, Checksum: a.run.checksum, RowsRead: a.run.rowsRead}
	if err := a.makeCut(ctx); err != nil {
		return nil, err
	}
	if err := a.recount(ctx); err != nil {
		return nil, err
	}
	if err := a.compare(ctx); err != nil {
		return nil, err
	}
	a.result.UnsealedFiles = env.Unsealed()
	return a.result, a.judgement(ctx)
}

// bindAt makes a view of a table with the rows it had at a snapshot; [lake.ErrExpired] when that is gone.
func (a *audit) bindAt(ctx context.Context, view, table string, id int64) error {
	t, err := a.env.Lake.Table(ctx, table)
	if err != nil {
		return err
	}
	s, err := t.WithRowsOf(id)
	if err != nil {
		return err
	}
	return a.db.Bind(ctx, view, s)
}

// compare holds lines and payouts against what the run published.
func (a *audit) compare(ctx context.Context) (err error) {
	a.env.Progress("reproduce: comparing")
	if a.result.RecomputedChecksum, err = a.checksum(ctx, "lines"); err != nil {
		return err
	}
	if err := a.readPublished(ctx); err != nil {
		return err
	}
	switch {
	case a.linesSame():
		a.result.Payouts, err = a.comparePayouts(ctx, "lines")
	case a.publishedIs == a.run.checksum:
		a.result.Payouts, err = a.comparePayouts(ctx, "published")
	default:
		a.result.Payouts = PayoutsExpired
	}
	if err != nil {
		return err
	}
	// Last, when everything else has been loaded: what is gone by now is on record.
	return a.readErased(ctx)
}

func (a *audit) linesSame() bool { return a.result.RecomputedChecksum == a.run.checksum }

// readPublished reads the lines that the run published, if they are still kept, and lists those that differ.
func (a *audit) readPublished(ctx context.Context) error {
	if err := a.bindAt(ctx, "run_lines", catalog.RoyaltyLines, a.run.lines); errors.Is(err, lake.ErrExpired) {
		return nil
	} else if err != nil {
		return err
	}
	if err := a.db.Run(ctx, "audit/published", a.run.period); err != nil {
		return err
	}
	var err error
	if a.publishedIs, err = a.checksum(ctx, "published"); err != nil {
		return err
	}
	if err := a.db.Run(ctx, "audit/differences"); err != nil {
		return err
	}
	if a.result.LinesDiffer, err = jobs.Records[LineDifference](ctx, a.db, "audit/differences_first", listed); err != nil {
		return fmt.Errorf("list lines that differ: %w", err)
	}
	return nil
}

// listed is how many lines that differ are named.
const listed = 10

// readErased lists what deletion requests have removed since the run.
func (a *audit) readErased(ctx context.Context) error {
	log, err := a.env.Snapshot(ctx, catalog.DeletionLog)
	if err != nil {
		return err
	}
	if err := a.db.Bind(ctx, "log", log); err != nil {
		return err
	}
	var e Erased
	err = a.db.Each(ctx, "audit/erased", []any{a.run.period, a.run.committed, a.run.started}, []any{&e.RequestID, &e.Rows}, func() error {
		a.result.Erased = append(a.result.Erased, e)
		return nil
	})
	if err != nil {
		return fmt.Errorf("read deletion log: %w", err)
	}
	return nil
}
