package schedule

import (
	"fmt"
	"time"
)

// day is the period of a time of day. UTC has no other.
const day = 24 * time.Hour

// Bounds of an interval: shorter ones would start a process all the time, longer ones are nights.
const (
	shortest = time.Second
	longest  = 7 * day
)

// Shape is what [Parse] takes, in words.
const Shape = "a time of day in UTC such as 03:00, an interval such as 15m (1s to 168h), or off"

// When says when a job runs. The zero value is never.
type When struct {
	every    time.Duration // an interval
	daily    bool
	at       time.Duration // since midnight, where daily
	snapshot bool
}

// OnSnapshot runs a job on every new snapshot of the archive.
var OnSnapshot = When{snapshot: true}

// Parse reads a When; its errors are in the words of [Shape].
func Parse(text string) (When, error) {
	switch text {
	case "off":
		return When{}, nil
	case "snapshot":
		return OnSnapshot, nil
	}
	if at, err := time.Parse("15:04", text); err == nil && len(text) == len("15:04") {
		return When{daily: true, at: time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute}, nil
	}
	every, err := time.ParseDuration(text)
	if err != nil {
		return When{}, fmt.Errorf("%q is no schedule: give %s", text, Shape)
	}
	if every < shortest || every > longest {
		return When{}, fmt.Errorf("the interval %s is out of bounds: give %s", text, Shape)
	}
	return When{every: every}, nil
}

// String is what Parse reads.
func (w When) String() string {
	switch {
	case w.snapshot:
		return "snapshot"
	case w.daily:
		return fmt.Sprintf("%02d:%02d", int(w.at/time.Hour), int(w.at%time.Hour/time.Minute))
	case w.every > 0:
		return w.every.String()
	}
	return "off"
}

// IsOff tells whether the job never runs by itself.
func (w When) IsOff() bool { return w == When{} }

// IsDaily tells whether the job runs at a time of day, whose [Past.Slot] is worth keeping over restarts.
func (w When) IsDaily() bool { return w.daily }

// IsOnSnapshot tells whether new snapshots of the archive make the job due, which the caller knows and not the clock.
func (w When) IsOnSnapshot() bool { return w.snapshot }

// Instant is now, by both clocks.
type Instant struct {
	Wall time.Time
	Up   time.Duration // since some moment of this process, by a clock that only goes forward
}

// Past is what is known of a job's runs. The zero value is nothing.
type Past struct {
	Began Instant   // of the newest run in this process
	Ran   bool      // there was one
	Slot  time.Time // of a daily job: the newest time of day that a run was for, in this process or one before; zero for none
}

// Due tells whether the job is due. One with an interval is due at once where nothing is known of it. One with a time
// of day then waits for it: [When.Waiting] is a Past for that.
func (w When) Due(p Past, now Instant) bool {
	switch {
	case w.every > 0:
		return !p.Ran || now.Up-p.Began.Up >= w.every || now.Wall.Sub(p.Began.Wall) >= w.every
	case w.daily:
		slot := w.slot(now.Wall)
		return slot.After(p.Slot) || p.Ran && now.Up-p.Began.Up >= w.patience(slot, p)
	}
	return false
}

// patience is how long a job with a time of day waits for it by the uptime: a day where the clock says that the newest
// run lies ahead. Where it says the day of that run, the time of day is at most a day away, unless the clock is set
// back again and again.
func (w When) patience(slot time.Time, p Past) time.Duration {
	if slot.Before(p.Slot) {
		return day
	}
	return 2 * day
}

// Begin is the past after a run that began then.
func (w When) Begin(then Instant) Past {
	return Past{Began: then, Ran: true, Slot: w.slot(then.Wall)}
}

// Waiting is the past of a job that is watched from now on and was never run: the slot that went by last is not due,
// and the day of uptime counts from here.
func (w When) Waiting(now Instant) Past { return w.Begin(now) }

// Resumed is the past of a job whose newest slot an earlier process took. One that lies ahead is of a clock that was
// wrong, then or now: the day of uptime counts from here.
func (w When) Resumed(slot time.Time, now Instant) Past {
	return Past{Began: now, Ran: true, Slot: slot}
}

// Next is when the job is due next if the clock does not jump; now where it is due, and zero where no clock tells.
func (w When) Next(p Past, now Instant) time.Time {
	switch {
	case w.Due(p, now):
		return now.Wall
	case w.every > 0:
		return now.Wall.Add(min(w.every-(now.Up-p.Began.Up), w.every-now.Wall.Sub(p.Began.Wall)))
	case w.daily:
		next := w.slot(now.Wall)
		for !next.After(p.Slot) && next.Before(now.Wall.Add(2*day)) {
			next = next.Add(day)
		}
		if latest := now.Wall.Add(w.patience(w.slot(now.Wall), p) - (now.Up - p.Began.Up)); p.Ran && latest.Before(next) {
			return latest
		}
		return next
	}
	return time.Time{}
}

// slot is the newest moment of the time of day that is not after now.
func (w When) slot(now time.Time) time.Time {
	if !w.daily {
		return time.Time{}
	}
	slot := now.UTC().Truncate(day).Add(w.at) // days of UTC begin at multiples of 24 hours since year 1
	if slot.After(now) {
		slot = slot.Add(-day)
	}
	return slot
}
