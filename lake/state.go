package lake

import (
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"
)

// StatePrefix starts the summary keys that every commit of ours carries forward.
const StatePrefix = "lakectl.state."

// StateProperty is the table property that says, in the same metadata commit as each snapshot of ours, what its state
// is. A property outlives the snapshot, whoever expires it, and keeps no file from being purged.
const StateProperty = "lakectl.state"

// StateKey is the summary key under which a state value is stored.
func StateKey(name string) string { return StatePrefix + name }

// lastCommit is the newest commit of ours on a table, the value of [StateProperty]. Ids are strings there: many readers
// of JSON round numbers of this size.
type lastCommit struct {
	Snapshot int64             `json:"snapshot,string"`
	Sequence int64             `json:"sequence,string"`
	Commit   string            `json:"commit"`
	State    map[string]string `json:"state,omitempty"` // keys without [StatePrefix]
	Altered  *Alteration       `json:"altered,omitempty"`
}

func newTable(name string, ice *icetable.Table) *Table {
	t := &Table{name: name, ice: ice}
	last := &lastCommit{}
	// What another engine wrote there instead says nothing, as if it were not set.
	if json.Unmarshal([]byte(ice.Properties()[StateProperty]), last) == nil && last.Snapshot != 0 {
		t.last = last
	}
	return t
}

// rememberIn stages the property for the snapshot that the transaction has staged; it becomes part of the same commit.
func (c Commit) rememberIn(tx *icetable.Transaction, before *Table, id string, summary iceberg.Properties) error {
	staged, err := tx.StagedTable()
	if err != nil {
		return err
	}
	after := staged.CurrentSnapshot()
	if after == nil {
		return fmt.Errorf("commit %s: no snapshot was staged", before.name)
	}
	last := lastCommit{Snapshot: after.SnapshotID, Sequence: after.SequenceNumber, Commit: id, State: stateOf(summary)}
	if !c.Mends {
		last.Altered = before.Altered()
	}
	text, err := json.Marshal(last)
	if err != nil {
		return err
	}
	return tx.SetProperties(iceberg.Properties{StateProperty: string(text)})
}

// stateOf are the state keys of a summary, without their prefix.
func stateOf(summary map[string]string) map[string]string {
	state := map[string]string{}
	for k, v := range summary {
		if name, is := strings.CutPrefix(k, StatePrefix); is {
			state[name] = v
		}
	}
	return state
}

// State is the value of a state key as of this snapshot, "" when it was never set. Where the snapshots of ours before
// it are gone and nothing else can tell, [ErrExpired], or as if never set if [Spec] says that this will do.
func (s Snapshot) State(key string) (string, error) {
	state, err := s.states()
	return state[key], err
}

// StateNumber is a state value that is a number, such as the id of a snapshot of another table; 0 when it was
// never set.
func (s Snapshot) StateNumber(key string) (int64, error) {
	text, err := s.State(key)
	if err != nil || text == "" {
		return 0, err
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("state %s of %s snapshot %d: %w", key, s.table.name, s.ID(), err)
	}
	return id, nil
}

// StateForCommit is the whole state as summary keys, for the commit that gives a table back what it was.
func (s Snapshot) StateForCommit() (map[string]string, error) {
	state, err := s.states()
	keys := map[string]string{}
	for k, v := range state {
		keys[StateKey(k)] = v
	}
	return keys, err
}

// states finds the nearest snapshot of ours and returns its state, by name. Where the line breaks off at an expired
// snapshot, the property is believed if that is the one it names, or if the line is known to reach it.
func (s Snapshot) states() (map[string]string, error) {
	at, reached := s.nearestOurs()
	switch last := s.tableLast(); {
	case at != nil:
		return stateOf(at.Summary.Properties), nil
	case reached == beginning:
		return map[string]string{}, nil
	case last != nil && (reached == lastKnown || len(last.State) == 0): // keys are never taken away, so there was none before either
		return maps.Clone(last.State), nil
	case s.table.startsOver:
		return map[string]string{}, nil
	}
	return nil, WithHint(fmt.Errorf("state of table %s: the last snapshot written by lakectl: %w", s.table.name, ErrExpired),
		"another engine wrote the newest snapshots and expired ours; restore the table from a backup, or run 'lakectl ingest' or 'lakectl ingest file': it works out the positions from the rows")
}
