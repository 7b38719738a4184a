package catalog

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/lakectl/lakectl/lake"
)

// ErrRolledBack says that a table which listens was filtered through does not hold any more what it held then.
var ErrRolledBack = errors.New("it was rolled back")

// besideKey is the state of listens that names the snapshot of a small table which its newest rows were filtered through and
// committed after: "id sequence".
func besideKey(table string) string { return lake.StateKey("beside." + table) }

// PutBeside notes in the summary of a commit on top of listens that a snapshot of quarantine or deletion_requests came before it,
// unless listens knows a later one.
func PutBeside(summary map[string]string, listens, small lake.Snapshot) error {
	_, sequence, err := beside(listens, small.Table().Name())
	if err == nil && small.ID() != 0 && small.Sequence() > sequence {
		summary[besideKey(small.Table().Name())] = fmt.Sprintf("%d %d", small.ID(), small.Sequence())
	}
	return err
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

// CheckBeside is [ErrRolledBack] when a small table does not come from the snapshot that listens was filtered through: what it
// lost, such as a request that the archive obeys, would be lost for ever. A table that was rolled back together with listens
// is fine.
func CheckBeside(listens, small lake.Snapshot) error {
	name := small.Table().Name()
	id, sequence, err := beside(listens, name)
	if err != nil {
		return err
	}
	there, err := small.Includes(id, sequence)
	if err != nil || there {
		return err
	}
	err = fmt.Errorf("table %s does not come from snapshot %d, which listens was filtered through: %w", name, id, ErrRolledBack)
	if _, gone := small.Table().ByID(id); gone != nil {
		return lake.WithHint(err, "snapshot %d has expired: put %s back from a backup, or roll listens back to a snapshot from before it too; nothing was written", id, name)
	}
	return lake.WithHint(err, "set main of %s to snapshot %d again with the engine that rolled it back, or roll listens back too; nothing was written", name, id)
}
