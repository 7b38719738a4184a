package lake

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	icetable "github.com/apache/iceberg-go/table"
)

// maxClockLead is how far a change may be older than the one before it. The library refuses more, to write and to read.
const maxClockLead = time.Minute

// onTime refuses to commit where the newest change of the table lies in the future by more than a little: the new
// snapshot would seem older than those that it builds on.
func (t *Table) onTime(now time.Time) error {
	newest := t.ice.Metadata().LastUpdatedMillis()
	for entry := range t.ice.Metadata().SnapshotLogs() {
		newest = max(newest, entry.TimestampMs)
	}
	ahead := time.UnixMilli(newest).Sub(now)
	if ahead <= maxClockLead {
		return nil
	}
	return WithHint(fmt.Errorf("table %s: its newest change is of %s, which is %s ahead of this machine's clock: %w",
		t.name, time.UnixMilli(newest).UTC().Format(time.RFC3339), ahead.Round(time.Second), ErrClock),
		"check the clock (NTP) of this machine and of the one that wrote last; once they agree, wait until that time has come and run the command again")
}

// writtenBack is [ErrClock] where a metadata file is refused because it says to be older than what it holds: an engine
// that does not look at the times changed the table after one whose clock was ahead. nil where that is not what is
// wrong with it.
func writtenBack(path string, err error) error {
	if !errors.Is(err, icetable.ErrInvalidMetadata) {
		return nil
	}
	var times struct {
		LastUpdated int64 `json:"last-updated-ms"`
		Snapshots   []at  `json:"snapshot-log"`
		Versions    []at  `json:"metadata-log"`
	}
	text, readErr := readMetadataFile(path)
	if readErr != nil || json.Unmarshal(text, &times) != nil {
		return nil //nolint:nilerr // what is wrong with the file is said already
	}
	for _, log := range [][]at{times.Snapshots, times.Versions} {
		log = append(log, at{times.LastUpdated})
		for i := range log[1:] {
			before, after := time.UnixMilli(log[i].Millis).UTC(), time.UnixMilli(log[i+1].Millis).UTC()
			if before.Sub(after) <= maxClockLead {
				continue
			}
			return WithHint(fmt.Errorf("file %s: after a change of %s comes one of %s, %s earlier: %w",
				path, before.Format(time.RFC3339), after.Format(time.RFC3339), before.Sub(after).Round(time.Second), ErrClock),
				"check the clock (NTP) of every machine that writes to the table; 'lakectl catalog restore' goes back to its newest version whose times are in order, and with --dry-run says to which")
		}
	}
	return nil
}

// at is the time of an entry of a log in a metadata file.
type at struct {
	Millis int64 `json:"timestamp-ms"`
}

func readMetadataFile(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil || !bytes.HasPrefix(text, []byte{0x1f, 0x8b}) {
		return text, err
	}
	r, err := gzip.NewReader(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}
