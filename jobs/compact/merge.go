package compact

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/ingest/dayfile"
	"github.com/lakectl/lakectl/lake"
)

// maintainJob goes into file names and summaries.
const maintainJob = "maintain"

// unsortedError says that an input is not sorted. Most are, and the others show it within a few rows; what their
// manifest says of it is no proof.
type unsortedError struct{ input int }

func (*unsortedError) Error() string { return "its rows are not sorted" }

// merged is a group as one file, which nobody has committed yet; none where all rows are deleted.
type merged struct {
	file  iceberg.DataFile
	want  int64 // rows of the group that are not deleted
	sum   sum
	moved *moved
}

func (m *merged) outputs() []iceberg.DataFile {
	if m.file == nil {
		return nil
	}
	return []iceberg.DataFile{m.file}
}

// merge writes the rows of a group that a snapshot has as one file.
func merge(ctx context.Context, env jobs.Env, base lake.Snapshot, g Group) (m *merged, err error) {
	m = &merged{want: g.Rows}
	cursors, err := m.openAll(ctx, env, base, g)
	defer func() {
		for _, c := range cursors {
			err = errors.Join(err, c.close())
		}
	}()
	if err != nil {
		return nil, err
	}
	if m.moved, err = newMoved(env.Duck.TempDir, g); err != nil {
		return nil, fmt.Errorf("make the map of moved rows: %w", err)
	}
	queue, err := newQueue(cursors)
	if err == nil && queue.least != nil {
		err = m.write(ctx, base.Table(), g.Day, queue)
	}
	if err != nil {
		return nil, errors.Join(err, m.moved.close())
	}
	return m, nil
}

// verified holds the files of a group against their hashes, and returns which of their rows are deleted.
func verified(ctx context.Context, env jobs.Env, base lake.Snapshot, g Group) (gone map[string][]int64, err error) {
	columns := base.Table().Columns()
	fields := make([]iceberg.NestedField, len(columns))
	for i, c := range columns {
		fields[i] = c.Field
	}
	if err := env.Duck.Verify.Verify(ctx, base, g.files(), fields); err != nil {
		return nil, err
	}
	return base.DeletedRows(ctx, env.Duck.Verify, g.files())
}

// openAll opens the files of a group, held against their hashes.
func (m *merged) openAll(ctx context.Context, env jobs.Env, base lake.Snapshot, g Group) (cursors []*cursor, err error) {
	gone, err := verified(ctx, env, base, g)
	if err != nil {
		return nil, err
	}
	for _, rows := range gone {
		m.want -= int64(len(rows))
	}
	for i, in := range g.Inputs {
		c, err := openCursor(ctx, base.Table().Columns(), in, i, gone[in.File.FilePath()])
		if err != nil {
			return cursors, err
		}
		cursors = append(cursors, c)
	}
	return cursors, nil
}

func (m *merged) write(ctx context.Context, t *lake.Table, day int, q *queue) error {
	s, err := dayfile.NewStream(ctx, t, day, maintainJob)
	if err != nil {
		return err
	}
	if err := m.fill(ctx, s, q); err != nil {
		return errors.Join(err, s.Abort())
	}
	if m.file, err = s.Close(); err != nil {
		return err
	}
	m.moved.output = m.file.FilePath()
	return nil
}

func (m *merged) fill(ctx context.Context, s *dayfile.Stream, q *queue) error {
	var user []byte // a copy: what a batch has is gone with its pages
	var at int64
	var row dayfile.Packed
	for q.least != nil {
		if m.sum.rows%batchRows == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		c := q.least
		if o := strings.Compare(lent(user), c.user); o > 0 || o == 0 && at > c.time {
			return fmt.Errorf("%s: %w", c.path, &unsortedError{c.input})
		} else if o < 0 {
			user = append(user[:0], c.user...)
		}
		at = c.time
		if err := s.Room(); err != nil {
			return err
		}
		if err := c.into(s, &row); err != nil {
			return err
		}
		s.Append(&row)
		m.moved.put(c.input, c.position(), m.sum.rows)
		m.sum.add(c)
		if err := q.advance(); err != nil {
			return err
		}
	}
	return nil
}

// queue is a tournament of cursors. The one with the smallest row has won it; each game keeps who lost it, so that only
// the games of the winner are played again when it moves on.
type queue struct {
	least  *cursor   // nil when all have ended
	losers []*cursor // of game i, which those of games 2i and 2i+1 play; nil for a cursor that has ended
}

// newQueue stands before the first row of all cursors, which are in the order of their inputs.
func newQueue(cursors []*cursor) (*queue, error) {
	players := make([]*cursor, len(cursors))
	for i, c := range cursors {
		if more, err := c.next(); err != nil {
			return nil, err
		} else if more {
			players[i] = c
		}
	}
	q := &queue{losers: make([]*cursor, len(cursors))}
	if len(cursors) > 0 {
		q.least = q.play(1, players)
	}
	return q, nil
}

// play plays a game and all before it, and returns who wins.
func (q *queue) play(game int, players []*cursor) *cursor {
	if game >= len(players) {
		return players[game-len(players)]
	}
	a, b := q.play(2*game, players), q.play(2*game+1, players)
	if b.before(a) {
		a, b = b, a
	}
	q.losers[game] = b
	return a
}

// before tells whether a cursor stands before another one. One that has ended stands after all.
func (c *cursor) before(d *cursor) bool {
	return c != nil && (d == nil || c.compare(d) < 0)
}

// advance moves the cursor with the smallest row on.
func (q *queue) advance() error {
	wins := q.least
	game := (wins.input + len(q.losers)) / 2
	more, err := wins.next()
	if err != nil {
		return err
	}
	if !more {
		wins = nil
	}
	for ; game > 0; game /= 2 {
		if q.losers[game].before(wins) {
			wins, q.losers[game] = q.losers[game], wins
		}
	}
	q.least = wins
	return nil
}

// prove reads a new file back from the disk and holds its rows against those of the group.
func (m *merged) prove(ctx context.Context, t *lake.Table, g Group) error {
	var back sum
	if m.file != nil {
		c, err := openCursor(ctx, t.Columns(), Input{File: lake.File{DataFile: m.file}, Sorted: true}, 0, nil)
		if err != nil {
			return err
		}
		defer c.close() //nolint:errcheck // read only
		if c.order != nil {
			return mismatch(g, m.outputs(), "rows that are out of order", m.sum.String(), m.want)
		}
		for {
			more, err := c.next()
			if err != nil {
				return err
			}
			if !more {
				break
			}
			back.add(c)
		}
	}
	if back.equal(&m.sum) && back.rows == m.want {
		return nil
	}
	return mismatch(g, m.outputs(), back.String(), m.sum.String(), m.want)
}
