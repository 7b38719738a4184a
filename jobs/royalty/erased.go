package royalty

import (
	"context"
	"fmt"
	"slices"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/lake"
)

// bindErased makes a table in main of the ids that erasures took from the ledger after was, each with the user whose
// row was taken first. Every commit that took some is held against its own parent, so compactions in between do not
// matter. told is false when the history between the two is gone.
func (r *restatement) bindErased(ctx context.Context, into string, was, now lake.Snapshot) (n int64, told bool, err error) {
	chain, unbroken := now.Since(was.ID())
	if !unbroken {
		return 0, false, nil
	}
	if err := r.db.Run(ctx, "royalty/took_table"); err != nil {
		return 0, false, err
	}
	for i, s := range chain { // newest first
		parent := was
		if i+1 < len(chain) {
			parent = chain[i+1]
		}
		if took, err := r.bindTaken(ctx, parent, s); err != nil {
			return 0, false, err
		} else if !took {
			continue
		}
		if err := r.db.Run(ctx, "royalty/took_add", len(chain)-i); err != nil {
			return 0, false, fmt.Errorf("read erased rows of the ledger: %w", err)
		}
	}
	if err := r.db.Copy(ctx, "main."+into, "main.took_first"); err != nil {
		return 0, false, fmt.Errorf("sum up erased rows of the ledger: %w", err)
	}
	n, err = r.db.Count(ctx, "main."+into)
	return n, true, err
}

// bindTaken makes the relation taken of the rows that a commit on the ledger took by erasure; false when it took none.
// This job takes rows that a smaller copy replaces, and rows that others deleted from the archive: only the latter are
// erased.
func (r *restatement) bindTaken(ctx context.Context, parent, s lake.Snapshot) (bool, error) {
	if s.Job() == catalog.DeletionsJob || s.Job() == catalog.RemovalsJob {
		return true, r.db.BindDeleted(ctx, "taken", parent, s)
	}
	if s.Job() != catalog.RoyaltiesJob {
		return false, nil
	}
	rebuilt, err := replacedAll(ctx, parent, s)
	if err != nil {
		return false, err
	}
	if rebuilt {
		for view, of := range map[string]lake.Snapshot{"ledger_before": parent, "ledger_after": s} {
			if err := r.db.Bind(ctx, view, of); err != nil {
				return false, err
			}
		}
		return true, r.db.Run(ctx, "royalty/taken_by_rebuild")
	}
	deletes, err := s.DeleteFiles(ctx)
	if err != nil || !slices.ContainsFunc(deletes, func(f lake.File) bool { return f.AddedBy == s.ID() }) {
		return false, err
	}
	files, err := s.Files(ctx)
	if err != nil {
		return false, err
	}
	gained := slices.DeleteFunc(slices.Clone(files), func(f lake.File) bool { return f.AddedBy != s.ID() })
	if err := r.db.BindDeleted(ctx, "ledger_before", parent, s); err != nil {
		return false, err
	}
	if err := r.db.BindFiles(ctx, "ledger_after", s, gained); err != nil {
		return false, err
	}
	return true, r.db.Run(ctx, "royalty/taken_by_rebuild")
}

// replacedAll tells whether a commit of this job made the ledger anew, from an archive that erasures had been at
// already.
func replacedAll(ctx context.Context, parent, s lake.Snapshot) (bool, error) {
	was, err := parent.Files(ctx)
	if err != nil {
		return false, err
	}
	now, err := s.Files(ctx)
	return len(was) > 0 && !slices.ContainsFunc(now, func(f lake.File) bool { return f.AddedBy != s.ID() }), err
}

// nobodyErased makes main.erased empty.
func (r *restatement) nobodyErased(ctx context.Context) error {
	return r.db.Run(ctx, "royalty/erased_table")
}
