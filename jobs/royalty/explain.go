package royalty

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// Selection picks the counted listens of one artist and track in a period.
type Selection struct {
	Period   string `json:"period"`
	ArtistID string `json:"artist_id"`
	TrackID  string `json:"track_id"`
	Country  string `json:"country,omitempty"` // "" = any
	Tier     string `json:"tier,omitempty"`    // "" = any
}

func (s Selection) args() []any {
	return []any{s.Period, s.ArtistID, s.TrackID, s.Country, s.Tier}
}

// Explanation says where the numbers of royalty lines come from. It names listens, never users, and is for the
// operators of the lake.
type Explanation struct {
	RunID string `json:"run_id"`
	Standing
	Selection
	RulesVersion     int64 `json:"rules_version"`
	LedgerSnapshotID int64 `json:"ledger_snapshot_id,string"`
	// LedgerOfRun: the ledger is read as the run saw it. Otherwise that snapshot has expired, and it is the current
	// one.
	LedgerOfRun      bool              `json:"ledger_of_run"`
	Listens          int64             `json:"listens"`
	QualifiedListens int64             `json:"qualified_listens"`
	Duplicates       int64             `json:"duplicates"` // copies of these listens that do not count
	Refused          []RefusedBy       `json:"refused"`
	Counted          []ExplainedListen `json:"counted"`        // those that do not qualify first, as many as asked for
	Held             []HeldLines       `json:"held,omitempty"` // one at most: lines that are in none of the numbers above
}

// RefusedBy is how many counted listens one rule refused.
type RefusedBy struct {
	Rule    string `json:"rule"` // "" = no rule matched
	Listens int64  `json:"listens"`
}

// ExplainedListen is one counted listen.
type ExplainedListen struct {
	ListenID     string    `json:"listen_id" col:"listen_id"`
	EventTime    time.Time `json:"event_time" col:"event_time"`
	Country      string    `json:"country" col:"country"`
	Tier         string    `json:"tier" col:"tier"`
	Device       string    `json:"device" col:"device"`
	MsPlayed     int64     `json:"ms_played" col:"ms_played"`
	TrackMs      *int64    `json:"track_ms" col:"track_ms"`
	ReceivedTime time.Time `json:"received_time" col:"received_time"`
	Qualifies    bool      `json:"qualifies" col:"qualifies"`
	Rule         string    `json:"rule" col:"rule"`     // the one that decided; "" = none matched
	Copies       int64     `json:"copies" col:"copies"` // archived ones, the counted one among them
}

// Explain lists the counted listens behind the newest run of a period, at most limit of them. It checks that they sum
// to the published lines: [jobs.ErrProof] when they do not, or [lake.ErrExpired] when the ledger of the run is gone and
// the current one says something else. The explanation comes with these errors. Unless an operator asks, lines that
// fewer than five people changed since a period was closed are left out, see [HeldLines].
func Explain(ctx context.Context, env jobs.Env, s Selection, limit int, operator bool) (e *Explanation, err error) {
	register, err := ReadRegister(ctx, env)
	if err != nil {
		return nil, err
	}
	run, err := register.Newest(s.Period)
	if err != nil {
		return nil, err
	}
	db, err := env.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	e = &Explanation{RunID: run.RunID, Selection: s, RulesVersion: run.RulesVersion}
	if e.Standing, err = register.Standing(run); err != nil {
		return nil, err
	}
	if err := e.bindLedger(ctx, env, db, run); err != nil {
		return nil, err
	}
	if _, err := latestRules(ctx, env, db); err != nil { // binds them
		return nil, err
	}
	set, err := rulesAt(ctx, db, run.RulesVersion)
	if err != nil {
		return nil, err
	}
	if err := judge(ctx, db, "counted", set.Rules); err != nil {
		return nil, err
	}
	err = errors.Join(
		bindAt(ctx, env, db, "statement_lines", catalog.RoyaltyLines, run.LinesSnapshotID),
		db.Run(ctx, "royalty/held_lines_table"),
	)
	if err != nil {
		return nil, err
	}
	if run.waits() && !operator {
		if err := e.hold(ctx, env, db, register); err != nil {
			return nil, err
		}
	}
	if err := db.Run(ctx, "royalty/explain", s.args()...); err != nil {
		return nil, fmt.Errorf("explain: %w", err)
	}
	if err := e.read(ctx, db, limit); err != nil {
		return nil, fmt.Errorf("explain: %w", err)
	}
	return e, e.agree(ctx, db, run)
}

// bindLedger makes the views counted and duplicates, as the run saw them if both snapshots are kept.
func (e *Explanation) bindLedger(ctx context.Context, env jobs.Env, db *jobs.Session, run PublishedRun) error {
	counted, duplicates, err := ledgerOf(ctx, env, run)
	e.LedgerOfRun = err == nil
	if errors.Is(err, lake.ErrExpired) {
		if counted, err = env.Snapshot(ctx, catalog.ListensCounted); err == nil {
			duplicates, err = env.Snapshot(ctx, catalog.Duplicates)
		}
	}
	if err != nil {
		return err
	}
	e.LedgerSnapshotID = counted.ID()
	if err := bindPeriods(ctx, db, "counted", counted, []string{e.Period}, slices.Concat(judgedColumns, []string{"listen_id", "received_time"})...); err != nil {
		return err
	}
	return db.Bind(ctx, "duplicates", duplicates, "listen_id")
}

// ledgerOf are the two ledger tables as a run saw them.
func ledgerOf(ctx context.Context, env jobs.Env, run PublishedRun) (counted, duplicates lake.Snapshot, err error) {
	for _, t := range []struct {
		name string
		id   int64
		into *lake.Snapshot
	}{{catalog.ListensCounted, run.LedgerSnapshotID, &counted}, {catalog.Duplicates, run.DuplicatesSnapshotID, &duplicates}} {
		if *t.into, err = snapshotAt(ctx, env, t.name, t.id); err != nil {
			return counted, duplicates, err
		}
	}
	return counted, duplicates, nil
}

// read fills in sums and lists from the relation explained.
func (e *Explanation) read(ctx context.Context, db *jobs.Session, limit int) error {
	if err := db.One(ctx, "royalty/explain_sums", nil, []any{&e.Listens, &e.QualifiedListens, &e.Duplicates}); err != nil {
		return err
	}
	var by RefusedBy
	err := db.Each(ctx, "royalty/explain_refused", nil, []any{&by.Rule, &by.Listens}, func() error { e.Refused = append(e.Refused, by); return nil })
	if err != nil {
		return err
	}
	e.Counted, err = jobs.Records[ExplainedListen](ctx, db, "royalty/explain_list", limit)
	return err
}

// agree holds the sums against the published lines.
func (e *Explanation) agree(ctx context.Context, db *jobs.Session, run PublishedRun) error {
	var listens, qualified int64
	if err := db.One(ctx, "royalty/explain_published", e.args(), []any{&listens, &qualified}); err != nil {
		return fmt.Errorf("read lines: %w", err)
	}
	if listens == e.Listens && qualified == e.QualifiedListens {
		return nil
	}
	err := fmt.Errorf("run %s published %d listens, %d of them qualified; the ledger has %d and %d", run.RunID, listens, qualified, e.Listens, e.QualifiedListens)
	if !e.LedgerOfRun {
		return lake.WithHint(fmt.Errorf("%w: the ledger as the run saw it: %w", err, lake.ErrExpired),
			"run 'lakectl job royalties' and ask again; 'lakectl royalties reproduce %s' proves the run", run.RunID)
	}
	return lake.WithHint(fmt.Errorf("%w: %w", err, jobs.ErrProof), "do not pay by this run; 'lakectl royalties reproduce %s' recomputes it from the archive", run.RunID)
}
