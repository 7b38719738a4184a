package catalog

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/lakectl/lakectl/lake"
)

// EventTimes are the newest event times that listens has, by topic and partition, in microseconds since 1970.
// Devices are late as they please, so everything older is not there yet; it only says how far the partition's
// clock has come.
type EventTimes map[string]map[int]int64

// WatermarksOf reads the event times that a snapshot of listens has on record.
func WatermarksOf(s lake.Snapshot) (EventTimes, error) {
	text, err := s.State(Watermarks)
	if err != nil || text == "" {
		return EventTimes{}, err
	}
	var e EventTimes
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		return nil, fmt.Errorf("watermarks in the summary of snapshot %d: %w", s.ID(), err)
	}
	return e, nil
}

// Raise takes in the event times of a batch and tells whether there were any.
func (e EventTimes) Raise(topic string, latest map[int]int64) bool {
	for partition, at := range latest {
		if e[topic] == nil {
			e[topic] = map[int]int64{}
		}
		if was, ok := e[topic][partition]; !ok || at > was {
			e[topic][partition] = at
		}
	}
	return len(latest) > 0
}

// Newest is the newest event time of all; the zero time where there is none.
func (e EventTimes) Newest() time.Time {
	var newest time.Time
	for _, partitions := range e {
		for _, at := range partitions {
			if t := time.UnixMicro(at).UTC(); t.After(newest) {
				newest = t
			}
		}
	}
	return newest
}

// String is the JSON form.
func (e EventTimes) String() string {
	text, err := json.Marshal(e)
	if err != nil {
		panic(err) // strings and integers only
	}
	return string(text)
}
