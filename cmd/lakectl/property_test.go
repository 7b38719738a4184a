package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// This file recounts a random stream of events in plain Go. It shares nothing with the statements, nor with the
// decoder: events are maps, and what must come out is worked out from the definitions.

type event map[string]any

func (e event) text(key string) string { s, _ := e[key].(string); return s }

func (e event) at(key string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, e.text(key))
	if err != nil {
		panic(err) // the generator writes valid times only
	}
	return t
}

// randomEvents is a small world in which everything collides: few users, ids and tracks, copies of copies with
// later or other contents, requests before and after what they cover, and records to refuse.
func randomEvents(seed uint64, n int) []event {
	r := rand.New(rand.NewPCG(seed, 3))
	pick := func(prefix string, n int) string { return fmt.Sprintf("%s%d", prefix, r.IntN(n)) }
	stamp := func(t time.Time) string { return t.In(time.FixedZone("", (r.IntN(5)-2)*3600)).Format(time.RFC3339Nano) }
	from := time.Date(2026, 3, 29, 0, 0, 0, 0, time.UTC)
	moment := func() time.Time { return from.Add(time.Duration(r.IntN(6*24*60)) * time.Minute) }
	var events []event
	for range n {
		switch x := r.IntN(20); {
		case x == 0: // a deletion request
			received := moment()
			e := event{"type": "deletion", "request_id": pick("r", 99), "user_id": pick("u", 4), "requested_at": stamp(received), "received_time": stamp(received)}
			if start := moment(); r.IntN(2) == 0 && start.Before(received) {
				e["from"] = stamp(start)
				if end := moment(); r.IntN(2) == 0 && end.After(start) {
					e["to"] = stamp(end)
				}
			}
			events = append(events, e)
		case x < 5 && len(events) > 0: // another copy of an earlier record
			e := maps.Clone(events[r.IntN(len(events))])
			if r.IntN(2) == 0 && e["type"] == "listen" {
				e["received_time"] = stamp(e.at("received_time").Add(time.Duration(r.IntN(300)) * time.Minute))
			}
			if r.IntN(3) == 0 && e["type"] == "listen" {
				e["ms_played"] = r.IntN(3) * 30_000
			}
			events = append(events, e)
		default:
			at := moment()
			e := event{
				"type": "listen", "listen_id": pick("l", n/2+1), "user_id": pick("u", 4), "track_id": pick("t", 3), "artist_id": pick("A", 2),
				"device": pick("d", 2), "event_time": stamp(at), "received_time": stamp(at.Add(time.Duration(r.IntN(3000)-30) * time.Minute)),
				"ms_played": r.IntN(3) * 30_000, "country": []string{"de", "DE", "br"}[r.IntN(3)],
			}
			if r.IntN(10) == 0 {
				delete(e, []string{"listen_id", "device", "country"}[r.IntN(3)])
			}
			if r.IntN(15) == 0 {
				e["received_time"] = stamp(at.Add(-2 * time.Hour)) // a clock too far ahead
			}
			events = append(events, e)
		}
	}
	return events
}

// covered tells whether a deletion request erases a copy, in the words of the contract.
func covered(d, c event) bool {
	request := d.at("received_time")
	if d["user_id"] != c["user_id"] || d["from"] != nil && c.at("event_time").Before(d.at("from")) {
		return false
	}
	if d["to"] != nil && !d.at("to").After(request) {
		return c.at("event_time").Before(d.at("to"))
	}
	return c.at("event_time").Before(request) || !c.at("received_time").After(request)
}

// recountEvents works out what the lake must hold.
func recountEvents(events []event) expected {
	want := expected{Quarantine: map[string]int64{}}
	var requests, copies, refused []event
	for _, e := range events {
		switch {
		case e["type"] == "deletion":
			requests = append(requests, e)
		case e["listen_id"] == nil || e["device"] == nil:
			e["refused"] = "missing_field"
			refused = append(refused, e)
		case e.at("event_time").After(e.at("received_time").Add(time.Hour)):
			e["refused"] = "event_time_in_future"
			refused = append(refused, e)
		default:
			copies = append(copies, e)
		}
	}
	gone := func(c event) bool { return slices.ContainsFunc(requests, func(d event) bool { return covered(d, c) }) }
	left := slices.DeleteFunc(slices.Clone(copies), gone)
	for _, e := range slices.DeleteFunc(refused, gone) { // a request reaches refused records too
		want.Quarantine[e.text("refused")]++
	}
	want.Archived, want.Erased = int64(len(left)), int64(len(copies)-len(left))

	rank := func(c event) string {
		country := "ZZ"
		if c["country"] != nil {
			country = strings.ToUpper(c.text("country"))
		}
		return fmt.Sprintf("%020d %020d %020v %s %s %s %s %s", c.at("received_time").UnixMicro(), c.at("event_time").UnixMicro(), c["ms_played"],
			c["track_id"], c["artist_id"], c["user_id"], country, c["device"])
	}
	best := map[string]event{}
	for _, c := range left {
		id := c.text("listen_id")
		if now, ok := best[id]; !ok || rank(c) < rank(now) {
			best[id] = c
		}
	}
	want.Counted, want.Duplicates = int64(len(best)), int64(len(left)-len(best))
	lines, plays := map[string]map[string]any{}, map[string]map[string]any{}
	for _, c := range best {
		country := "ZZ"
		if c["country"] != nil {
			country = strings.ToUpper(c.text("country"))
		}
		at := c.at("event_time").UTC()
		key := map[string]any{"period": at.Format("2006-01"), "artist_id": c["artist_id"], "track_id": c["track_id"], "country": country, "tier": "unknown"}
		qualified := 0.0
		if c["ms_played"].(int) >= 30_000 {
			qualified = 1
		}
		count(lines, key, "listens", 1)
		count(lines, key, "qualified_listens", qualified)
		count(plays, map[string]any{"day": at.Format(time.DateOnly), "artist_id": c["artist_id"], "track_id": c["track_id"]}, "plays", 1)
	}
	want.RoyaltyLines, want.PlaysByDay = inOrder(lines), inOrder(plays)
	return want
}

func count(sums map[string]map[string]any, key map[string]any, column string, n float64) {
	name := fmt.Sprint(key)
	if sums[name] == nil {
		sums[name] = maps.Clone(key)
	}
	had, _ := sums[name][column].(float64)
	sums[name][column] = had + n
}

// inOrder lists rows by their printed key columns, the order of both sides of the comparison.
func inOrder(rows map[string]map[string]any) []map[string]any {
	list := slices.Collect(maps.Values(rows))
	sortRows(list)
	return list
}

func sortRows(list []map[string]any) {
	slices.SortFunc(list, func(a, b map[string]any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
}

func TestRandomEventsAgreeWithARecountInGo(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			events := randomEvents(seed, 70)
			lines := make([]string, len(events))
			for i, e := range events {
				text, err := json.Marshal(e)
				if err != nil {
					t.Fatal(err)
				}
				lines[i] = string(text)
			}
			l := newLakeDir(t, false)
			r := rand.New(rand.NewPCG(seed, 4))
			for at, part := 0, 0; at < len(lines); part++ {
				next := min(at+1+r.IntN(30), len(lines))
				l.ingest(lines[at:next], fmt.Sprintf("part-%d", part))
				if r.IntN(2) == 0 {
					l.jobs()
				}
				if r.IntN(3) == 0 {
					l.run(nil, "job", "rollup")
				}
				at = next
			}
			l.jobs()
			l.run(nil, "job", "royalties", "--full")
			got, want := l.state(), recountEvents(events)
			sortRows(got.RoyaltyLines)
			sortRows(got.PlaysByDay)
			got.Payouts = nil // no pools here
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("(-recount +lake)\n%s", diff)
			}
		})
	}
}
