package catalog

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/lakectl/lakectl/lake"
)

// ErrRolledBack says that a table which listens was filtered through does not hold any more what it held then.
var ErrRolledBack = errors.New("it was rolled back")

// besideKey is the state of listens that names the snapshot of a small table which its newest rows were filtered
// through and committed after: "id sequence".
func besideKey(table string) string { return lake.StateKey("beside." + table) }

// PutBeside notes in the summary of a commit on top of listens that a snapshot of quarantine or deletion_requests came
// before it, unless listens knows a later one.
func PutBeside(summary map[string]string, listens, small lake.Snapshot) error {
	_, sequence, err := beside(listens, small.Table().Name())
	if err == nil && small.Sequence() > sequence {
		PutFirstBeside(summary, small)
	}
	return err
}

// PutFirstBeside notes the snapshots of small tables in the state of a listens that has lost its own: nobody knows what
// its rows were filtered through, so what is there now is what must stay.
func PutFirstBeside(summary map[string]string, small ...lake.Snapshot) {
	for _, s := range small {
		if s.ID() != 0 {
			summary[besideKey(s.Table().Name())] = fmt.Sprintf("%d %d", s.ID(), s.Sequence())
		}
	}
}

func beside(listens lake.Snapshot, table string) (id, sequence int64, err error) {
	text, err := listens.State("beside." + table)
	if err != nil || text == "" {
		return 0, 0, err
	}
	if n, err := fmt.Sscanf(text, "%d %d", &id, &sequence); err != nil || n != 2 {
		return 0, 0, fmt.Errorf("state beside.%s of listens %s: not a snapshot and its sequence number", table, strconv.Quote(text))
	}
	return id, sequence, nil
}

// CheckBeside is [ErrRolledBack] when a small table does not come from the snapshot that listens was filtered through:
// what it lost, such as a request that the archive obeys, would be lost for ever. A table that was rolled back together
// with listens is fine.
func CheckBeside(listens, small lake.Snapshot) error {
	id, sequence, err := beside(listens, small.Table().Name())
	if err != nil {
		return err
	}
	there, err := small.Includes(id, sequence)
	if err != nil || there {
		return err
	}
	return rolledBack(small, id)
}

// CheckBesideLost is [CheckBeside] for a small table whose history is lost. Its files must show that it comes from the
// snapshot that listens was filtered through.
func CheckBesideLost(ctx context.Context, listens, small lake.Snapshot) error {
	id, sequence, err := beside(listens, small.Table().Name())
	if err != nil || id == 0 || id == small.ID() {
		return err
	}
	there, err := small.ShowsWork(ctx, id, sequence)
	if err != nil || there {
		return err
	}
	return rolledBack(small, id)
}

func rolledBack(small lake.Snapshot, id int64) error {
	name := small.Table().Name()
	err := fmt.Errorf("table %s does not come from snapshot %d, which listens was filtered through: %w", name, id, ErrRolledBack)
	if _, gone := small.Table().ByID(id); gone != nil {
		return lake.WithHint(err, "snapshot %d has expired: put %s back from a backup, or roll listens back to a snapshot that is older than that one as well; nothing was written", id, name)
	}
	return lake.WithHint(err, "set main of %s to snapshot %d again with the engine that rolled it back, or roll listens back too; nothing was written", name, id)
}
