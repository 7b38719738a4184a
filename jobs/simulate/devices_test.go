package simulate_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/lakectl/lakectl/jobs/simulate"
)

func TestDevicesSendSomeLateAndSomeTwice(t *testing.T) {
	t.Parallel()
	month := simulate.New(simulate.Options{Seed: 3, Listens: 1000})
	known := map[string]bool{}
	for e := range month.Events() {
		var r struct {
			ID string `json:"listen_id"`
		}
		if json.Unmarshal(e.Value, &r) == nil && r.ID != "" {
			known[r.ID] = true
		}
	}
	at := time.Date(2026, 5, 7, 12, 0, 0, 0, time.UTC)
	devices, again := month.Devices(1), month.Devices(1)
	seen := map[string]int{}
	late := 0
	for range 5000 {
		events, same := devices.Listen(at), again.Listen(at)
		if len(events) != len(same) || string(events[0].Value) != string(same[0].Value) {
			t.Fatal("the same seed made other listens")
		}
		for _, e := range events {
			var r struct {
				ID       string    `json:"listen_id"`
				Event    time.Time `json:"event_time"`
				Received time.Time `json:"received_time"`
			}
			if err := json.Unmarshal(e.Value, &r); err != nil {
				t.Fatalf("%s: %v", e.Value, err)
			}
			if known[r.ID] || !r.Received.Equal(at) || r.Event.After(at.Add(time.Hour)) {
				t.Fatalf("a listen of the month, or of another time: %s", e.Value)
			}
			if seen[r.ID]++; seen[r.ID] == 1 && at.Sub(r.Event) > time.Hour+time.Minute {
				late++
			}
		}
		at = at.Add(5 * time.Millisecond)
	}
	twice := 0
	for _, n := range seen {
		if n > 1 {
			twice++
		}
	}
	if len(seen) != 5000 || late < 100 || late > 400 || twice < 50 || twice > 300 {
		t.Errorf("%d listens, %d late, %d twice", len(seen), late, twice)
	}
}

func TestWeeksOfDevicesAreAsManyListensAsAskedForAndMoreByDay(t *testing.T) {
	m := simulate.New(simulate.Options{Seed: 3, Listens: 1000})
	since := m.Truth().To
	until, hours, n, last := since.AddDate(0, 0, 20), map[int]int{}, 0, since
	for e := range m.Devices(7).ListenFrom(since, until, 10_000) {
		at := time.UnixMicro(e.ReceivedTime).UTC()
		if at.Before(last) || !at.Before(until) {
			t.Fatalf("received %s after %s", at, last)
		}
		n, last = n+1, at
		hours[at.Hour()]++
	}
	if copies := n - 10_000; copies < -500 || copies > 900 {
		t.Errorf("%d records of 10,000 listens", n)
	}
	if hours[18] < 4*hours[3] {
		t.Errorf("%d in the evening, %d at night", hours[18], hours[3])
	}
}
