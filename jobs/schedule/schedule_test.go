package schedule

import (
	"strings"
	"testing"
	"time"
)

// world is a machine: what its two clocks say, and how often a job on it ran.
type world struct {
	t    *testing.T
	when When
	past Past
	now  Instant
	runs []time.Time
}

func newWorld(t *testing.T, text string) *world {
	t.Helper()
	when, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, when: when, now: Instant{Wall: time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC), Up: time.Hour}}
	w.past = when.Waiting(w.now)
	return w
}

// live lets time go by on both clocks, and the job run when it is due.
func (w *world) live(long time.Duration) {
	for end := w.now.Up + long; w.now.Up < end; {
		w.look()
		step := min(10*time.Second, end-w.now.Up)
		w.now.Up += step
		w.now.Wall = w.now.Wall.Add(step)
	}
	w.look()
}

func (w *world) look() {
	if w.when.Due(w.past, w.now) {
		w.runs = append(w.runs, w.now.Wall)
		w.past = w.when.Begin(w.now)
		if w.when.Due(w.past, w.now) {
			w.t.Fatalf("due again at once at %s", w.now.Wall)
		}
	}
}

// jump moves the clock on the wall alone: somebody set it, or the machine slept.
func (w *world) jump(by time.Duration) { w.now.Wall = w.now.Wall.Add(by) }

func (w *world) want(what string, least, most int) {
	w.t.Helper()
	if n := len(w.runs); n < least || n > most {
		w.t.Errorf("%s: %d runs, want %d to %d: %v", what, n, least, most, w.runs)
	}
	w.runs = nil
}

func TestATimeOfDayIsDueOnceADay(t *testing.T) {
	w := newWorld(t, "03:00")
	w.live(3 * day)
	for _, at := range w.runs {
		if at.Hour() != 3 || at.Minute() != 0 {
			t.Errorf("ran at %s", at)
		}
	}
	w.want("three days", 3, 3)
}

func TestAnIntervalIsDueEachTimeItHasPassed(t *testing.T) {
	w := newWorld(t, "15m")
	w.live(day)
	w.want("a day", 96, 96)
}

func TestAClockThatJumpsForwardGivesOneRun(t *testing.T) {
	for text, most := range map[string]int{"03:00": 1, "15m": 1, "1m": 1} {
		w := newWorld(t, text)
		w.live(time.Minute)
		w.runs = nil
		w.jump(30 * day)
		w.look()
		w.live(5 * time.Second)
		w.want(text, 1, most)
		w.live(day)
		if w.when.daily {
			w.want(text+" and the day after", 1, 1)
		}
	}
}

func TestAClockThatJumpsBackGivesNoRunTwiceAndNoDayWithout(t *testing.T) {
	w := newWorld(t, "03:00")
	w.live(day) // the night was run
	w.runs = nil
	w.jump(-2 * time.Hour)
	w.live(day)
	w.want("two hours back", 1, 1)
	w.jump(-365 * day)
	w.live(day + time.Minute)
	w.want("a year back", 1, 1)
	w.live(10 * day)
	w.want("ten days after", 10, 11)

	m := newWorld(t, "15m")
	m.live(time.Minute)
	m.runs = nil
	m.jump(-30 * day)
	m.live(time.Hour)
	m.want("an interval", 4, 4)
}

func TestAClockThatIsSetBackJustAfterTheNightDoesNotRunItAgain(t *testing.T) {
	w := newWorld(t, "03:00")
	w.live(15*time.Hour + 5*time.Minute) // 03:05
	w.want("the night", 1, 1)
	w.jump(-10 * time.Minute) // 02:55, and 03:00 comes by again
	w.live(time.Hour)
	w.want("the same night", 0, 0)
}

func TestALaptopThatSleepsThroughTheNightRunsItInTheMorningOnce(t *testing.T) {
	w := newWorld(t, "03:00")
	for range 5 { // used for 8 hours, asleep for 16
		w.live(8 * time.Hour)
		w.jump(16 * time.Hour)
	}
	w.live(time.Hour)
	w.want("five nights", 5, 5)

	m := newWorld(t, "15m")
	m.live(time.Minute)
	m.runs = nil
	m.jump(16 * time.Hour)
	m.live(14 * time.Minute)
	m.want("an interval", 1, 1)
}

func TestAClockThatFlapsMakesNoStorm(t *testing.T) {
	for text, perHour := range map[string]int{"03:00": 1, "15m": 4 + 60} {
		w := newWorld(t, text)
		w.live(time.Minute)
		w.runs = nil
		for range 60 {
			w.jump(2 * day)
			w.live(30 * time.Second)
			w.jump(-2 * day)
			w.live(30 * time.Second)
		}
		w.want(text, 1, perHour)
	}
}

func TestANightThatNoProcessWasThereForIsDueAtTheStart(t *testing.T) {
	when, err := Parse("03:00")
	if err != nil {
		t.Fatal(err)
	}
	now := Instant{Wall: time.Date(2026, 3, 10, 9, 0, 0, 0, time.UTC)}
	for slot, want := range map[time.Time]bool{
		time.Date(2026, 3, 9, 3, 0, 0, 0, time.UTC):  true,
		time.Date(2026, 3, 10, 3, 0, 0, 0, time.UTC): false,
		time.Date(2027, 3, 10, 3, 0, 0, 0, time.UTC): false, // a clock was wrong
	} {
		p := when.Resumed(slot, now)
		if got := when.Due(p, now); got != want {
			t.Errorf("taken %s: due %t", slot, got)
		}
		later := Instant{Wall: now.Wall.Add(day), Up: now.Up + day}
		if !when.Due(p, later) {
			t.Errorf("taken %s: not due a day later", slot)
		}
	}
}

func TestNextIsWhenItIsDue(t *testing.T) {
	for _, text := range []string{"03:00", "23:59", "00:00", "15m", "1s", "168h"} {
		w := newWorld(t, text)
		w.live(10 * time.Second)
		next := w.when.Next(w.past, w.now)
		rest := next.Sub(w.now.Wall)
		at := func(d time.Duration) Instant { return Instant{Wall: w.now.Wall.Add(d), Up: w.now.Up + d} }
		if !w.when.Due(w.past, at(rest)) || rest > 0 && w.when.Due(w.past, at(rest-time.Nanosecond)) {
			t.Errorf("%s: next is %s, now %s", text, next, w.now.Wall)
		}
	}
	for _, w := range []When{{}, OnSnapshot} {
		if next := w.Next(Past{}, Instant{Wall: time.Now()}); !next.IsZero() || w.Due(Past{}, Instant{}) {
			t.Errorf("%s: %s", w, next)
		}
	}
}

func TestASchedulesTextIsReadAndWrittenTheSame(t *testing.T) {
	for text, want := range map[string]string{"03:00": "03:00", "23:59": "23:59", "15m": "15m0s", "1h30m": "1h30m0s", "off": "off", "snapshot": "snapshot"} {
		when, err := Parse(text)
		if err != nil || when.String() != want {
			t.Errorf("%s: %s, %v", text, when, err)
		}
		if again, err := Parse(when.String()); err != nil || again != when {
			t.Errorf("%s: again %s, %v", text, again, err)
		}
	}
	for _, text := range []string{"", "3:00", "24:00", "03:60", "03:00:00", "15", "-15m", "0s", "1ms", "169h", "nightly", "OFF", "03:00 ", "@daily", "* * * * *"} {
		if when, err := Parse(text); err == nil || !strings.Contains(err.Error(), "such as 03:00") {
			t.Errorf("%q: %s, %v", text, when, err)
		}
	}
}
