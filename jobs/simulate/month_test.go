package simulate

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func digest(m *Month) [32]byte {
	h := sha256.New()
	for e := range m.Events() {
		_, _ = fmt.Fprintf(h, "%d %d %d ", e.ReceivedTime, len(e.Key), len(e.Value))
		h.Write(e.Key)
		h.Write(e.Value)
	}
	return [32]byte(h.Sum(nil))
}

func TestTheSameSeedGivesTheSameBytes(t *testing.T) {
	o := Options{Seed: 7, Listens: 5000}
	m := New(o)
	first := digest(m)
	if digest(m) != first {
		t.Error("iterating twice gave different bytes")
	}
	again := New(o)
	if digest(again) != first {
		t.Error("the same seed gave different bytes")
	}
	if diff := cmp.Diff(m.Truth(), again.Truth()); diff != "" {
		t.Error("the same seed gave another truth:", diff)
	}
	if digest(New(Options{Seed: 8, Listens: 5000})) == first {
		t.Error("another seed gave the same bytes")
	}
}

// The bytes are part of what a seed means: a change here is a change of every
// figure quoted from the demo.
func TestTheBytesOfASeedNeverChange(t *testing.T) {
	const want = "2bde6a5e7079d2d4c9cece4bb1ebd0c3597985d27a7ac71c57e5bb199e4fd35a"
	if got := fmt.Sprintf("%x", digest(New(Options{Seed: 1, Listens: 2000}))); got != want {
		t.Errorf("digest %s, want %s", got, want)
	}
}

func TestNoRecordOfAMonthIsReceivedAfterItsTail(t *testing.T) {
	for seed := range uint64(20) {
		m := New(Options{Seed: seed, Listens: 1000})
		for e := range m.Events() {
			if at := time.UnixMicro(e.ReceivedTime); !at.Before(m.Truth().To.Add(Tail)) {
				t.Errorf("seed %d: a record is received at %s, the month ends at %s", seed, at.UTC(), m.Truth().To)
			}
		}
	}
}

func TestTruthAgreesWithARecountOfTheBytes(t *testing.T) {
	for _, o := range []Options{
		{Listens: 50_000},
		{Seed: 3, Listens: 1000},
		{Seed: 4, Listens: 3000, Users: 50, Tracks: 20, Artists: 1},
		{Seed: 5, Listens: 3000, Users: 40_000, Month: time.Date(2024, 2, 29, 13, 0, 0, 0, time.UTC)},
		{Seed: 6, Listens: 3000, Month: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)},
	} {
		m := New(o)
		want := m.Truth()
		got := recountEvents(t, m.Events(), want.From)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%+v: truth (-) and recount (+) differ:\n%s", o, diff)
		}
	}
}

func TestEventsComeInOrderOfReceivedTime(t *testing.T) {
	last := int64(0)
	for e := range New(Options{Listens: 5000}).Events() {
		if e.ReceivedTime < last {
			t.Fatalf("received %d after %d", e.ReceivedTime, last)
		}
		last = e.ReceivedTime
		if last%millisecond != 0 {
			t.Fatalf("received time %d is not a whole millisecond", last)
		}
		var stated struct {
			ReceivedTime string `json:"received_time"`
		}
		if json.Unmarshal(e.Value, &stated) == nil {
			if at, err := time.Parse(time.RFC3339, stated.ReceivedTime); err != nil || at.UnixMicro() != last {
				t.Fatalf("record says %q, event %v", stated.ReceivedTime, utc(last))
			}
		}
	}
}

func TestEveryRecordEndsInOnePlace(t *testing.T) {
	w := New(Options{Listens: 5000}).Truth()
	sum := w.Copies + w.Suppressed + w.Requests
	for _, n := range w.Refused {
		sum += n
	}
	if sum != w.Records {
		t.Errorf("%d records end somewhere, want %d", sum, w.Records)
	}
}

func TestTheDemoMonthHasTheShapeOfTheService(t *testing.T) {
	m := New(Options{})
	w := m.Truth()
	month := w.Period("2026-03")
	if month.Archived.Listens != 200_000 {
		t.Errorf("%d listens in the month, want 200000", month.Archived.Listens)
	}
	within := func(name string, got, of int, low, high float64) {
		t.Helper()
		if share := 100 * float64(got) / float64(of); share < low || share > high {
			t.Errorf("%s: %.2f %%, want %.2f to %.2f", name, share, low, high)
		}
	}
	within("under 30 s", w.Listens-w.Qualified, w.Listens, 29, 33)
	within("offline", w.Offline, w.Listens, 1, 2)
	within("late", month.Late.Listens, month.Archived.Listens, 0.1, 1)
	within("conflicts", w.Conflicts, w.Listens, 0.02, 0.2)
	within("retries", w.Copies-w.Listens-w.Doubling.Listens, w.Listens, 1.5, 2.5)
	refused := 0
	for _, n := range w.Refused {
		refused += n
	}
	within("refused", refused, w.Records, 0.1, 0.3)

	devices, users, tracks := map[string]int{}, map[string]int{}, map[string]int{}
	sample, i := 0, 0
	for e := range m.Events() {
		if i++; i%8 != 0 || classify(e.Value) != "listen" {
			continue
		}
		var r struct {
			Device  string `json:"device"`
			UserID  string `json:"user_id"`
			TrackID string `json:"track_id"`
		}
		if err := json.Unmarshal(e.Value, &r); err != nil {
			t.Fatal(err)
		}
		sample++
		devices[r.Device]++
		users[r.UserID]++
		tracks[r.TrackID]++
	}
	if len(devices) != 5 {
		t.Errorf("devices %v, want five", devices)
	}
	within("phone", devices["phone"], sample, 46, 54)
	within("top 1 % of users", top(users), sample, 5, 30)
	within("top 1 % of tracks", top(tracks), sample, 10, 40)
}

// top is what the first hundredth of the keys have together.
func top(counts map[string]int) int {
	var all []int
	for _, n := range counts {
		all = append(all, n)
	}
	sortDescending(all)
	sum := 0
	for _, n := range all[:len(all)/100] {
		sum += n
	}
	return sum
}

func TestTheDoublingReleaseSendsEverythingTwice(t *testing.T) {
	m := New(Options{Listens: 20_000})
	d := m.Truth().Doubling
	if d.Listens < 100 || d.Copies != 2*d.Listens {
		t.Errorf("%d listens, %d copies", d.Listens, d.Copies)
	}
	seen := map[string][]int64{}
	for e := range m.Events() {
		var r event
		if json.Unmarshal(e.Value, &r) != nil || r.Client != d.Client || e.ReceivedTime >= m.Truth().Deletions[0].Received.UnixMicro() {
			continue
		}
		seen[r.ListenID] = append(seen[r.ListenID], e.ReceivedTime)
	}
	if len(seen) != d.Listens {
		t.Errorf("%d listens on the topic, truth says %d", len(seen), d.Listens)
	}
	for id, at := range seen {
		if len(at) != 2 || at[1]-at[0] < 2*second || at[1]-at[0] > 10*second {
			t.Fatalf("%s was received at %d", id, at)
		}
	}
}

func TestDeletionsComeWhenTheLateBuffersAreIn(t *testing.T) {
	for seed := range uint64(20) {
		w := New(Options{Seed: seed, Listens: 1000}).Truth()
		if len(w.Deletions) != 4 || w.Requests != 5 {
			t.Fatalf("%d deletions in %d records", len(w.Deletions), w.Requests)
		}
		users := map[string]bool{}
		suppressed := 0
		for _, d := range w.Deletions {
			users[d.UserID] = true
			suppressed += d.Suppressed
			if d.Erased.Listens == 0 {
				t.Errorf("seed %d: request %s covers nothing", seed, d.RequestID)
			}
			if d.Received.Before(w.To.AddDate(0, 0, 9)) {
				t.Errorf("seed %d: request %s came at %v", seed, d.RequestID, d.Received)
			}
		}
		if len(users) != 4 || suppressed != w.Suppressed || suppressed != 4 {
			t.Errorf("seed %d: %d users, %d suppressed of %d", seed, len(users), suppressed, w.Suppressed)
		}
		if w.RefusedErased == 0 {
			t.Errorf("seed %d: no refused record belongs to a deleted user", seed)
		}
		if late := w.Period(w.From.Format("2006-01")).Late; late.Listens == 0 || late.Copies <= late.Listens {
			t.Errorf("seed %d: late %+v, want listens and a copy of an early one", seed, late)
		}
	}
}

func TestOrdinaryTrafficSettlesBeforeTheFirstDeletion(t *testing.T) {
	m := New(Options{Listens: 20_000})
	w := m.Truth()
	settled, last := w.To.AddDate(0, 0, 9).UnixMicro(), w.To.AddDate(0, 0, 8).UnixMicro()
	after, onTheLastDay := 0, 0
	for e := range m.Events() {
		switch {
		case e.ReceivedTime >= settled:
			after++
		case e.ReceivedTime >= last:
			onTheLastDay++
		}
	}
	if after != w.Requests+w.Suppressed {
		t.Errorf("%d records after the traffic settled, want %d", after, w.Requests+w.Suppressed)
	}
	if onTheLastDay == 0 {
		t.Error("no buffer is drained on the last day")
	}
}

func TestEventsBelongToTheReceiver(t *testing.T) {
	m := New(Options{Listens: 1000})
	want := digest(m)
	for e := range m.Events() {
		clear(e.Key)
		clear(e.Value)
		_ = append(e.Value, "overwrite"...)
	}
	if digest(m) != want {
		t.Error("writing to an event changed the month")
	}
	var kept []Event
	for e := range m.Events() {
		kept = append(kept, e)
	}
	i := 0
	for e := range m.Events() {
		if diff := cmp.Diff(kept[i], e); diff != "" {
			t.Fatalf("event %d changed after it was kept: %s", i, diff)
		}
		i++
	}
}

func BenchmarkMonth(b *testing.B) {
	for b.Loop() {
		bytes := 0
		for e := range New(Options{}).Events() {
			bytes += len(e.Value)
		}
		b.SetBytes(int64(bytes))
	}
}
