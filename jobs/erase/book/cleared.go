package book

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// clearedKey is the property of deletion_log with when requests were cleared that are not purged yet, as JSON.
const clearedKey = "lakectl.deletions.cleared"

// mostCleared is how many are noted. Of more the oldest goes: its requests wait as those of the next.
const mostCleared = 100

// Cleared is a purge after which nothing that is live or in a snapshot had rows of the requests that it was for:
// those that were recomputed by Through and whose rows were gone by Before. They wait for files that nothing refers to.
type Cleared struct {
	Through int64 `json:"through_us"` // microseconds since 1970: the newest step of the log then
	Before  int64 `json:"before_us"`
	At      int64 `json:"at_us"` // files that were written later have none of their rows
	// Except are requests that it could not clear, each as topic/partition/offset, with a space in between.
	Except string `json:"except,omitempty"`
}

// NoteCleared notes what is to be known of requests that are left, in place of what was noted before.
func NoteCleared(ctx context.Context, env jobs.Env, log lake.Snapshot, all []Cleared) error {
	text := []byte{}
	if all = all[max(0, len(all)-mostCleared):]; len(all) > 0 {
		var err error
		if text, err = json.Marshal(all); err != nil {
			return err
		}
	}
	_, err := env.Lake.SwapProperty(ctx, catalog.DeletionLog, clearedKey, log.Table().Property(clearedKey), string(text))
	return err
}

// ReadCleared is what was noted, oldest first. It reads no file.
func ReadCleared(log lake.Snapshot) (all []Cleared, err error) {
	text := log.Table().Property(clearedKey)
	if text == "" {
		return nil, nil
	}
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		return nil, lake.WithHint(fmt.Errorf("property %s of %s: %w", clearedKey, catalog.DeletionLog, err), "take the property out of the table: requests wait for the grace of orphans once more")
	}
	return all, nil
}
