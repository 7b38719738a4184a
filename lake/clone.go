package lake

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Clone is a search that another engine makes by deleting what it finds from a clone: a staging table that starts with
// a snapshot of its table.
type Clone struct {
	Base Snapshot
	Job  string
	// Delete lets the engine delete rows from the clone, in as many statements as it takes, and returns how many the
	// engine says went.
	Delete func(ctx context.Context, s Staging) (rows int64, err error)
	Verify *Verifier
}

// DeleteInClone makes a clone, has rows deleted from it, and drops it again. It returns where they are in the base:
// positions by the URI of the data file, ascending, about 8 B of memory a row. The rows and the snapshots of the table
// stay as they are. [ErrUnsupported], before anything is written, says that the table cannot be cloned; [ErrFenced]
// that the clone was cleared, or its snapshot expired, meanwhile.
func (l *Lake) DeleteInClone(ctx context.Context, c Clone) (map[string][]int64, error) {
	if c.Base.ID() == 0 {
		return map[string][]int64{}, nil
	}
	name := c.Base.table.name
	if err := c.Base.cloneable(ctx); err != nil {
		return nil, fmt.Errorf("clone of %s: %w", name, err)
	}
	t, s, drop, err := l.startStaging(ctx, name, c.Job)
	if err != nil {
		return nil, err
	}
	defer drop()
	rows, err := l.deleteInClone(ctx, t, s, c)
	if err != nil {
		return nil, fmt.Errorf("clone of %s: %w", name, errors.Join(err, l.expired(ctx, c.Base)))
	}
	return rows, nil
}

func (l *Lake) deleteInClone(ctx context.Context, t *Table, s Staging, c Clone) (map[string][]int64, error) {
	if err := l.makeClone(ctx, t, s, c.Base); err != nil {
		return nil, err
	}
	said, err := c.Delete(ctx, s)
	if gone := s.Recorded(ctx); errors.Is(gone, ErrFenced) {
		return nil, gone // whatever the engine says of a table that it did not find
	}
	if err != nil {
		return nil, fmt.Errorf("delete from it: %w", err)
	}
	clone, err := l.stagings().Table(ctx, s.Name())
	if err != nil {
		return nil, err
	}
	return c.positions(ctx, clone.Current(), said)
}

// expired is [ErrFenced] where a snapshot that could not be read is gone.
func (l *Lake) expired(ctx context.Context, base Snapshot) error {
	now, err := l.load(ctx, base.table.name)
	if err != nil {
		return err
	}
	if _, err := now.ByID(base.ID()); errors.Is(err, ErrExpired) {
		return WithHint(fmt.Errorf("snapshot %d expired meanwhile: %w", base.ID(), ErrFenced), "run the command again")
	}
	return nil
}

// positions are the rows that a clone lacks and the base has. The engine has written them down as position deletes, or
// left out files whose rows all went; it may have merged deletes that were there before into its own. A file that it
// added is refused: it holds rows of which nobody could say where they were.
func (c Clone) positions(ctx context.Context, clone Snapshot, said int64) (map[string][]int64, error) {
	live, err := c.Base.liveFiles(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := c.dropped(ctx, clone, live)
	if err != nil {
		return nil, err
	}
	if err := c.deleted(ctx, clone, rows); err != nil {
		return nil, err
	}
	var hit []File
	for uri := range rows {
		f, is := live[uri]
		if !is {
			return nil, fmt.Errorf("the engine deleted rows of a file that is not in snapshot %d: %w", c.Base.ID(), ErrDamaged)
		}
		hit = append(hit, f)
	}
	gone, err := c.Base.DeletedRows(ctx, c.Verify, hit)
	if err != nil {
		return nil, err
	}
	return rows, only(rows, gone, live, said)
}

// dropped are all rows of the files that the clone has no more.
func (c Clone) dropped(ctx context.Context, clone Snapshot, live map[string]File) (map[string][]int64, error) {
	left, rows := maps.Clone(live), map[string][]int64{}
	files, err := clone.Files(ctx)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		if _, is := left[f.FilePath()]; !is {
			return nil, WithHint(fmt.Errorf("the engine wrote rows anew instead of deleting them: %w", ErrUnsupported), "set engine to duckdb for this command")
		}
		delete(left, f.FilePath())
	}
	for uri, f := range left {
		for pos := range f.Count() {
			rows[uri] = append(rows[uri], pos)
		}
	}
	return rows, nil
}

// deleted adds the rows that are in position delete files which the base lacks.
func (c Clone) deleted(ctx context.Context, clone Snapshot, rows map[string][]int64) error {
	before, err := c.Base.DeleteFiles(ctx)
	if err != nil {
		return err
	}
	had := make(map[string]bool, len(before))
	for _, f := range before {
		had[f.FilePath()] = true
	}
	after, err := clone.DeleteFiles(ctx)
	if err != nil {
		return err
	}
	for _, f := range after {
		if had[f.FilePath()] {
			continue
		}
		of, err := clone.table.ReadPositions(ctx, f.FilePath())
		if err != nil {
			return fmt.Errorf("read position deletes of the engine: %w", NameFile(f.FilePath(), err))
		}
		for uri, positions := range of {
			rows[uri] = append(rows[uri], positions...)
		}
	}
	return nil
}

// only takes out of rows what was gone before, and holds what is left against what the engine says.
func only(rows, gone map[string][]int64, live map[string]File, said int64) error {
	found := int64(0)
	for uri, positions := range rows {
		slices.Sort(positions)
		before := gone[uri]
		positions = slices.DeleteFunc(slices.Compact(positions), func(pos int64) bool {
			_, was := slices.BinarySearch(before, pos)
			return was
		})
		if n := len(positions); n > 0 && (positions[0] < 0 || positions[n-1] >= live[uri].Count()) {
			return fmt.Errorf("the engine deleted a row behind the end of its file: %w", ErrDamaged)
		}
		rows[uri] = positions
		if len(positions) == 0 {
			delete(rows, uri)
		}
		found += int64(len(positions))
	}
	if found != said {
		return WithHint(fmt.Errorf("it lacks %d rows, the engine says that it deleted %d: %w", found, said, ErrFenced), "nothing was committed; run the command again")
	}
	return nil
}
