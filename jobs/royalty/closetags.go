package royalty

import (
	"context"
	"errors"
	"fmt"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// closesKey is a property of the snapshot of royalty_adjustments that fences a close: the tag it gets. Closes of
// earlier versions have none.
const closesKey = "lakectl.closes"

// tagged is a table that the statement is read from.
type tagged struct {
	table    string
	snapshot int64 // that the tag names; 0: the statement was computed without the table
	growing  bool  // only rows are added, so a later snapshot says the same
}

// statementTables are the tables that get the tag of a close. That of royalty_adjustments is made by the close.
func statementTables(p Pinned) []tagged {
	return []tagged{
		{catalog.RoyaltyLines, p[catalog.RoyaltyLines], false},
		{catalog.RoyaltyPayouts, p[catalog.RoyaltyPayouts], false},
		{catalog.RoyaltyShares, p[catalog.RoyaltyShares], false},
		{catalog.Adjustments, 0, false},
		{catalog.RoyaltyRules, p[catalog.RoyaltyRules], true},
		{catalog.RoyaltyPools, p[catalog.RoyaltyPools], true},
		{catalog.RoyaltySplits, p[catalog.RoyaltySplits], true},
		{catalog.RoyaltyRuns, p[catalog.RoyaltyRuns], true},
		{catalog.RoyaltyCloses, 0, true},
		{catalog.Tracks, p[catalog.Tracks], false},
	}
}

// tagsFree refuses a close whose tag is on another snapshot than that of the statement: any engine can make tags.
// Before the decision no tag of that name is ours.
func tagsFree(ctx context.Context, env jobs.Env, c Closing) error {
	tag := c.Tag
	for _, want := range statementTables(c.Pinned) {
		t, err := env.Lake.Table(ctx, want.table)
		if err != nil {
			return err
		}
		if id, there := t.Refs()[tag]; there && (id != want.snapshot || t.Tags()[tag] != id) {
			return notOurs(tag, want.table, id)
		}
	}
	return nil
}

func notOurs(tag, table string, id int64) error {
	return lake.WithHint(fmt.Errorf("tag %s of table %s names snapshot %d, which is not the statement: %w", tag, table, id, lake.ErrFenced),
		"somebody else made it: drop a tag with 'lakectl tag --drop %s %s', a branch in the engine that made the branch, then run 'lakectl period close' again", table, tag)
}

// tagStatement gives the tag to the snapshots that the statement is read from and returns the tables that have it.
func tagStatement(ctx context.Context, env jobs.Env, c Closing) (names []string, err error) {
	pinned, err := PinnedBy(ctx, env, c)
	if err != nil {
		return nil, err
	}
	for _, want := range statementTables(pinned) {
		switch want.table {
		case catalog.Adjustments:
			want.snapshot, err = fenceAdjustments(ctx, env, c)
		case catalog.RoyaltyCloses:
			want.snapshot, err = decidedIn(ctx, env, c)
		}
		if err != nil {
			return names, err
		}
		has, err := want.tag(ctx, env, c.Tag)
		if err != nil {
			return names, err
		}
		if has {
			names = append(names, want.table)
		}
	}
	return names, nil
}

// tag tags the snapshot. Where that is gone and the table only grows, it tags the oldest snapshot left. A table that
// the statement was computed without gets no tag, also when it has rows by now. A tag that is there must name the same
// snapshot, and an age that somebody gave it is taken off.
func (want tagged) tag(ctx context.Context, env jobs.Env, tag string) (bool, error) {
	t, err := env.Lake.Table(ctx, want.table)
	if err != nil {
		return false, err
	}
	if id, has := t.Refs()[tag]; has {
		if !want.right(t, tag) {
			return false, notOurs(tag, want.table, id)
		}
		s, err := t.ByID(id)
		if err != nil {
			return false, err
		}
		return true, env.Lake.Tag(ctx, tag, s, 0)
	}
	s, err := atOrAfter(t, want.snapshot)
	if err != nil || s.ID() == 0 {
		return false, err
	}
	return true, env.Lake.Tag(ctx, tag, s, 0)
}

// right tells whether the tag that a table has after the decision is the one that the close gives. Where the run
// names no snapshot of a growing table, or it had expired by then, any may be.
func (want tagged) right(t *lake.Table, tag string) bool {
	id, is := t.Tags()[tag]
	if !is {
		return false // a branch
	}
	if want.table == catalog.Adjustments {
		s, err := t.ByID(id)
		return err == nil && isFence(s, tag)
	}
	if id == want.snapshot {
		return true
	}
	_, err := t.ByID(want.snapshot)
	return want.growing && (want.snapshot == 0 || err != nil)
}

// fenceAdjustments makes runs that planned before the decision end with lake.ErrFenced when they post, and returns the
// snapshot that has all that was posted to the period. Where the tag is there already it names that.
func fenceAdjustments(ctx context.Context, env jobs.Env, c Closing) (int64, error) {
	t, err := env.Lake.Table(ctx, catalog.Adjustments)
	if err != nil {
		return 0, err
	}
	if id, has := t.Tags()[c.Tag]; has {
		return id, nil
	}
	mark := func(lake.Snapshot) (map[string]string, error) { return map[string]string{closesKey: c.Tag}, nil }
	s, err := env.Lake.Commit(ctx, catalog.Adjustments, lake.Commit{Job: catalog.RoyaltiesJob, Stage: mark})
	return s.ID(), err
}

// isFence tells whether a snapshot of royalty_adjustments was made by the close that gives this tag.
func isFence(s lake.Snapshot, tag string) bool {
	if closes := s.Property(closesKey); closes != "" {
		return closes == tag
	}
	return s.Job() == catalog.RoyaltiesJob && s.Property("added-data-files") == "" && s.Property("deleted-data-files") == ""
}

// MayDropTag refuses to drop a tag that a statement is read by.
func MayDropTag(ctx context.Context, env jobs.Env, table, tag string) (err error) {
	if !catalog.IsStatementTag(table, tag) {
		return nil
	}
	db, err := env.Open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	closed, err := closedPeriods(ctx, env, db)
	if err != nil {
		return err
	}
	for _, c := range closed {
		if c.Tag != tag {
			continue
		}
		pinned, err := PinnedBy(ctx, env, c)
		if err != nil {
			return err
		}
		t, err := env.Lake.Table(ctx, table)
		if err != nil {
			return err
		}
		for _, want := range statementTables(pinned) {
			if want.table == table && want.right(t, tag) {
				return lake.WithHint(fmt.Errorf("tag %s of table %s is the statement of %s", tag, table, c.Period), "it cannot be dropped: auditors read the statement there")
			}
		}
	}
	return nil
}
