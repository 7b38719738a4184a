package jobs

import (
	"context"
	"fmt"

	"github.com/lakectl/lakectl/lake"
)

// Altered is a derived table whose rows are not those that the jobs wrote.
type Altered struct {
	Table string `json:"table"`
	// SnapshotID is the newest that is not ours; of a rollback the one that main was moved back to.
	SnapshotID int64 `json:"snapshot_id,string"`
	RolledBack bool  `json:"rolled_back"` // or nobody can tell any more what main comes from
	before     int64
}

// Before is the last snapshot of ours that holds what it should, which may have expired; false when nobody knows which
// it is.
func (a Altered) Before() (int64, bool) { return a.before, a.before != 0 || !a.RolledBack }

func (a Altered) String() string {
	if a.RolledBack {
		return fmt.Sprintf("%s was rolled back or its history is gone (it is at snapshot %d)", a.Table, a.SnapshotID)
	}
	return fmt.Sprintf("%s was changed by another engine (snapshot %d)", a.Table, a.SnapshotID)
}

// Altered lists those of the tables whose rows somebody else changed. It reads metadata only.
func (e Env) Altered(ctx context.Context, tables ...string) (list []Altered, err error) {
	for _, name := range tables {
		t, err := e.Lake.Table(ctx, name)
		if err != nil {
			return nil, err
		}
		if a := t.Altered(); a != nil {
			list = append(list, Altered{Table: name, SnapshotID: a.By, RolledBack: a.RolledBack, before: a.Before})
		}
	}
	return list, nil
}

// Unaltered is [ErrProof] when somebody else changed the rows of a table that statements and their proofs stand on:
// what engines read there is not what was published.
func (e Env) Unaltered(ctx context.Context, tables ...string) error {
	list, err := e.Altered(ctx, tables...)
	if err != nil || len(list) == 0 {
		return err
	}
	return lake.WithHint(fmt.Errorf("table %s: %w", list[0], ErrProof),
		"run 'lakectl job royalties': it puts back what was published and counts anew what is counted; then run this again")
}
