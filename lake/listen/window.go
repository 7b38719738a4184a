package listen

import "math"

// Window is the set of events that a deletion names: [From, To) of event_time, and if it runs up to the request, also
// every copy that had arrived by then, even one whose clock ran ahead.
type Window struct {
	From         int64 // math.MinInt64 = since ever
	To           int64 // the request's ReceivedTime if UpToRequest
	UpToRequest  bool
	ReceivedTime int64 // of the request
}

// Window is what d erases. A To later than the request's arrival means the same as none: nobody can ask for the erasure
// of what they have yet to do.
func (d Deletion) Window() Window {
	w := Window{From: math.MinInt64, To: d.ReceivedTime, UpToRequest: true, ReceivedTime: d.ReceivedTime}
	if d.From != nil {
		w.From = *d.From
	}
	if d.To != nil && *d.To <= d.ReceivedTime {
		w.To, w.UpToRequest = *d.To, false
	}
	return w
}

// Covers tells whether a copy with these times is to be erased.
func (w Window) Covers(eventTime, receivedTime int64) bool {
	if eventTime < w.From {
		return false
	}
	return eventTime < w.To || w.UpToRequest && receivedTime <= w.ReceivedTime
}
