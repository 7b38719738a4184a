package ingest

import "time"

// LookEvery makes metrics ask for the ends of the partitions as often as a test wants.
func (m *Metrics) LookEvery(d time.Duration) { m.every = d }
