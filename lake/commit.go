package lake

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"
	"github.com/google/uuid"
)

// Commit is one change of one table: files to add, position deletes, or whole files to remove.
// Remove and Deletes exclude each other. With no files at all only the state advances.
type Commit struct {
	Job     string             // goes into the summary
	Add     []iceberg.DataFile // data files
	Deletes []iceberg.DataFile // position delete files
	Remove  []File             // live data and delete files that leave the table
	// Mends says that the rows are what ours say they must be from this commit on, whatever another engine did to them
	// before it: it clears what [Table.Altered] tells.
	Mends bool
	// Forgets lets state that can no longer be told count as never set; otherwise such a table takes no commit.
	Forgets bool
	// Stage is called before each attempt with the table as it is then. It returns the summary of the new
	// snapshot (state keys it leaves out are carried forward), or an error that ends the commit, such as
	// [ErrFenced] when the base it was computed from no longer holds. It must not have side effects.
	Stage func(now Snapshot) (map[string]string, error)

	reshape reshaping // of [Lake.Rewrite] and [Lake.MergeDeletes]
}

// IfUnmoved is a Stage for commits computed from one whole snapshot: any other commit on the table fences it, but for
// compactions of ours, which keep every row. Those fence it only where they took away a file that it removes or deletes
// rows from.
func IfUnmoved(base Snapshot, summary map[string]string) func(Snapshot) (map[string]string, error) {
	return func(now Snapshot) (map[string]string, error) {
		if !now.OnlyCompacted(base) {
			return nil, WithHint(fmt.Errorf("table %s moved from snapshot %d to %d: %w", base.table.name, base.ID(), now.ID(), ErrFenced),
				"another run of the same job is at work; run the command again, it finds what is left to do")
		}
		return summary, nil
	}
}

// Commit makes the change exactly once; the package comment says how. The snapshot it returns is the one
// that holds the change. An error means that nothing is in the table, except when the context ended or the
// catalog stayed unreachable: then the outcome is unknown, and the state in the table tells the next run.
func (l *Lake) Commit(ctx context.Context, name string, c Commit) (Snapshot, error) {
	if err := c.refuseTwice(name); err != nil {
		return Snapshot{}, err
	}
	id := uuid.NewString()
	unused, before := l.unused.take(c.files()), int64(0)
	var r rounds
	for r.next(ctx) {
		t, err := l.load(ctx, name)
		if err != nil {
			r.notLoaded(err)
			continue
		}
		if landed, ok := t.Current().findCommit(id); ok {
			t.fit(l.known) //nolint:errcheck // the change is in; whether the next one can be, the next load says
			return landed, nil
		}
		if r.settled(t) || r.attempt == 2 && t.Current().ID() == before {
			// Nobody was faster, and the library does not say which file it failed at.
			r.notReadable(t.Current().readable(ctx))
		}
		if r.over {
			break
		}
		// Where main does not come from what the last attempt was made on, nobody knows what became of that attempt.
		unused = unused && (r.attempt == 1 || t.Current().comesFrom(before))
		before = t.Current().ID()
		summary, err := c.prepare(ctx, t, l, unused)
		if err != nil {
			return Snapshot{}, fmt.Errorf("commit %s: %w", name, err)
		}
		props, err := c.summary(t.Current(), id, summary)
		if err != nil {
			return Snapshot{}, fmt.Errorf("commit %s: %w", name, err)
		}
		after, err := c.attempt(ctx, t, id, props)
		if err == nil {
			return after, nil
		}
		l.log.Debug("commit attempt not confirmed", "table", name, "attempt", r.attempt, "error", err)
		r.notConfirmed(err)
	}
	return Snapshot{}, r.failed("commit "+name, "check that the catalog and the warehouse can be written, then run the command again: it goes on where the table is")
}

// prepare asks the caller, after the table itself, whether the change still holds.
func (c Commit) prepare(ctx context.Context, t *Table, l *Lake, unused bool) (map[string]string, error) {
	if err := t.fit(l.known); err != nil {
		return nil, err
	}
	if err := t.onTime(time.Now()); err != nil {
		return nil, err
	}
	summary, err := c.Stage(t.Current())
	if err != nil {
		return nil, err
	}
	if !unused {
		if err := c.refuseLive(ctx, t.Current()); err != nil {
			return nil, err
		}
	}
	if c.reshape != nil {
		if err := c.reshape.onto(ctx, t.Current()); err != nil {
			return nil, err
		}
	} else if err := c.targetsLive(ctx, t.Current()); err != nil {
		return nil, err
	}
	return summary, c.refuseStale(ctx, t, l.grace)
}

// targetsLive refuses row deletes for a data file that is gone, and to remove a file that is: a compaction moved its
// rows elsewhere. The deletes would be lost without a word, and the rows would stay.
func (c Commit) targetsLive(ctx context.Context, now Snapshot) error {
	if len(c.Deletes)+len(c.Remove) == 0 {
		return nil
	}
	live, err := now.livePaths(ctx, len(c.Remove) > 0)
	if err != nil {
		return err
	}
	const again = "run the command again; it finds the rows where they are now"
	for _, d := range c.Deletes {
		if target := d.ReferencedDataFile(); target != nil && !live[*target] {
			return WithHint(fmt.Errorf("a data file to delete rows from was rewritten: %w", ErrFenced), again)
		}
	}
	for _, f := range c.Remove {
		if !live[f.FilePath()] {
			return WithHint(fmt.Errorf("a file to remove was rewritten: %w", ErrFenced), again)
		}
	}
	return nil
}

// livePaths are the data files of a snapshot, and the delete files where they are asked for.
func (s Snapshot) livePaths(ctx context.Context, deletes bool) (map[string]bool, error) {
	files, err := s.Files(ctx)
	if err == nil && deletes {
		var more []File
		more, err = s.live(ctx, iceberg.ManifestContentDeletes)
		files = append(files, more...)
	}
	live := make(map[string]bool, len(files))
	for _, f := range files {
		live[f.FilePath()] = true
	}
	return live, err
}

// summary is that of the new snapshot: the state carried forward, what the caller says, and the marks of a commit of
// ours.
func (c Commit) summary(now Snapshot, id string, says map[string]string) (iceberg.Properties, error) {
	props, err := now.StateForCommit()
	if err != nil && !(c.Forgets && errors.Is(err, ErrExpired)) {
		return nil, err
	}
	if left := now.abandoned(props[StateKey(AbandonedKey)]); left != "" {
		props[StateKey(AbandonedKey)] = left
	}
	maps.Copy(props, says)
	props[commitIDKey], props[jobKey] = id, c.Job
	return props, nil
}

func (c Commit) attempt(ctx context.Context, t *Table, id string, props iceberg.Properties) (Snapshot, error) {
	tx := t.ice.NewTransaction()
	if err := tx.AssertRefSnapshotID(icetable.MainBranch); err != nil {
		return Snapshot{}, err
	}
	if err := c.stage(ctx, tx, t, props); err != nil {
		return Snapshot{}, err
	}
	if err := c.rememberIn(tx, t, id, props); err != nil {
		return Snapshot{}, err
	}
	committed, err := tx.Commit(ctx)
	if err != nil {
		return Snapshot{}, err
	}
	after, ok := t.after(committed).Current().findCommit(id)
	if !ok {
		return Snapshot{}, errors.New("the catalog confirmed a commit that is not on main")
	}
	return after, nil
}

func (c Commit) stage(ctx context.Context, tx *icetable.Transaction, t *Table, props iceberg.Properties) error {
	// Files carry their field ids and fresh names: no name mapping, and no look through every manifest for
	// a path that cannot be there.
	options := []icetable.WriteOption{icetable.WithoutAutoNameMapping(), icetable.WithoutDuplicateCheck()}
	switch {
	case c.reshape != nil:
		return c.reshape.stage(ctx, tx, t, props)
	case len(c.Remove) > 0 && len(c.Deletes) > 0:
		return errors.New("a commit either removes files or deletes rows")
	case len(c.Remove) > 0:
		var data, deletes []iceberg.DataFile
		for _, f := range c.Remove {
			if f.ContentType() == iceberg.EntryContentData {
				data = append(data, f.DataFile)
			} else {
				deletes = append(deletes, f.DataFile)
			}
		}
		return tx.ReplaceFiles(ctx, data, c.Add, deletes, props, options...)
	case len(c.Deletes) > 0:
		return tx.NewRowDelta(props).AddRows(c.Add...).AddDeletes(c.Deletes...).Commit(ctx)
	case len(c.Add) > 0:
		return tx.AddDataFiles(ctx, c.Add, props, options...)
	default:
		return appendNothing(ctx, tx, t, props)
	}
}

// appendNothing stages a snapshot without rows, to advance the state alone.
func appendNothing(ctx context.Context, tx *icetable.Transaction, t *Table, props iceberg.Properties) error {
	schema, err := icetable.SchemaToArrowSchema(t.ice.Schema(), nil, true, false)
	if err != nil {
		return err
	}
	empty, err := array.NewRecordReader(schema, []arrow.RecordBatch{})
	if err != nil {
		return err
	}
	defer empty.Release()
	return tx.Append(ctx, empty, props)
}
