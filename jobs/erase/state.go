package erase

import (
	"fmt"
	"strings"
	"time"
)

// State is how far a request has come. Each state promises everything the ones before it do.
type State string

// The states in order. Packages purge and attest carry requests to [Purged] and [Verified].
const (
	Requested   State = "requested"    // never logged: the row in deletion_requests says it
	Located     State = "located"      // what is to go is written down, nothing is gone
	RowsDeleted State = "rows_deleted" // no current snapshot of the four tables shows a covered row
	Recomputed  State = "recomputed"   // dashboard and royalties are computed without them
	Purged      State = "purged"       // no file that held them is left
	Verified    State = "verified"     // what is left was decoded and holds none of them

	held     State = "held"     // steps of the log that are no states: an operator holds the request,
	released State = "released" // and holds it no more

	Withdrawn State = "withdrawn" // taken back by an operator before anything was done: nothing ever is
)

// Open tells whether the deletions job has something to do for a request in this state.
func (s State) Open() bool { return s == Requested || s == Located || s == RowsDeleted }

// Position is where a request came from. It tells one request row from another: a retried request has the
// same request id and another position.
type Position struct {
	Topic     string `json:"source_topic" col:"source_topic"`
	Partition int64  `json:"source_partition" col:"source_partition"`
	Offset    int64  `json:"source_offset" col:"source_offset"`
}

func (p Position) String() string { return fmt.Sprintf("%s/%d/%d", p.Topic, p.Partition, p.Offset) }

// Counts are rows deleted, or to be deleted, in the four tables.
type Counts struct {
	Listens    int64 `json:"listens" col:"listens"`
	Quarantine int64 `json:"quarantine" col:"quarantine"`
	Counted    int64 `json:"listens_counted" col:"listens_counted"`
	Duplicates int64 `json:"listens_duplicates" col:"listens_duplicates"`
}

func (c Counts) plus(o Counts) Counts {
	return Counts{c.Listens + o.Listens, c.Quarantine + o.Quarantine, c.Counted + o.Counted, c.Duplicates + o.Duplicates}
}

func (c Counts) none() bool { return c == Counts{} }

// list is the form of days and periods in deletion_log; empty when there are none.
func list(items []string) string { return strings.Join(items, ",") }

func unlist(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}

func instant(us int64) time.Time { return time.UnixMicro(us).UTC() }
