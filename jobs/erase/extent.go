package erase

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/listen"
)

// extent is what the metadata of a file says about the times of its rows, in microseconds.
type extent struct {
	from, to int64 // event time: [from, to)
	received int64 // no row was received earlier
}

// extentOf reads the partition and the bounds of a file. What they do not tell is wide open. monthly: the
// table is partitioned by month instead of by day.
func extentOf(f lake.File, monthly bool, receivedID int) extent {
	e := extent{from: math.MinInt64, to: math.MaxInt64, received: math.MinInt64}
	if part, ok := lake.PartitionValue(f).(int); ok {
		start, end := lake.DayStart(part), lake.DayStart(part+1)
		if monthly {
			start = time.Date(1970, time.Month(1+part), 1, 0, 0, 0, 0, time.UTC)
			end = start.AddDate(0, 1, 0)
		}
		e.from, e.to = start.UnixMicro(), end.UnixMicro()
	}
	if bound := f.LowerBoundValues()[receivedID]; len(bound) == 8 {
		e.received = int64(binary.LittleEndian.Uint64(bound))
	}
	return e
}

// meets tells whether a file may hold a copy that the window covers. A window up to the request also covers
// copies from later days, by clocks that ran ahead, if they were received in time.
func (e extent) meets(w listen.Window) bool {
	if e.to <= w.From {
		return false
	}
	if w.UpToRequest {
		return e.from < w.ReceivedTime || e.received <= w.ReceivedTime
	}
	return e.from < w.To
}
