package trino

import (
	"time"

	driver "github.com/trinodb/trino-go-client/trino"
)

// Names of the driver's arguments.
const (
	progressCallback = "X-Trino-Progress-Callback"
	progressPeriod   = "X-Trino-Progress-Callback-Period"
)

// Progress is what Trino says of a query: at its start, about once a second, and at its end.
type Progress struct {
	QueryID    string
	State      string  // as Trino names it: QUEUED, RUNNING, FINISHED and others
	Percent    float64 // of the splits; 0 until they are known
	Nodes      int
	Rows       int64 // read from tables
	Bytes      int64 // read from tables
	CPU        time.Duration
	PeakMemory int64 // bytes, of all nodes together
}

// updater is a function as the driver wants it.
type updater func(Progress)

func (u updater) Update(p driver.QueryProgressInfo) {
	s := p.QueryStats
	u(Progress{
		QueryID: p.QueryId, State: s.State, Percent: float64(s.ProgressPercentage), Nodes: s.Nodes, Rows: s.ProcessedRows, Bytes: s.ProcessedBytes,
		CPU: time.Duration(s.CPUTimeMillis) * time.Millisecond, PeakMemory: s.PeakMemoryBytes,
	})
}
