package royalty

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// Pinned are the snapshots of tables that a statement is read from. Id 0 is a table that had no snapshot: it is empty
// for the statement for ever, whatever it gets later.
type Pinned map[string]int64

// growing are the tables whose rows stay, so that a later snapshot has those of an earlier one.
var growing = map[string]bool{
	catalog.RoyaltyRules: true, catalog.RoyaltyPools: true, catalog.RoyaltySplits: true, catalog.RoyaltyRuns: true,
}

// pinnedBy are the snapshots that a run named, and the tracks of a decision.
func pinnedBy(run PublishedRun, tracks lake.Snapshot) Pinned {
	return Pinned{
		catalog.RoyaltyLines: run.LinesSnapshotID, catalog.RoyaltyPayouts: run.PayoutsSnapshotID, catalog.RoyaltyShares: run.SharesSnapshotID,
		catalog.RoyaltyRules: run.RulesSnapshotID, catalog.RoyaltyPools: run.PoolsSnapshotID, catalog.RoyaltySplits: run.SplitsSnapshotID,
		catalog.RoyaltyRuns: run.RunsSnapshotID, catalog.Tracks: tracks.ID(),
	}
}

// pin writes down what the statement is read from.
func (c *Closing) pin(ctx context.Context, env jobs.Env) error {
	run, err := FindRun(ctx, env, c.RunID)
	if err != nil {
		return err
	}
	tracks, err := env.Snapshot(ctx, catalog.Tracks)
	c.Pinned = pinnedBy(run, tracks)
	return err
}

// decidedIn is the snapshot of royalty_closes that has the decision to close a period. Where its row lies in a newer
// file than what the tag names, because the file was compacted or put back, it is what the tag names, if that has the
// row.
func decidedIn(ctx context.Context, env jobs.Env, c Closing) (id int64, err error) {
	db, err := env.Open(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	closes, err := env.Snapshot(ctx, catalog.RoyaltyCloses)
	if err != nil {
		return 0, err
	}
	if id, err = c.decidedBy(ctx, db, closes); err != nil {
		return 0, fmt.Errorf("find the decision to close %s: %w", c.Period, err)
	}
	tagged, err := closes.Table().ByTag(c.Tag)
	if err != nil || tagged.ID() == id {
		return id, nil // nothing to compare with
	}
	moved, err := closes.Table().ByID(id)
	if err == nil && moved.Sequence() < tagged.Sequence() {
		return id, nil
	}
	then, err := c.decidedBy(ctx, db, tagged)
	if then != 0 {
		id = tagged.ID()
	}
	return id, err
}

// decidedBy is the snapshot whose file has the row of the decision in a state of royalty_closes, 0 where none has.
func (c Closing) decidedBy(ctx context.Context, db *jobs.Session, closes lake.Snapshot) (id int64, err error) {
	if err := errors.Join(db.Bind(ctx, "closes", closes), db.BindCommits(ctx, "close_files", closes)); err != nil {
		return 0, err
	}
	err = db.One(ctx, "royalty/decided_in", []any{c.Period}, []any{&id})
	return id, err
}

// text is the form in royalty_closes: JSON, ids as text because readers round large numbers.
func (p Pinned) text() (string, error) {
	ids := make(map[string]string, len(p))
	for table, id := range p {
		ids[table] = strconv.FormatInt(id, 10)
	}
	text, err := json.Marshal(ids)
	return string(text), err
}

func parsePinned(text string) (Pinned, error) {
	var ids map[string]string
	if err := json.Unmarshal([]byte(text), &ids); err != nil {
		return nil, fmt.Errorf("snapshots of the statement: %w", err)
	}
	p := Pinned{}
	for table, id := range ids {
		n, err := strconv.ParseInt(id, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("snapshots of the statement: %s: %w", table, err)
		}
		p[table] = n
	}
	return p, nil
}

// PinnedBy are the snapshots that a closed statement is read from. A close by an earlier version did not write them
// down: the run names most of them, and tracks are those of the tag or of the time of the decision.
func PinnedBy(ctx context.Context, env jobs.Env, c Closing) (Pinned, error) {
	if c.Pinned != nil {
		return c.Pinned, nil
	}
	run, err := FindRun(ctx, env, c.RunID)
	if err != nil {
		return nil, err
	}
	t, err := env.Lake.Table(ctx, catalog.Tracks)
	if err != nil {
		return nil, err
	}
	tracks, err := t.ByTag(c.Tag)
	if errors.Is(err, lake.ErrNotFound) {
		tracks, err = t.AsOf(c.ClosedAt)
	}
	return pinnedBy(run, tracks), err
}

// StatementAt is a table as a closed statement reads it: under the tag where it has it, else at the snapshot that is
// pinned.
func (c Closing) StatementAt(t *lake.Table, pinned Pinned) (lake.Snapshot, error) {
	if id := pinned[t.Name()]; id == 0 {
		return t.Empty(), nil
	}
	s, err := t.ByTag(c.Tag)
	if !errors.Is(err, lake.ErrNotFound) {
		return s, err
	}
	return atOrAfter(t, pinned[t.Name()])
}

// atOrAfter is a snapshot, or the oldest one left where that one is gone and a later one has its rows too.
func atOrAfter(t *lake.Table, id int64) (lake.Snapshot, error) {
	s, err := t.ByID(id)
	if !errors.Is(err, lake.ErrExpired) || !growing[t.Name()] {
		return s, err
	}
	if ancestors := t.Current().Ancestors(); len(ancestors) > 0 {
		return ancestors[len(ancestors)-1], nil
	}
	return s, err
}

// CutOfTag is the consistent cut of a closed statement, by its tag; [lake.ErrNotFound] when no statement has the tag.
// Tables that had no snapshot are in it with id 0.
func CutOfTag(ctx context.Context, env jobs.Env, tag string) (cut Cut, err error) {
	db, err := env.Open(ctx)
	if err != nil {
		return cut, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	closed, err := closedPeriods(ctx, env, db)
	if err != nil {
		return cut, err
	}
	for _, c := range closed {
		if c.Tag == tag {
			return cutOf(ctx, env, c)
		}
	}
	return cut, fmt.Errorf("statement %s: %w", tag, lake.ErrNotFound)
}

func cutOf(ctx context.Context, env jobs.Env, c Closing) (cut Cut, err error) {
	pinned, err := PinnedBy(ctx, env, c)
	if err != nil {
		return cut, err
	}
	cut = Cut{Snapshots: map[string]int64{}, Time: c.ClosedAt.Truncate(time.Millisecond)}
	for table, id := range pinned {
		t, err := env.Lake.Table(ctx, table)
		if err != nil {
			return cut, err
		}
		s, err := c.StatementAt(t, pinned)
		switch {
		case errors.Is(err, lake.ErrExpired):
			cut.Snapshots[table] = id // whoever reads the table is told
		case err != nil:
			return cut, err
		default:
			cut.Snapshots[table] = s.ID()
		}
	}
	for _, table := range []string{catalog.Adjustments, catalog.RoyaltyCloses} {
		t, err := env.Lake.Table(ctx, table)
		if err != nil {
			return cut, err
		}
		if s, err := t.ByTag(c.Tag); err == nil {
			cut.Snapshots[table] = s.ID()
			if s.Time().After(cut.Time) {
				cut.Time = s.Time()
			}
		}
	}
	return cut, nil
}
