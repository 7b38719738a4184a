package royalty

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// PutBack says what a run did about a published table that somebody else changed.
type PutBack struct {
	jobs.Altered
	// Recomputed says that what was published is gone: every period is computed and published anew.
	Recomputed bool `json:"recomputed"`
}

func (b PutBack) String() string {
	if b.Recomputed {
		return b.Altered.String() + ": what was published is gone, every period is published anew"
	}
	return b.Altered.String() + ": what was published is put back"
}

// putBack gives the published tables the rows again that the last commit of ours left there. The ledger is none of
// them: it is counted anew (see [ledger.Update]), for its old files may hold what was erased since.
//
// Rows come back in new files. To name a removed file again would be less work, but the engine that removed it may
// delete it for good when it expires its own snapshot.
func putBack(ctx context.Context, env jobs.Env, dryRun bool) (list []PutBack, err error) {
	altered, err := env.Altered(ctx, catalog.Published...)
	if err != nil || len(altered) == 0 {
		return nil, err
	}
	db, err := env.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for _, a := range altered {
		target, found, err := lastPublished(ctx, env, a)
		if err != nil {
			return list, err
		}
		b := PutBack{Altered: a, Recomputed: !found}
		list = append(list, b)
		if dryRun || target.Table() == nil {
			continue
		}
		env.Log.Warn("a published table was changed by another engine", "table", a.Table, "snapshot_id", a.SnapshotID, "recomputed", b.Recomputed)
		if err := restore(ctx, env, db, target, found); err != nil {
			return list, fmt.Errorf("put back %s: %w", a.Table, err)
		}
	}
	return list, nil
}

// lastPublished is the snapshot to put back, with all its files there; found is false when that is not the last one of
// ours. Then it is the newest that a statement's tag keeps, for the tables whose rows are only ever added, and nothing
// for others.
func lastPublished(ctx context.Context, env jobs.Env, a jobs.Altered) (s lake.Snapshot, found bool, err error) {
	t, err := env.Lake.Table(ctx, a.Table)
	if err != nil {
		return s, false, err
	}
	if id, known := a.Before(); known {
		s, err := t.ByID(id)
		if err == nil {
			found, err = complete(ctx, s)
		}
		if found || err != nil && !errors.Is(err, lake.ErrExpired) {
			return s, found, err
		}
	}
	if a.Table != catalog.RoyaltyRuns && a.Table != catalog.RoyaltyCloses {
		return lake.Snapshot{}, false, nil
	}
	for name, id := range t.Tags() {
		tagged, err := t.ByID(id)
		if err != nil {
			return s, false, err
		}
		if !strings.HasPrefix(name, catalog.StatementTagPrefix) || tagged.Sequence() < s.Sequence() {
			continue
		}
		if whole, err := complete(ctx, tagged); err != nil {
			return s, false, err
		} else if whole {
			s = tagged
		}
	}
	return s, false, nil
}

// complete tells whether the files of a snapshot can all be opened.
func complete(ctx context.Context, s lake.Snapshot) (bool, error) {
	if s.ID() == 0 {
		return true, nil
	}
	err := openFiles(ctx, s)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// openFiles opens every data and delete file of a snapshot and closes it again; the first error ends it.
func openFiles(ctx context.Context, s lake.Snapshot) error {
	storage, err := s.Table().FS(ctx)
	if err != nil {
		return err
	}
	files, err := s.Files(ctx)
	if err != nil {
		return err
	}
	deletes, err := s.DeleteFiles(ctx)
	if err != nil {
		return err
	}
	for _, f := range append(files, deletes...) {
		in, err := storage.Open(f.FilePath())
		if err != nil {
			return err
		}
		if err := in.Close(); err != nil {
			return err
		}
	}
	return nil
}

// restore commits the rows and the state of a snapshot in place of what the table holds. The newest run of a period is
// told by the commit of its row first, so runs come back together, and by the time when they finished; whole says so
// for all others whose rows went with a file that is kept.
func restore(ctx context.Context, env jobs.Env, db *jobs.Session, target lake.Snapshot, last bool) error {
	now := target.Table().Current()
	d, err := between(ctx, now, target)
	if err != nil {
		return err
	}
	state, err := target.StateForCommit()
	if err != nil && !errors.Is(err, lake.ErrExpired) {
		return err
	}
	// What is gone for good is published anew by the run that goes on from here; the mark stays until that has
	// happened.
	c := lake.Commit{Job: catalog.RoyaltiesJob, Remove: d.remove, Mends: last, Forgets: true, Stage: lake.IfUnmoved(now, state)}
	if len(d.lost) > 0 {
		if err := db.BindFiles(ctx, "put_back", target, d.lost); err != nil {
			return err
		}
		if c.Add, err = db.Write(ctx, target.Table(), catalog.RoyaltiesJob, "put_back"); err != nil {
			return err
		}
	}
	if !last && len(c.Add)+len(c.Remove) == 0 {
		return nil
	}
	_, err = env.Lake.Commit(ctx, target.Table().Name(), c)
	return err
}

// isAnew tells whether any published table is made anew.
func (p *plan) isAnew() bool {
	for _, anew := range p.anew {
		if anew {
			return true
		}
	}
	return false
}

// checkHeads refuses to publish on top of a change that another engine made after this run saw to those before it.
func (p *plan) checkHeads() error {
	for _, s := range []lake.Snapshot{p.ledger, p.duplicates, p.lines, p.payouts, p.shares, p.adjustments, p.closes, p.runs} {
		if t := s.Table(); t.Altered() != nil && !p.anew[t.Name()] {
			return lake.WithHint(fmt.Errorf("another engine changed %s while it was read: %w", t.Name(), lake.ErrFenced), "run 'lakectl job royalties' again")
		}
	}
	return nil
}

// mendCloses ends what another engine did to royalty_closes once everything else is published anew: what a tag kept of
// it holds.
func (p *plan) mendCloses(ctx context.Context, env jobs.Env) error {
	if !p.anew[catalog.RoyaltyCloses] {
		return nil
	}
	_, err := env.Lake.Commit(ctx, catalog.RoyaltyCloses, lake.Commit{Job: catalog.RoyaltiesJob, Mends: true, Stage: lake.IfUnmoved(p.closes, nil)})
	return err
}

// difference is how the files of a table differ from those it should have.
type difference struct {
	lost   []lake.File // of the snapshot to put back
	remove []lake.File // of the table
}

func between(ctx context.Context, now, target lake.Snapshot) (d difference, err error) {
	files := func(s lake.Snapshot) (data, deletes map[string]lake.File, err error) {
		data, err = byPath(s.Files(ctx))
		if err == nil {
			deletes, err = byPath(s.DeleteFiles(ctx))
		}
		return data, deletes, err
	}
	has, hasDeletes, err := files(now)
	if err != nil {
		return d, err
	}
	wants, wantsDeletes, err := files(target)
	if err != nil {
		return d, err
	}
	// Row deletes cannot be given back to a file that is there: where any are missing, all rows are written anew.
	whole := now.Table().Name() == catalog.RoyaltyRuns || len(without(wantsDeletes, hasDeletes)) > 0
	if whole && (len(without(wants, has)) > 0 || len(without(has, wants)) > 0 || len(wantsDeletes)+len(hasDeletes) > 0) {
		return difference{lost: without(wants, nil), remove: append(without(has, nil), without(hasDeletes, nil)...)}, nil
	}
	return difference{lost: without(wants, has), remove: append(without(has, wants), without(hasDeletes, wantsDeletes)...)}, nil
}

func byPath(files []lake.File, err error) (map[string]lake.File, error) {
	m := map[string]lake.File{}
	for _, f := range files {
		m[f.FilePath()] = f
	}
	return m, err
}

// without lists the files of a that b does not have, in order of path.
func without(a, b map[string]lake.File) (list []lake.File) {
	for _, path := range slices.Sorted(maps.Keys(a)) {
		if _, has := b[path]; !has {
			list = append(list, a[path])
		}
	}
	return list
}
