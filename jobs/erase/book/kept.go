package book

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// keptKey is the property of deletion_log with what keeps requests from being purged, as JSON.
const keptKey = "lakectl.deletions.kept"

// mostKept is how many things are noted; the first say what to do.
const mostKept = 20

// Kept is what keeps the files that held erased rows, as the last purge found it. It has no request id, which is free
// text and would stay in the metadata.
type Kept struct {
	Table string     `json:"table,omitempty"`
	By    string     `json:"by"`
	Until *time.Time `json:"until,omitempty"` // when it ends by itself
	Waits bool       `json:"waits,omitempty"` // for a job that will read on; else without Until somebody must end it
	Hint  string     `json:"hint,omitempty"`
	// Of are the requests that it keeps, each as topic/partition/offset, with a space in between; empty: all.
	Of string `json:"of,omitempty"`
}

// Keeps tells whether it keeps the request of a place, as topic/partition/offset.
func (k Kept) Keeps(place string) bool {
	return k.Of == "" || slices.Contains(strings.Fields(k.Of), place)
}

// NoteKept notes what a purge found, in place of what one noted before. It commits nothing where that is the same. Of
// two purges at once one may be noted.
func NoteKept(ctx context.Context, env jobs.Env, kept []Kept) error {
	t, err := env.Lake.Table(ctx, catalog.DeletionLog)
	if err != nil {
		return err
	}
	var text []byte
	if len(kept) > 0 {
		if text, err = json.Marshal(kept[:min(len(kept), mostKept)]); err != nil {
			return err
		}
	}
	_, err = env.Lake.SwapProperty(ctx, catalog.DeletionLog, keptKey, t.Property(keptKey), string(text))
	return err
}

// ReadKept is what was noted last. It reads no file.
func ReadKept(log lake.Snapshot) (kept []Kept, err error) {
	text := log.Table().Property(keptKey)
	if text == "" {
		return nil, nil
	}
	if err := json.Unmarshal([]byte(text), &kept); err != nil {
		return nil, lake.WithHint(fmt.Errorf("property %s of %s: %w", keptKey, catalog.DeletionLog, err), "run 'lakectl job deletions', which writes it anew")
	}
	return kept, nil
}
