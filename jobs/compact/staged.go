package compact

import (
	"context"
	"errors"
	"fmt"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/trino"
)

// staged is a group of the archive that Trino wrote, sorted, which nobody has committed yet.
type staged struct {
	env   jobs.Env
	db    *jobs.Session
	base  lake.Snapshot
	group Group
	taken lake.Taken
	want  tally // of the rows of the group
	moves bool  // the session has where each row went
}

// engineError says why a group was not written by Trino.
type engineError struct{ error }

func (e *engineError) Unwrap() error { return e.error }

// errScattered is for many files where few were wanted.
var errScattered = errors.New("trino wrote too many files")

// onTrino tells whether Trino is to write a group: of the archive, large enough to be worth the way, and of a day of
// which nothing came of it in this run yet.
func (r *run) onTrino(g Group) bool {
	return (r.env.Trino != nil || r.o.fill != nil) && r.o.Table == catalog.Listens && !r.alone && !r.own[g.Day] && g.Bytes*tierFactor >= r.o.Target
}

// staged lets Trino write a group, once its rows were read here. None comes back where all rows are deleted.
func (r *run) staged(ctx context.Context, base lake.Snapshot, g Group) (s *staged, err error) {
	s = &staged{env: r.env, base: base, group: g}
	gone, err := verified(ctx, r.env, base, g)
	if err != nil {
		return nil, err
	}
	left := g.Rows
	for _, in := range g.Inputs {
		rows := gone[in.File.FilePath()]
		left -= int64(len(rows))
		if err := s.want.addFile(ctx, base.Table(), in.File, g.Day, rows, false); errors.Is(err, errOtherDay) {
			return nil, &engineError{err}
		} else if err != nil {
			return nil, err
		}
	}
	if s.want.rows != left {
		return nil, lake.WithHint(fmt.Errorf("files of %d rows, of which %d are left, have %d: %w", g.Rows, left, s.want.rows, jobs.ErrProof),
			"nothing was committed; check the disk and the memory of this machine, then run the command again")
	}
	if left == 0 {
		return nil, nil
	}
	if s.db, err = r.env.Open(ctx); err != nil {
		return nil, err
	}
	fill := s.fill
	if r.o.fill != nil {
		fill = func(ctx context.Context, into lake.Staging) (int64, error) { return r.o.fill(ctx, base, g, into) }
	}
	if s.taken, err = r.env.Lake.TakeStaged(ctx, r.o.Table, maintainJob, fill); err != nil {
		return nil, errors.Join(&engineError{err}, s.db.Close())
	}
	return s, nil
}

// fill lets Trino insert the rows of the group.
func (s *staged) fill(ctx context.Context, into lake.Staging) (int64, error) {
	var names []string
	for _, c := range s.base.Table().Columns() {
		names = append(names, c.Name)
	}
	inputs := trino.PinOf("inputs", s.base, names...)
	for _, in := range s.group.Inputs {
		inputs.Files = append(inputs.Files, in.File.FilePath())
	}
	return s.db.Stage(ctx, into, "compact/listens.trino", []trino.Pin{inputs}, lake.DayStart(s.group.Day), lake.DayStart(s.group.Day+1))
}

// prove reads the new files back from the disk and holds their rows against those of the group.
func (s *staged) prove(ctx context.Context) error {
	if n := len(s.taken.Files); n > max(1, len(s.group.Inputs)/2) {
		return &engineError{fmt.Errorf("%d files of %d: %w", n, len(s.group.Inputs), errScattered)}
	}
	var has tally
	for _, f := range s.written() {
		if lake.PartitionValue(f) != s.group.Part {
			return mismatch(s.group, s.taken.Files, "another day", s.want.String(), s.want.rows)
		}
		err := has.addFile(ctx, s.base.Table(), f, s.group.Day, nil, true)
		if errors.Is(err, errUnordered) || errors.Is(err, errForeign) {
			return &engineError{err}
		}
		if err != nil {
			return err
		}
	}
	if has != s.want {
		return mismatch(s.group, s.taken.Files, has.String(), s.want.String(), s.want.rows)
	}
	return nil
}

func (s *staged) written() []lake.File {
	files := make([]lake.File, len(s.taken.Files))
	for i, f := range s.taken.Files {
		files[i] = lake.File{DataFile: f}
	}
	return files
}

// find is what [lake.Rewrite] asks. Trino does not tell from where a row came, so rows are told by what they are.
func (s *staged) find(ctx context.Context, input string, rows []int64) (map[string][]int64, error) {
	if !s.moves {
		err := errors.Join(s.db.BindFiles(ctx, "inputs", s.base, s.group.files()), s.db.BindFiles(ctx, "written", s.base, s.written()))
		if err == nil {
			err = s.db.Run(ctx, "compact/moves")
		}
		if err != nil {
			return nil, err
		}
		s.moves = true
	}
	uris := map[string]string{}
	for _, f := range s.taken.Files {
		local, err := lake.LocalPath(f.FilePath())
		if err != nil {
			return nil, err
		}
		uris[local] = f.FilePath()
	}
	if err := fillFresh(ctx, s.db, input, rows); err != nil {
		return nil, err
	}
	to := map[string][]int64{}
	var path string
	var at int64
	err := s.db.Each(ctx, "compact/moved", nil, []any{&path, &at}, func() error {
		to[uris[path]] = append(to[uris[path]], at)
		return nil
	})
	return to, err
}

// close drops the staging table and ends the session.
func (s *staged) close() error {
	s.taken.Drop()
	return s.db.Close()
}

// notOnTrino notes what becomes of a group that Trino did not write: lakectl writes it in the next plan, and all others
// where Trino can write none.
func (r *run) notOnTrino(ctx context.Context, base lake.Snapshot, g Group, err error) error {
	switch {
	case ctx.Err() != nil || errors.Is(err, trino.ErrLost) && !errors.Is(err, trino.ErrStill):
		return fmt.Errorf("merge %d files of %s: %w", len(g.Inputs), r.named(g), err)
	case errors.Is(err, lake.ErrFenced) || r.expired(ctx, base):
		r.lose(g, err)
		return nil
	case errors.Is(err, trino.ErrMemory) || errors.Is(err, errScattered) || errors.Is(err, errOtherDay):
		r.own[g.Day] = true
	case errors.Is(err, lake.ErrUnsupported) || errors.Is(err, trino.ErrQuery) || errors.Is(err, trino.ErrStill) || errors.Is(err, errUnordered) || errors.Is(err, errForeign):
		r.alone = true
	default:
		return fmt.Errorf("merge %d files of %s: %w", len(g.Inputs), r.named(g), err)
	}
	r.env.Log.Warn("lakectl merges files that trino was to merge", "table", r.o.Table, "day", r.named(g), "files", len(g.Inputs), "error", err)
	return nil
}
