package ingest

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/listen"
)

// Filter selects refused records. Those that a replay has brought in or found suppressed are no longer refused.
type Filter struct {
	Reason string    // "" = any; one that there is not is [ErrUsage]
	Since  time.Time // of received_time, inclusive; zero = any
	Limit  int       // 0 = 100
	All    bool      // list what became of replayed records, too; counts leave them out
}

// check refuses a reason that no record can have: an empty list would look like good news.
func (f Filter) check() error {
	known := listen.Reasons()
	if f.Reason == "" || slices.Contains(known, listen.Reason(f.Reason)) {
		return nil
	}
	names := make([]string, len(known))
	for i, reason := range known {
		names[i] = string(reason)
	}
	return lake.WithHint(fmt.Errorf("%q is no reason to refuse a record: %w", f.Reason, ErrUsage), "give one of %s", strings.Join(names, ", "))
}

// Refused is one record that was refused.
type Refused struct {
	Reason       listen.Reason `json:"reason" col:"reason"`
	Detail       string        `json:"detail" col:"detail"`
	Source       string        `json:"source" col:"source_topic"`
	Partition    int           `json:"partition" col:"source_partition"`
	Offset       int64         `json:"offset" col:"source_offset"`
	ReceivedTime time.Time     `json:"received_time" col:"received_time"`
	Raw          string        `json:"raw"`                                      // the beginning of the record, in hex after "hex:" where it is no text
	Outcome      Outcome       `json:"outcome,omitempty" text:"-" col:"outcome"` // "" = still refused
	OutcomeAt    *time.Time    `json:"outcome_at,omitempty" text:"-" col:"outcome_at"`
}

// Quarantined lists refused records, newest first.
func Quarantined(ctx context.Context, env jobs.Env, f Filter) (list []Refused, err error) {
	if f.Limit <= 0 {
		f.Limit = 100
	}
	type record struct {
		Refused
		Raw []byte `col:"raw"`
	}
	err = f.query(ctx, env, func(db *jobs.Session) error {
		return jobs.EachRecord(ctx, db, "ingest/quarantine", []any{f.Reason, f.since(), f.All, f.Limit}, func(r record) error {
			r.Refused.Raw = shown(r.Raw)
			list = append(list, r.Refused)
			return nil
		})
	})
	return list, err
}

// QuarantineCounts counts the refused records of a filter by reason; Limit is not applied.
func QuarantineCounts(ctx context.Context, env jobs.Env, f Filter) (map[listen.Reason]int64, error) {
	counts := map[listen.Reason]int64{}
	var reason listen.Reason
	var n int64
	err := f.query(ctx, env, func(db *jobs.Session) error {
		return db.Each(ctx, "ingest/quarantine_counts", []any{f.Reason, f.since()}, []any{&reason, &n}, func() error { counts[reason] = n; return nil })
	})
	return counts, err
}

// ReplayedCounts counts the records of a filter that replays have brought in or found suppressed.
func ReplayedCounts(ctx context.Context, env jobs.Env, f Filter) (map[Outcome]int64, error) {
	counts := map[Outcome]int64{}
	var outcome Outcome
	var n int64
	err := f.query(ctx, env, func(db *jobs.Session) error {
		return db.Each(ctx, "ingest/quarantine_replayed", []any{f.Reason, f.since()}, []any{&outcome, &n}, func() error { counts[outcome] = n; return nil })
	})
	return counts, err
}

// since is the filter's time as the statements take it: microseconds since 1970, nil for any.
func (f Filter) since() any {
	if f.Since.IsZero() {
		return nil
	}
	return f.Since.UnixMicro()
}

// query calls read with a DuckDB that has the relation quarantine.
func (f Filter) query(ctx context.Context, env jobs.Env, read func(*jobs.Session) error) (err error) {
	if err := f.check(); err != nil {
		return err
	}
	s, err := env.Snapshot(ctx, catalog.Quarantine)
	if err == nil {
		err = needOutcomes(s)
	}
	if err != nil {
		return err
	}
	db, err := env.Open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.Bind(ctx, "quarantine", s); err != nil {
		return err
	}
	if err := read(db); err != nil {
		return fmt.Errorf("read quarantine: %w", err)
	}
	return nil
}

// needOutcomes refuses a table of quarantine that an earlier version made.
func needOutcomes(quarantine lake.Snapshot) error {
	return quarantine.NeedColumns("source_time", "outcome", "outcome_at")
}

// shownBytes is how much of a record a list shows; a listen is about half of it.
const shownBytes = 512

// shown is the beginning of a record for people.
func shown(raw []byte) string {
	cut := raw
	if len(cut) > shownBytes {
		cut = cut[:shownBytes]
		for i := 0; i < utf8.UTFMax-1 && len(cut) > 0 && !utf8.Valid(cut); i++ {
			cut = cut[:len(cut)-1] // the cut went through a character
		}
	}
	more := ""
	if len(cut) < len(raw) {
		more = "..."
	}
	if utf8.Valid(cut) {
		return string(cut) + more
	}
	return "hex:" + hex.EncodeToString(raw[:min(len(raw), shownBytes)]) + more
}
