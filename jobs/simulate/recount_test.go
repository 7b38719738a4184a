package simulate

import (
	"bytes"
	"encoding/json"
	"iter"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func sortDescending(all []int) {
	slices.Sort(all)
	slices.Reverse(all)
}

// event is what the recount reads of a record.
type event struct {
	Type         string  `json:"type"`
	ListenID     string  `json:"listen_id"`
	RequestID    string  `json:"request_id"`
	UserID       string  `json:"user_id"`
	Client       string  `json:"client"`
	EventTime    string  `json:"event_time"`
	ReceivedTime string  `json:"received_time"`
	MsPlayed     int     `json:"ms_played"`
	Offline      bool    `json:"offline"`
	From         *string `json:"from"`
	To           *string `json:"to"`
}

var (
	integer  = regexp.MustCompile(`^-?[0-9]+$`)
	escape   = regexp.MustCompile(`\\u[dD][89abAB]..(\\u[dD][c-fC-F]..)?`)
	country  = regexp.MustCompile(`^[A-Za-z]{2}$`)
	required = map[string][]string{
		"listen":   {"listen_id", "user_id", "track_id", "artist_id", "device", "event_time", "ms_played"},
		"deletion": {"request_id", "user_id", "requested_at"},
	}
)

// classify decides, by other means than the product does, where a record ends:
// "listen", "deletion" or a reason for refusal. It knows the faults that are
// made here, not every fault there is.
func classify(value []byte) string {
	var fields map[string]json.RawMessage
	if !utf8.Valid(value) || json.Unmarshal(value, &fields) != nil || fields == nil || halfSurrogate(value) || keyTwice(value, fields) {
		return "malformed_json"
	}
	text := func(key string) string {
		var s string
		_ = json.Unmarshal(fields[key], &s)
		return s
	}
	kind := text("type")
	if required[kind] == nil {
		return "unknown_type"
	}
	for _, key := range required[kind] {
		if raw := string(fields[key]); raw == "" || raw == "null" || raw == `""` {
			return "missing_field"
		}
	}
	if kind == "deletion" {
		if text("from") != "" && text("from") == text("to") {
			return "invalid_field"
		}
		return kind
	}
	return classifyListen(fields, text)
}

func classifyListen(fields map[string]json.RawMessage, text func(string) string) string {
	for key, limits := range map[string][2]int{"ms_played": {0, 86_400_000}, "track_ms": {1, 86_400_000}} {
		raw, present := fields[key]
		if !present {
			continue
		}
		var n int
		if !integer.Match(raw) || json.Unmarshal(raw, &n) != nil || n < limits[0] || n > limits[1] {
			return "invalid_field"
		}
	}
	for _, key := range []string{"listen_id", "user_id", "track_id", "artist_id", "device", "country", "tier", "client"} {
		_, present := fields[key]
		control := func(r rune) bool { return r < 0x20 || r == 0x7f }
		if s := text(key); present && (s == "" || len(s) > 256 || strings.ContainsFunc(s, control)) {
			return "invalid_field"
		}
	}
	if c, present := fields["country"]; present && !country.MatchString(strings.Trim(string(c), `"`)) {
		return "invalid_field"
	}
	if o, present := fields["offline"]; present && string(o) != "true" && string(o) != "false" {
		return "invalid_field"
	}
	at, err := time.Parse(time.RFC3339, text("event_time"))
	received, err2 := time.Parse(time.RFC3339, text("received_time"))
	switch at = at.Truncate(time.Microsecond); {
	case err != nil || err2 != nil:
		return "invalid_field"
	case at.After(received.Add(time.Hour)):
		return "event_time_in_future"
	case at.Before(received.Add(-365 * 24 * time.Hour)):
		return "event_time_too_old"
	}
	return "listen"
}

// The next two find what encoding/json lets pass.

func halfSurrogate(value []byte) bool {
	if !bytes.Contains(value, []byte(`\u`)) {
		return false
	}
	return slices.ContainsFunc(escape.FindAll(value, -1), func(pair []byte) bool { return len(pair) == 6 })
}

func keyTwice(value []byte, fields map[string]json.RawMessage) bool {
	if bytes.Count(value, []byte(`":`)) == len(fields) {
		return false
	}
	d, n := json.NewDecoder(bytes.NewReader(value)), 0
	_, _ = d.Token()
	for d.More() {
		_, _ = d.Token()
		var skipped json.RawMessage
		if d.Decode(&skipped) != nil {
			return true
		}
		n++
	}
	return n != len(fields)
}

// copyOf is one valid copy, in the order of the topic.
type copyOf struct {
	event
	at, received time.Time
	erasedBy     int // index of a request, or -1
}

// recountEvents makes a truth out of bytes alone.
func recountEvents(t *testing.T, events iter.Seq[Event], from time.Time) Truth {
	t.Helper()
	w := Truth{From: from, To: from.AddDate(0, 1, 0), Refused: map[string]int{}}
	w.Doubling = Doubling{Client: doublingClient, Device: "web", From: from.AddDate(0, 0, 8), To: from.AddDate(0, 0, 15)}
	type refusedRecord struct {
		user         string
		at, received time.Time
	}
	var copies []copyOf
	var refused []refusedRecord
	for e := range events {
		w.Records++
		received := time.UnixMicro(e.ReceivedTime).UTC()
		kind := classify(e.Value)
		var r event
		_ = json.Unmarshal(e.Value, &r)
		at, err := time.Parse(time.RFC3339, r.EventTime)
		at = at.UTC().Truncate(time.Microsecond)
		switch kind {
		case "listen":
			if r.UserID != string(e.Key) {
				t.Errorf("key %s, user %s", e.Key, r.UserID)
			}
			copies = append(copies, copyOf{r, at, received, -1})
		case "deletion":
			w.Requests++
			recountRequest(&w, r, received)
		default:
			w.Refused[kind]++
			if err != nil || kind == "malformed_json" {
				at = received
			}
			refused = append(refused, refusedRecord{string(e.Key), at, received})
		}
	}
	for _, r := range refused {
		if coveredBy(&w, r.user, r.at, r.received) >= 0 {
			w.RefusedErased++
		}
	}
	recountCopies(&w, copies)
	return w
}

func recountRequest(w *Truth, r event, received time.Time) {
	for i := range w.Deletions {
		if w.Deletions[i].RequestID == r.RequestID {
			w.Deletions[i].Deliveries++
			return
		}
	}
	d := Deletion{RequestID: r.RequestID, UserID: r.UserID, Received: received, Deliveries: 1}
	if r.From != nil {
		d.From, _ = time.Parse(time.RFC3339, *r.From)
	}
	if r.To != nil {
		d.To, _ = time.Parse(time.RFC3339, *r.To)
	}
	w.Deletions = append(w.Deletions, d)
}

func coveredBy(w *Truth, user string, at, received time.Time) int {
	for i, d := range w.Deletions {
		if d.UserID != user || at.Before(d.From) {
			continue
		}
		if d.To.IsZero() || d.To.After(d.Received) {
			if at.Before(d.Received) || !received.After(d.Received) {
				return i
			}
		} else if at.Before(d.To) {
			return i
		}
	}
	return -1
}

// recountCopies groups the copies by listen and counts every group as a whole.
func recountCopies(w *Truth, copies []copyOf) {
	listens, order := map[string][]copyOf{}, []string{}
	for _, c := range copies {
		c.erasedBy = coveredBy(w, c.UserID, c.at, c.received)
		if c.erasedBy >= 0 && c.received.After(w.Deletions[c.erasedBy].Received) {
			w.Suppressed++
			w.Deletions[c.erasedBy].Suppressed++
			continue
		}
		if listens[c.ListenID] == nil {
			order = append(order, c.ListenID)
		}
		listens[c.ListenID] = append(listens[c.ListenID], c)
	}
	periods := map[string]*Period{}
	for _, id := range order {
		group := listens[id]
		first := group[0]
		name := first.at.Format("2006-01")
		if periods[name] == nil {
			periods[name] = &Period{Period: name}
		}
		recountListen(w, periods[name], group)
		if first.Offline {
			w.Offline++
		}
		if slices.ContainsFunc(group, func(c copyOf) bool { return c.MsPlayed != first.MsPlayed || c.UserID != first.UserID }) {
			w.Conflicts++
		}
	}
	for _, name := range slices.Sorted(maps.Keys(periods)) {
		w.Periods = append(w.Periods, *periods[name])
	}
}

func recountListen(w *Truth, p *Period, group []copyOf) {
	first := group[0]
	month, _ := time.Parse("2006-01", p.Period)
	all := Tally{Listens: 1, Copies: len(group)}
	if first.MsPlayed >= 30_000 {
		all.Qualified = 1
	}
	var late, erased Tally
	for _, c := range group {
		if !c.received.Before(month.AddDate(0, 1, 0)) {
			late.Copies++
		}
		if c.erasedBy >= 0 {
			erased.Copies++
			w.Deletions[c.erasedBy].Erased.Copies++
		}
	}
	if late.Copies == len(group) {
		late.Listens, late.Qualified = 1, all.Qualified
	}
	if erased.Copies == len(group) {
		erased.Listens, erased.Qualified = 1, all.Qualified
		d := &w.Deletions[first.erasedBy].Erased
		d.Listens++
		d.Qualified += all.Qualified
	}
	sum(&w.Tally, all)
	sum(&p.Archived, all)
	sum(&p.Late, late)
	sum(&p.Erased, erased)
	if first.Client == doublingClient {
		sum(&w.Doubling.Tally, all)
	}
}

func sum(t *Tally, more Tally) {
	t.Listens += more.Listens
	t.Copies += more.Copies
	t.Qualified += more.Qualified
}
