package simulate

import (
	"iter"
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

// byHour are how many of a hundred listens devices make in an hour of the UTC day, relative to the busiest.
var byHour = [24]int{30, 20, 15, 12, 12, 18, 35, 55, 60, 55, 55, 60, 65, 60, 60, 65, 75, 90, 100, 100, 95, 80, 60, 45}

// ListenFrom is what they sent since a time, in order: about so many listens, more by day than by night. Listen goes on
// from there.
func (d *Devices) ListenFrom(since, until time.Time, listens int) iter.Seq[Event] {
	return func(yield func(Event) bool) {
		asked := 0
		for _, share := range byHour {
			asked += share
		}
		asked = listens * 100 * len(byHour) / asked // drawn evenly, so many of them at night that are left out
		for i := range asked {
			at := since.Add(until.Sub(since) / time.Duration(asked) * time.Duration(i)).UTC()
			if d.load.r.IntN(100) >= byHour[at.Hour()] {
				continue
			}
			for _, e := range d.Listen(at) {
				if !yield(e) {
					return
				}
			}
		}
	}
}
