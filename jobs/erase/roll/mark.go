package roll

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/erase"
	"github.com/lakectl/lakectl/lake"
)

// ErrBehind says that a lake does not know of erasures that it had carried out before it was restored.
var ErrBehind = errors.New("the lake is older than what was erased from it")

// mark is the content of the file beside the key of certificates.
type mark struct {
	LakeID   string   `json:"lake_id"`
	Requests at       `json:"deletion_requests"`
	Log      at       `json:"deletion_log"`
	Done     []string `json:"done"` // hashes of the places of requests that were recomputed
}

// at is a snapshot.
type at struct {
	SnapshotID int64 `json:"snapshot_id,string"`
	Sequence   int64 `json:"sequence"`
}

func atOf(s lake.Snapshot) at { return at{s.ID(), s.Sequence()} }

func markFile(dir, lakeID string) string { return filepath.Join(dir, "erased-"+lakeID) }

// readMark reads the mark of a lake; nil where there is none.
func readMark(dir, lakeID string) (*mark, error) {
	if dir == "" || lakeID == "" {
		return nil, nil
	}
	file := markFile(dir, lakeID)
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var m mark
	if err == nil {
		if err = json.Unmarshal(text, &m); err == nil && m.LakeID != lakeID {
			err = errors.New("it is of another lake")
		}
	}
	if err != nil {
		return nil, lake.WithHint(fmt.Errorf("mark of what was erased, %s: %w", file, err), "restore the file from a backup; or, if the lake was never restored from one, remove it: the next 'lakectl job deletions' writes it")
	}
	return &m, nil
}

// Check is [ErrBehind] when the mark in a folder has erasures that the lake does not know of.
func Check(ctx context.Context, env jobs.Env, dir string) error {
	requests, err := env.Snapshot(ctx, catalog.DeletionRequests)
	if errors.Is(err, lake.ErrNotFound) {
		return nil // before init
	}
	if err != nil {
		return err
	}
	m, err := readMark(dir, requests.Table().Property(catalog.LakeIDProperty))
	if err != nil || m == nil {
		return err
	}
	log, err := env.Snapshot(ctx, catalog.DeletionLog)
	if err != nil {
		return err
	}
	if m.Requests.includedIn(requests) && m.Log.includedIn(log) {
		return nil
	}
	missing, err := m.missing(ctx, env)
	if err != nil || missing == 0 {
		return err
	}
	return lake.WithHint(fmt.Errorf("%d of %d deletion requests were carried out in this lake and are not now: %w", missing, len(m.Done), ErrBehind),
		"run 'lakectl deletions reapply FILE' with the newest list that 'lakectl deletions export' wrote; its --help says what to do where none is left")
}

// includedIn tells whether s certainly comes from the snapshot of the mark.
func (a at) includedIn(s lake.Snapshot) bool {
	there, err := s.Includes(a.SnapshotID, a.Sequence)
	return err == nil && there
}

// missing counts the places of the mark that were not recomputed in this lake.
func (m mark) missing(ctx context.Context, env jobs.Env) (n int, err error) {
	s, err := read(ctx, env)
	if err != nil {
		return 0, err
	}
	done := map[string]bool{}
	for _, hash := range s.done() {
		done[hash] = true
	}
	for _, hash := range m.Done {
		if !done[hash] {
			n++
		}
	}
	return n, s.db.Close()
}

// done are the hashes of the places of requests that were recomputed, in order of position.
func (s standing) done() []string {
	list := []string{}
	for _, e := range s.entries {
		if e.Recomputed {
			list = append(list, hashOf(e.Position))
		}
	}
	return list
}

func hashOf(p erase.Position) string {
	sum := sha256.Sum256([]byte(p.String()))
	return hex.EncodeToString(sum[:12])
}

// PutMark notes what the lake has erased. The lake must have passed [Check]. Where the folder is not there, and where
// nothing is new, it writes nothing.
func PutMark(ctx context.Context, env jobs.Env, dir string) error {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	requests, err := env.Snapshot(ctx, catalog.DeletionRequests)
	if err != nil {
		return err
	}
	log, err := env.Snapshot(ctx, catalog.DeletionLog)
	if err != nil {
		return err
	}
	id := requests.Table().Property(catalog.LakeIDProperty)
	was, err := readMark(dir, id)
	if err != nil || id == "" || log.ID() == 0 || was != nil && was.Requests == atOf(requests) && was.Log == atOf(log) {
		return err
	}
	s, err := read(ctx, env)
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(mark{LakeID: id, Requests: atOf(s.requests), Log: atOf(s.log), Done: s.done()}, "", " ")
	if err = errors.Join(err, s.db.Close()); err == nil {
		err = put(markFile(dir, id), append(text, '\n'))
	}
	if err != nil {
		return fmt.Errorf("write the mark of what was erased: %w", err)
	}
	return nil
}
