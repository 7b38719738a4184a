package recent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/lake"
)

// Followed says what [Memory.Follow] did.
type Followed struct {
	Rows int64 // that were read
	// Refilled says why the memory was filled again from the archive, "" where it was not.
	Refilled string
}

// view is the archive up to one of its snapshots.
type view struct {
	snapshot lake.Snapshot
	id       int64
	sequence int64 // files with a greater one came later; the snapshot may have some
	at       time.Time
}

func viewOf(s lake.Snapshot) view {
	return view{snapshot: s, id: s.ID(), sequence: s.Sequence(), at: s.Time()}
}

// viewAt is the archive up to a snapshot that the table covers. Where it has expired, the newest one is looked at
// without what came since; where that cannot be told, nothing is.
func viewAt(archive lake.Snapshot, covered int64) (view, error) {
	if covered == archive.ID() {
		return viewOf(archive), nil
	}
	s, err := archive.Table().ByID(covered)
	if err == nil {
		return viewOf(s), nil
	}
	if !errors.Is(err, lake.ErrExpired) {
		return view{}, err
	}
	since, unbroken := archive.Since(covered)
	if !unbroken || len(since) == 0 {
		return view{snapshot: archive.Table().Empty(), id: covered}, nil
	}
	next := since[len(since)-1]
	return view{snapshot: archive, id: covered, sequence: next.Sequence() - 1, at: next.Time()}, nil
}

// Follow brings the memory to the snapshot of listens that the table covers; archive is listens at that snapshot or a
// newer one. It is filled again from the files of the last 48 hours where it is of another lake, ahead of the table or
// beside it, or where another engine took rows away since; where it is behind, the files between are read.
func (m *Memory) Follow(ctx context.Context, archive lake.Snapshot, covered int64) (Followed, error) {
	done, err := m.follow(ctx, archive, covered)
	if errors.Is(err, errDamaged) {
		done, err = m.fill(ctx, err.Error())
	}
	if err != nil {
		return done, errors.Join(fmt.Errorf("follow listens: %w", err), m.Drop())
	}
	return done, nil
}

func (m *Memory) follow(ctx context.Context, archive lake.Snapshot, covered int64) (Followed, error) {
	if err := m.Drop(); err != nil {
		return Followed{}, err
	}
	var err error
	if m.view, err = viewAt(archive, covered); err != nil {
		return Followed{}, err
	}
	lakeID := archive.Table().Property(catalog.LakeIDProperty)
	switch {
	case m.state.SnapshotID == 0 && len(m.segments) == 0:
		return m.start(ctx, "it was empty")
	case m.state.LakeID != lakeID:
		return m.fill(ctx, "it is of another lake")
	case m.state.SnapshotID == covered:
		return Followed{}, nil
	}
	changes, err := m.view.snapshot.Changes(ctx, m.state.SnapshotID)
	switch {
	case err != nil:
		return Followed{}, err
	case changes.Broken || m.state.SnapshotID == 0:
		return m.fill(ctx, fmt.Sprintf("its snapshot %d of listens is no ancestor of %d, which the table covers", m.state.SnapshotID, covered))
	case len(changes.Torn) > 0:
		return m.fill(ctx, "another engine changed listens, or rewrote what came since")
	}
	return m.take(ctx, changes.Added, "")
}

// fill throws away what there is and starts over.
func (m *Memory) fill(ctx context.Context, why string) (Followed, error) {
	if err := m.forget(why); err != nil {
		return Followed{}, err
	}
	return m.start(ctx, why)
}

// start fills an empty memory from the files of the last 48 hours.
func (m *Memory) start(ctx context.Context, why string) (Followed, error) {
	m.state.LakeID = m.view.snapshot.Table().Property(catalog.LakeIDProperty)
	files, err := m.view.snapshot.Files(ctx)
	if err != nil {
		return Followed{}, err
	}
	return m.take(ctx, files, why)
}

// take remembers the ids of files, those of the view that are not too old, and keeps them.
func (m *Memory) take(ctx context.Context, files []lake.File, why string) (Followed, error) {
	v := m.view
	oldest := v.at.Add(-m.o.Window)
	came := arrivals(v.snapshot.Table())
	files = slices.DeleteFunc(slices.Clone(files), func(f lake.File) bool {
		return f.Sequence > v.sequence || came.of(f.Sequence).Before(oldest)
	})
	sifted, err := m.sift(ctx, v.snapshot, files, false)
	if err != nil {
		return Followed{}, err
	}
	return Followed{Rows: sifted.Rows, Refilled: why}, m.keep(ctx, v)
}

// times tells when files came into a table.
type times []lake.Snapshot

func arrivals(t *lake.Table) times { return t.Snapshots() }

// of is the time of the snapshot with a sequence number, or of the next one that is retained: files came then or
// before.
func (t times) of(sequence int64) time.Time {
	i := sort.Search(len(t), func(i int) bool { return t[i].Sequence() >= sequence })
	if i == len(t) {
		i--
	}
	if i < 0 {
		return time.Time{}
	}
	return t[i].Time()
}
