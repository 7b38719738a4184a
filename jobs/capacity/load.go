package capacity

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// Load is what has to be carried.
type Load struct {
	ListensPerSecond float64       `json:"listens_per_second"` // all the time; of a load that varies the most that lasts
	Days             int           `json:"days"`               // that the archive and the ledger are kept
	Flush            time.Duration `json:"-"`                  // ingest.flush_age
	FlushSeconds     float64       `json:"flush_seconds"`
	FlushRows        int64         `json:"flush_rows"`  // ingest.flush_rows
	FlushBytes       int64         `json:"flush_bytes"` // ingest.flush_bytes
	Share            int           `json:"members_a_commit"`
	Catalog          string        `json:"catalog"`
}

// Catalogs are the types of catalogs whose commits were measured.
var Catalogs = []string{"sqlite", "postgres", "rest"}

// Beyond these a plan would only multiply.
const (
	leastListens = 1e-6 // a second: three a month
	mostListens  = 1e9  // a second: ten billion people who each hear a song of ten seconds after the other
	mostDays     = 36_600
	mostShare    = 100_000
)

func (l Load) check() error {
	switch {
	case !(l.ListensPerSecond >= leastListens) || math.IsInf(l.ListensPerSecond, 0):
		return fmt.Errorf("%v listens a second: at least %v", l.ListensPerSecond, leastListens)
	case l.ListensPerSecond > mostListens:
		return fmt.Errorf("%.0f listens a second: at most %.0f", l.ListensPerSecond, float64(mostListens))
	case l.Days < 1 || l.Days > mostDays:
		return fmt.Errorf("%d days: from 1 to %d", l.Days, mostDays)
	case l.Flush < time.Second || l.Flush > 24*time.Hour:
		return fmt.Errorf("a flush every %s: from 1s to 24h", l.Flush)
	case l.FlushRows < 1 || l.FlushBytes < 1:
		return fmt.Errorf("a flush at %d rows and %d bytes: at least 1", l.FlushRows, l.FlushBytes)
	case l.Share < 1 || l.Share > mostShare:
		return fmt.Errorf("%d members a commit: from 1 to %d", l.Share, mostShare)
	case !slices.Contains(Catalogs, l.Catalog):
		return fmt.Errorf("catalog %q: one of %v", l.Catalog, Catalogs)
	}
	return nil
}
