package simulate

import (
	"math/rand/v2"
	"time"
)

// Devices go on listening after a month, with its listeners and tracks.
type Devices struct{ load load }

// What devices do, of a hundred listens.
const (
	heldBack = 4 // were played hours or days before
	sentOver = 3 // are followed by a second copy of one of the last plays
)

// Devices makes the ones that listen after the month. The same seed makes the same listens of the same times.
func (m *Month) Devices(seed uint64) *Devices {
	const afterTheMonth = 1 << 40 // serials that the month does not have
	return &Devices{load{r: rand.New(rand.NewPCG(seed, 2)), recent: make([]play, 1024), svc: m.svc, sent: afterTheMonth}}
}

// Listen is what devices send at a time: a listen, and sometimes a second copy of an earlier one. Times must not go
// back.
func (d *Devices) Listen(at time.Time) []Event {
	received := at.UnixMilli() * millisecond
	p := d.load.play(received)
	if d.load.r.IntN(100) < heldBack {
		p.event -= d.load.r.Int64N(2*day) + hour
	}
	p.received = received
	d.load.recent[d.load.sent%len(d.load.recent)] = p
	d.load.render(d.load.sent, &p, received)
	d.load.sent++
	events := []Event{d.load.event}
	if d.load.r.IntN(100) < sentOver {
		serial := d.load.sent - 1 - d.load.r.IntN(len(d.load.recent))
		if p := &d.load.recent[serial%len(d.load.recent)]; p.received > 0 {
			d.load.render(serial, p, received)
			events = append(events, d.load.event)
		}
	}
	return events
}
