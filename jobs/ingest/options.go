package ingest

import (
	"errors"
	"time"

	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/listen"
)

// ErrUsage is a mistake in what the caller asked for; nothing was ingested.
var ErrUsage = errors.New("wrong usage")

// Options bound one flush and say how to decode. Zero values take the defaults.
type Options struct {
	MostSnapshots int           // of listens, before flushes become rarer; 1,000
	FlushAge      time.Duration // of the oldest record not yet committed; 15 s
	FlushRows     int           // records; 1,000,000
	FlushBytes    int64         // keys and values as they came; 256 MiB
	Limits        listen.Limits // [listen.DefaultLimits]
	// Committed is called after each commit; nil = by nobody.
	Committed func()
	// MaxRefusedPercent stops the run when more of some 10,000 records in a row are refused; 90. 100 never stops.
	MaxRefusedPercent int

	// Kafka only.
	Group           string        // consumer group to share the partitions with; it is told the positions, for tools that show lag. "" = none
	SessionTimeout  time.Duration // without a sign of life for so long a member has left the group; 10 s
	UntilCaughtUp   bool          // stop at the end of each partition as it was at the start; outside of the group
	PartitionsEvery time.Duration // how often to look for new partitions; 5 s
	From            From          // where to start when there is no position, or none that is left
	Metrics         *Metrics      // what it keeps up to date; nil = nothing

	// Files only.
	ReceivedTime *time.Time // of records that carry none
	Source       string     // name of the one source; needed for "-", else the content gives the name
}

func (o Options) withDefaults() Options {
	if o.MostSnapshots <= 0 {
		o.MostSnapshots = mostSnapshots
	}
	if o.FlushAge <= 0 {
		o.FlushAge = 15 * time.Second
	}
	if o.FlushRows <= 0 {
		o.FlushRows = 1_000_000
	}
	if o.FlushBytes <= 0 {
		o.FlushBytes = 256 << 20
	}
	if o.Limits == (listen.Limits{}) {
		o.Limits = listen.DefaultLimits()
	}
	if o.PartitionsEvery <= 0 {
		o.PartitionsEvery = 5 * time.Second
	}
	if o.MaxRefusedPercent <= 0 {
		o.MaxRefusedPercent = 90
	}
	return o
}

// Report says what a run committed. Records that were read but not committed are not in it.
type Report struct {
	Records     int64                   `json:"records"`     // consumed: the sum of the next four
	Archived    int64                   `json:"archived"`    // rows of listens
	Deletions   int64                   `json:"deletions"`   // rows of deletion_requests
	Quarantined map[listen.Reason]int64 `json:"quarantined"` // rows of quarantine
	Suppressed  int64                   `json:"suppressed"`  // listens that an earlier request covers
	Snapshots   int                     `json:"snapshots"`   // commits on listens
	Positions   lake.Positions          `json:"positions"`   // of the source, as listens has them now
	Files       []FileReport            `json:"files"`
	Recovered   []Recovered             `json:"recovered,omitempty"` // tables whose positions were gone; the run ends with [jobs.ErrPartial]
}

// FileReport is what became of one path.
type FileReport struct {
	Path    string `json:"path"`
	Source  string `json:"source"`
	Records int64  `json:"records"`
	Already bool   `json:"already"` // the source had been ingested to its end before
}
