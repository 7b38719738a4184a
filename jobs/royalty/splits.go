package royalty

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/royalty/terms"
	"github.com/lakectl/lakectl/lake"
)

// SplitSet are splits: those of a file, or those in force.
type SplitSet struct {
	Version int64         `json:"version"` // the newest version; 0 while none were applied
	Rows    int           `json:"rows"`
	Tracks  int           `json:"tracks"`
	Stored  bool          `json:"stored"` // by this command; false when the file says what holds already
	Splits  []terms.Split `json:"splits,omitempty"`
	Unheard []Unheard     `json:"unheard,omitempty"` // of the file: what it names and no listen has
}

// ListSplits describes the splits of a file.
func ListSplits(splits []terms.Split) SplitSet {
	set := CountSplits(splits)
	set.Splits = splits
	return set
}

// CountSplits describes splits without listing them.
func CountSplits(splits []terms.Split) SplitSet {
	tracks := map[string]struct{}{}
	for _, s := range splits {
		tracks[s.TrackID] = struct{}{}
	}
	return SplitSet{Rows: len(splits), Tracks: len(tracks)}
}

// Splits lists the splits in force: for each track those of the newest file that named it.
func Splits(ctx context.Context, env jobs.Env) (SplitSet, error) {
	db, err := env.Open(ctx)
	if err != nil {
		return SplitSet{}, err
	}
	defer db.Close() //nolint:errcheck // in memory
	_, version, err := latestSplits(ctx, env, db)
	if err != nil {
		return SplitSet{}, err
	}
	splits, err := jobs.Records[terms.Split](ctx, db, "royalty/splits_listed")
	if err != nil {
		return SplitSet{}, fmt.Errorf("read splits: %w", err)
	}
	set := CountSplits(splits)
	set.Version, set.Splits = version, append([]terms.Split{}, splits...)
	return set, nil
}

// latestSplits makes the relation splits of those in force and returns the snapshot they are read from and the
// number of the newest version.
func latestSplits(ctx context.Context, env jobs.Env, db *jobs.Session) (s lake.Snapshot, version int64, err error) {
	if s, err = env.Snapshot(ctx, catalog.RoyaltySplits); err != nil {
		return s, 0, err
	}
	if err := db.Bind(ctx, "all_splits", s); err != nil {
		return s, 0, err
	}
	if err := db.One(ctx, "royalty/splits_version", nil, []any{&version}); err != nil {
		return s, 0, fmt.Errorf("read splits: %w", err)
	}
	return s, version, bindSplits(ctx, db, s, version)
}

// bindSplits makes the relation splits (track_id, party, role, basis_points, effective_from, effective_to) of those
// that were in force when version was the newest; none for version 0. The relation is the one bound last.
func bindSplits(ctx context.Context, db *jobs.Session, s lake.Snapshot, version int64) error {
	if err := db.Bind(ctx, "all_splits", s); err != nil {
		return err
	}
	if err := db.Run(ctx, "royalty/splits_at", version); err != nil {
		return fmt.Errorf("bind splits: %w", err)
	}
	if err := db.Run(ctx, "royalty/splits_latest"); err != nil {
		return fmt.Errorf("bind splits: %w", err)
	}
	return nil
}

var errFound = errors.New("found")

// splitsChanged tells whether the splits of any track, as they bear on a period, differ between two versions.
// bindSplits comes first, of a snapshot that has both.
func splitsChanged(ctx context.Context, db *jobs.Session, before, after int64, period string) (bool, error) {
	if before == after {
		return false, nil
	}
	var track string
	err := db.Each(ctx, "royalty/splits_changed_tracks", []any{before, after, period}, []any{&track}, func() error { return errFound })
	if errors.Is(err, errFound) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("compare splits: %w", err)
	}
	return false, nil
}

// ApplySplits stores splits as a new version. They replace the splits of every track they name; other tracks keep
// theirs. Splits that say what is in force already are not stored again.
func ApplySplits(ctx context.Context, env jobs.Env, splits []terms.Split) (SplitSet, error) {
	s := splitStore{set: CountSplits(splits), rows: len(splits)}
	s.set.Unheard = warnUnheard(ctx, env, namedBySplits(splits))
	s.row = func(i int, version int64, at time.Time) catalog.SplitRow {
		r := splits[i]
		return catalog.SplitRow{
			Version: version, AppliedAt: at, TrackID: r.TrackID, Party: &r.Party, Role: &r.Role, BasisPoints: &r.BasisPoints,
			EffectiveFrom: dateOf(r.EffectiveFrom), EffectiveTo: dateOf(r.EffectiveTo),
		}
	}
	return s.store(ctx, env)
}

// splitStore is a new version of splits: so many rows of royalty_splits.
type splitStore struct {
	set       SplitSet // what is said of it
	rows      int
	row       func(i int, version int64, at time.Time) catalog.SplitRow
	noneIsNew bool // tracks that no version named are an error
}

// store commits the version unless it says what is in force.
func (s splitStore) store(ctx context.Context, env jobs.Env) (SplitSet, error) {
	set := s.set
	db, err := env.Open(ctx)
	if err != nil {
		return set, err
	}
	defer db.Close() //nolint:errcheck // in memory
	base, version, err := latestSplits(ctx, env, db)
	if err != nil {
		return set, err
	}
	at := env.Now()
	if err := fillApplied(ctx, db, base.Table(), "all_splits", s.rows, func(i int) catalog.SplitRow { return s.row(i, version+1, at) }); err != nil {
		return set, err
	}
	if s.noneIsNew {
		var unnamed []string
		var track string
		err := db.Each(ctx, "royalty/splits_unnamed", nil, []any{&track}, func() error { unnamed = append(unnamed, track); return nil })
		if err != nil {
			return set, fmt.Errorf("find tracks: %w", err)
		}
		if len(unnamed) > 0 {
			return set, lake.WithHint(fmt.Errorf("splits of track %s: %w", strings.Join(unnamed, ", "), lake.ErrNotFound), "see 'lakectl splits list'; nothing was stored")
		}
	}
	set.Version = version
	var differ bool
	if err := db.One(ctx, "royalty/splits_differ", nil, []any{&differ}); err != nil || !differ {
		return set, err
	}
	files, err := db.Write(ctx, base.Table(), catalog.SplitsJob, "applied")
	if err != nil {
		return set, err
	}
	if _, err := env.Lake.Commit(ctx, base.Table().Name(), lake.Commit{Job: catalog.SplitsJob, Add: files, Stage: lake.IfUnmoved(base, nil)}); err != nil {
		return set, err
	}
	set.Version, set.Stored = version+1, true
	return set, nil
}

const fillRows = 20_000

// fillApplied makes the relation applied, with the columns of table t, which is bound as like, of n rows of a file.
// They go over in parts, so that they are in memory once.
func fillApplied[T any](ctx context.Context, db *jobs.Session, t *lake.Table, like string, n int, row func(i int) T) error {
	if err := db.CopyShape(ctx, "applied", like); err != nil {
		return err
	}
	part := make([]T, 0, fillRows)
	for i := range n {
		if part = append(part, row(i)); len(part) < fillRows && i+1 < n {
			continue
		}
		rows, err := lake.RowsOf(t, part...)
		if err == nil {
			err = db.Fill(ctx, "applied", rows)
		}
		if err != nil {
			return fmt.Errorf("take over rows: %w", err)
		}
		part = part[:0]
	}
	return nil
}
