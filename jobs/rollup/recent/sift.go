package recent

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/lakectl/lakectl/lake"
)

// Sifted tells which rows of files are later copies of a listen that counts by another row.
type Sifted struct {
	Rows  int64 // that the files hold, row deletes applied
	Later int64 // of these, later copies
	// Left are the row numbers of the later copies, from 0, ascending, by [lake.File.FilePath]: 8 bytes of memory each.
	Left map[string][]int64
}

// Sift tells which rows of archive files are later copies: of each listen, one row counts. Files that came after the
// snapshot that is kept are news: any remembered id makes their row a later copy. In files that the memory has seen,
// the row at the remembered position counts. Of an id that is not remembered the first row counts, in the order in
// which rows came.
//
// The ids are held until [Memory.Keep], and looked at by [Memory.Counts] meanwhile. Another Sift drops them. A damaged
// memory is filled again on the way.
func (m *Memory) Sift(ctx context.Context, archive lake.Snapshot, files []lake.File) (Sifted, error) {
	if err := m.Drop(); err != nil {
		return Sifted{}, err
	}
	sifted, err := m.healed(ctx, func() (Sifted, error) { return m.sift(ctx, archive, files, true) })
	if err != nil {
		return sifted, fmt.Errorf("drop duplicates as they come: %w", err)
	}
	return sifted, nil
}

// sift sifts what is pending from then on. Which rows are left out is told where somebody asks.
func (m *Memory) sift(ctx context.Context, archive lake.Snapshot, files []lake.File, asked bool) (Sifted, error) {
	if err := m.Drop(); err != nil {
		return Sifted{}, err
	}
	m.pending = &pending{archive: archive, files: files}
	s, err := m.newSieve(ctx, archive, files, m.state.Sequence)
	if err == nil {
		s.silent = !asked
		s.add = func(ctx context.Context, one *segment) error { return m.hold(ctx, &m.pending.segments, one) }
		err = s.run(ctx)
	}
	if err != nil {
		return Sifted{}, errors.Join(err, m.Drop())
	}
	return s.out, nil
}

// Counts tells which rows of archive files do not count, of files that the memory has seen, sifted ones among them:
// those whose id is remembered at another position. Of ids that are not remembered the first row counts. It changes
// nothing.
func (m *Memory) Counts(ctx context.Context, archive lake.Snapshot, files []lake.File) (Sifted, error) {
	out, err := m.healed(ctx, func() (Sifted, error) {
		var scratch []*segment
		s, err := m.newSieve(ctx, archive, files, math.MaxInt64)
		if err == nil {
			s.scratch = &scratch
			s.add = func(ctx context.Context, one *segment) error { return m.hold(ctx, &scratch, one) }
			err = s.run(ctx)
		}
		if err := errors.Join(err, removeAll(scratch)); err != nil {
			return Sifted{}, err
		}
		return s.out, nil
	})
	if err != nil {
		return out, fmt.Errorf("tell which copies count: %w", err)
	}
	return out, nil
}

// healed does something with the memory, once more on one that was filled again where it was damaged.
func (m *Memory) healed(ctx context.Context, do func() (Sifted, error)) (Sifted, error) {
	if m.view.snapshot.Table() == nil {
		return Sifted{}, errors.New("the memory follows no table yet")
	}
	batch := m.pending
	out, err := do()
	if !errors.Is(err, errDamaged) {
		return out, err
	}
	if _, err := m.fill(ctx, err.Error()); err != nil {
		return out, err
	}
	if batch != nil {
		if _, err := m.sift(ctx, batch.archive, batch.files, false); err != nil {
			return out, err
		}
	}
	return do()
}

// hold appends a segment to those that are not kept. A filling of more than the memory takes loses its oldest.
func (m *Memory) hold(ctx context.Context, list *[]*segment, one *segment) error {
	now, replaced, err := merged(ctx, m.dir, append(*list, one), m.mostOfOne())
	*list = now
	if err != nil {
		return errors.Join(err, removeAll(replaced))
	}
	kept, dropped := drop(now, time.Time{}, m.o.MostIDs)
	*list = kept
	return removeAll(append(replaced, dropped...))
}

func (m *Memory) mostOfOne() int64 { return m.o.MostIDs / tooMany }

// Keep makes the ids of the newest Sift durable. Call it after the table's commit, with the archive snapshot that the
// commit covers: it must be the one that was sifted. Where it fails, the memory is what it was, and the next
// [Memory.Follow] reads the files again. A damaged one is thrown away; that is no error.
func (m *Memory) Keep(ctx context.Context, snapshotID int64) error {
	if m.pending == nil || m.pending.archive.ID() != snapshotID {
		return fmt.Errorf("keep recent ids: snapshot %d was not sifted", snapshotID)
	}
	err := m.keep(ctx, viewOf(m.pending.archive))
	if errors.Is(err, errDamaged) {
		return m.forget(err.Error())
	}
	if err != nil {
		return fmt.Errorf("keep recent ids: %w", err)
	}
	return nil
}

// keep makes what is pending part of the state, up to a view.
func (m *Memory) keep(ctx context.Context, v view) error {
	all, old := drop(append(slices.Clone(m.segments), m.pending.segments...), v.at.Add(-m.o.Window), m.o.MostIDs)
	now, replaced, err := merged(ctx, m.dir, all, m.mostOfOne())
	was := map[*segment]bool{}
	for _, s := range m.segments {
		was[s] = true
	}
	if err == nil {
		err = m.write(v, now, was)
	}
	if err != nil { // what is not of the state goes
		made := slices.DeleteFunc(slices.Concat(old, replaced, now), func(s *segment) bool { return was[s] })
		m.pending = nil
		return errors.Join(err, removeAll(made))
	}
	m.pending, m.segments, m.view = nil, now, v
	if err := removeAll(append(old, replaced...)); err != nil {
		m.o.Log.Warn("a file of the memory of recent ids could not be removed", "error", err)
	}
	return nil
}

// write makes segments the state. Those that were made since the last one are brought to the disk first.
func (m *Memory) write(v view, now []*segment, was map[*segment]bool) error {
	next := state{LakeID: m.state.LakeID, Key: m.state.Key, SnapshotID: v.id, Sequence: v.sequence}
	for _, s := range now {
		if !was[s] {
			if err := s.sync(); err != nil {
				return err
			}
		}
		next.Segments = append(next.Segments, s.segmentState)
	}
	if err := syncFolder(m.dir); err != nil {
		return err
	}
	if err := next.write(m.dir); err != nil {
		return err
	}
	m.state = next
	return nil
}
