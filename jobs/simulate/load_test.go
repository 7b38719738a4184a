package simulate

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"
)

func TestLoadIsValidUnlessAsked(t *testing.T) {
	o := LoadOptions{Seed: 2, Rows: 20_000, Days: 3, Users: 500, Tracks: 100}
	kinds, ids, days, bytes := map[string]int{}, map[string]bool{}, map[string]int{}, 0
	last := int64(0)
	for e := range Load(o) {
		kinds[classify(e.Value)]++
		bytes += len(e.Value)
		var r event
		if err := json.Unmarshal(e.Value, &r); err != nil {
			t.Fatal(err)
		}
		ids[r.ListenID] = true
		at, _ := time.Parse(time.RFC3339, r.EventTime)
		days[at.UTC().Format(time.DateOnly)]++
		if r.UserID != string(e.Key) || e.ReceivedTime < last || at.UnixMicro() > e.ReceivedTime {
			t.Fatalf("key %s, received %d after %d: %s", e.Key, e.ReceivedTime, last, e.Value)
		}
		last = e.ReceivedTime
	}
	if kinds["listen"] != o.Rows || len(ids) != o.Rows {
		t.Errorf("%v, %d distinct ids, want %d listens", kinds, len(ids), o.Rows)
	}
	if len(days) != 3 || days["2026-03-01"] == 0 || days["2026-03-03"] == 0 {
		t.Errorf("days %v", days)
	}
	if size := bytes / o.Rows; size < 240 || size > 300 {
		t.Errorf("%d bytes a record", size)
	}
}

func TestLoadRepeatsAndRefusesTheSharesAskedFor(t *testing.T) {
	o := LoadOptions{Rows: 20_000, DuplicateShare: 0.25, RefusedShare: 0.1}
	refused, copies := 0, map[string]int{}
	payload := map[string]int{}
	for e := range Load(o) {
		if classify(e.Value) != "listen" {
			refused++
			continue
		}
		var r event
		if err := json.Unmarshal(e.Value, &r); err != nil {
			t.Fatal(err)
		}
		if copies[r.ListenID] > 0 && payload[r.ListenID] != r.MsPlayed {
			t.Fatalf("%s says another thing", r.ListenID)
		}
		copies[r.ListenID]++
		payload[r.ListenID] = r.MsPlayed
	}
	if repeated := o.Rows - refused - len(copies); repeated < 4700 || repeated > 5300 {
		t.Errorf("%d second copies of %d records", repeated, o.Rows)
	}
	if refused < 1800 || refused > 2200 {
		t.Errorf("%d refused of %d", refused, o.Rows)
	}
}

func TestAnyStretchOfAShuffledLoadSpansItsDays(t *testing.T) {
	o := LoadOptions{Rows: 20_000, Days: 100, Shuffled: true, DuplicateShare: 0.1}
	days, n := map[string]bool{}, 0
	for e := range Load(o) {
		var r event
		if err := json.Unmarshal(e.Value, &r); err != nil {
			t.Fatal(err)
		}
		at, err := time.Parse(time.RFC3339, r.EventTime)
		if age := e.ReceivedTime - at.UnixMicro(); err != nil || age < 0 || age > day {
			t.Fatalf("received %d us after the event, %v: %s", age, err, e.Value)
		}
		days[at.UTC().Format(time.DateOnly)] = true
		if n++; n%1000 == 0 {
			if len(days) < o.Days || len(days) > o.Days+1 {
				t.Errorf("records up to %d are of %d days", n, len(days))
			}
			clear(days)
		}
	}
	if n != o.Rows {
		t.Errorf("%d records, want %d", n, o.Rows)
	}
}

func TestLoadGivesTheSameBytesForTheSameSeed(t *testing.T) {
	collect := func(seed uint64) (all []byte) {
		for e := range Load(LoadOptions{Seed: seed, Rows: 1000, Users: 10, Tracks: 10, DuplicateShare: 0.1}) {
			all = append(all, e.Value...)
		}
		return all
	}
	first, again := collect(1), collect(1)
	if !bytes.Equal(first, again) {
		t.Error("the same seed gave different bytes")
	}
	if bytes.Equal(first, collect(2)) {
		t.Error("another seed gave the same bytes")
	}
}

func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for e := range Load(LoadOptions{Rows: b.N, DuplicateShare: 0.02}) {
		b.SetBytes(int64(len(e.Value)))
	}
}
