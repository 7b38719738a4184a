package recent

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/zeebo/xxh3"
)

const (
	stateFile  = "state"
	stateFresh = "state.new" // becomes the state by renaming
	stateTitle = "lakectl recent 1"
)

// state says what the memory holds. It is one file, which one rename replaces: what it does not name is not there.
type state struct {
	LakeID     string         `json:"lake_id"`
	Key        key            `json:"key"`
	SnapshotID int64          `json:"snapshot_id,string"` // of listens, up to which ids are remembered
	Sequence   int64          `json:"sequence"`           // of that snapshot
	Segments   []segmentState `json:"segments"`           // in order of arrival
}

// emptyState remembers nothing, under a key of its own.
func emptyState() state {
	var s state
	_, _ = rand.Read(s.Key[:]) // never fails
	return s
}

// readState reads the state of a folder, and the empty one where there is none. A state that cannot be read is
// errDamaged.
func readState(dir string) (state, error) {
	text, err := os.ReadFile(filepath.Join(dir, stateFile))
	if errors.Is(err, fs.ErrNotExist) {
		return emptyState(), nil
	}
	if err != nil {
		return state{}, err
	}
	first, body, _ := bytes.Cut(text, []byte("\n"))
	if string(first) != stateLine(body) {
		return state{}, fmt.Errorf("%w: its state", errDamaged)
	}
	var s state
	if err := json.Unmarshal(body, &s); err != nil {
		return state{}, fmt.Errorf("%w: its state: %w", errDamaged, err)
	}
	return s, nil
}

func stateLine(body []byte) string { return fmt.Sprintf("%s %016x", stateTitle, xxh3.Hash(body)) }

// write makes s the state of a folder. What it names is on the disk by then.
func (s state) write(dir string) error {
	body, err := json.MarshalIndent(s, "", " ")
	if err != nil {
		return err
	}
	fresh := filepath.Join(dir, stateFresh)
	if err := writeSynced(fresh, append([]byte(stateLine(body)+"\n"), body...)); err != nil {
		return err
	}
	if err := os.Rename(fresh, filepath.Join(dir, stateFile)); err != nil {
		return err
	}
	return syncFolder(dir)
}

func writeSynced(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Sync(), f.Close())
}

func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// sweep removes the segment files that a state does not name: a process that was killed left them. Files of others
// stay.
func (s state) sweep(dir string) error {
	named := map[string]bool{}
	for _, one := range s.Segments {
		named[one.Name] = true
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := e.Name()
		if ours := strings.HasPrefix(name, segmentPrefix) && strings.HasSuffix(name, segmentSuffix); !ours || named[name] {
			continue
		}
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}

// drop takes the segments away that hold nothing newer than a time, and the oldest of those that have more ids than
// most.
func drop(list []*segment, before time.Time, most int64) (kept, dropped []*segment) {
	ids := int64(0)
	for i := len(list) - 1; i >= 0; i-- {
		ids += list[i].IDs
		if ids > most && i < len(list)-1 {
			kept, dropped = list[i+1:], append(dropped, list[:i+1]...)
			break
		}
		if i == 0 {
			kept = list
		}
	}
	var young []*segment
	for _, s := range kept {
		if s.Until.Before(before) {
			dropped = append(dropped, s)
		} else {
			young = append(young, s)
		}
	}
	return young, dropped
}
