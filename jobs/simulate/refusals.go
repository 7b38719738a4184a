package simulate

import (
	"bytes"
	"strings"
)

// refusal is a record the archive must not take.
type refusal struct {
	play
	serial int // of its listen id
	fault  *fault
}

// fault is one way of being refused.
type fault struct {
	reason string                // as the quarantine names it
	timed  bool                  // its event time can be read
	spoil  func(b []byte) []byte // turns a valid listen into it; nil: the event time alone is wrong
}

var (
	inFuture = fault{reason: "event_time_in_future", timed: true}
	tooOld   = fault{reason: "event_time_too_old", timed: true}
)

// faults trigger one check each, and none that comes before it.
var faults = []fault{
	{"malformed_json", false, func(b []byte) []byte { return b[:len(b)/2] }},
	{"malformed_json", false, func([]byte) []byte { return []byte{} }},
	{"malformed_json", false, func(b []byte) []byte { return append(append([]byte{'['}, b...), ']') }},
	{"malformed_json", false, func(b []byte) []byte { return append(b, b...) }},
	{"malformed_json", false, func(b []byte) []byte { return append(b[:len(b)-1], ",}"...) }},
	{"malformed_json", false, func(b []byte) []byte { return append(b[:len(b)-1], `,"device":"tv"}`...) }},
	{"malformed_json", false, set("ms_played", "NaN")},
	{"malformed_json", false, set("ms_played", "0180000")},
	{"malformed_json", false, set("client", `"\ud83d beta"`)},
	{"malformed_json", false, set("client", "\"\xff\xfe\"")},
	{"malformed_json", false, set("client", "\"beta\n9\"")},

	{"unknown_type", true, set("type", `"heartbeat"`)},
	{"unknown_type", true, drop("type")},

	{"missing_field", true, drop("listen_id")},
	{"missing_field", true, set("user_id", `""`)},
	{"missing_field", true, set("track_id", "null")},
	{"missing_field", true, drop("artist_id")},
	{"missing_field", true, drop("ms_played")},
	{"missing_field", true, drop("device")},
	{"missing_field", false, drop("event_time")},
	{"missing_field", false, set("type", `"deletion"`)},

	{"invalid_field", true, set("ms_played", "-5")},
	{"invalid_field", true, set("ms_played", "86400001")},
	{"invalid_field", true, set("ms_played", `"180000"`)},
	{"invalid_field", true, set("ms_played", "180000.5")},
	{"invalid_field", true, set("ms_played", "1.8e5")},
	{"invalid_field", true, set("track_ms", "0")},
	{"invalid_field", true, set("country", `"Germany"`)},
	{"invalid_field", true, set("country", `"D1"`)},
	{"invalid_field", true, set("tier", "3")},
	{"invalid_field", true, set("offline", `"yes"`)},
	{"invalid_field", true, set("device", `"pho\u0007ne"`)},
	{"invalid_field", true, set("track_id", `"`+strings.Repeat("t", 300)+`"`)},
	{"invalid_field", false, set("event_time", `"yesterday"`)},
	{"invalid_field", false, set("event_time", `"2026-03-05T10:00:00"`)},
	{"invalid_field", false, deleteNothing},
}

// deleteNothing is a deletion request whose window ends where it starts.
func deleteNothing(b []byte) []byte {
	b = set("type", `"deletion"`)(b)
	b = set("request_id", `"empty-window"`)(b)
	for _, key := range []string{"requested_at", "from", "to"} {
		b = set(key, `"2026-03-05T10:00:00Z"`)(b)
	}
	return b
}

// set replaces the value of a key in a rendered listen, or adds the key.
// Rendered values hold neither commas nor braces.
func set(key, value string) func([]byte) []byte {
	return func(b []byte) []byte {
		pair := []byte(`"` + key + `":` + value)
		start, end := find(b, key)
		if start < 0 {
			return append(append(append(b[:len(b)-1], ','), pair...), '}')
		}
		return append(append(bytes.Clone(b[:start]), pair...), b[end:]...)
	}
}

// drop removes a key that is there from a rendered listen.
func drop(key string) func([]byte) []byte {
	return func(b []byte) []byte {
		start, end := find(b, key)
		return append(bytes.Clone(b[:start]), b[end+1:]...)
	}
}

// find returns where the pair of a key starts and ends, or -1.
func find(b []byte, key string) (start, end int) {
	start = bytes.Index(b, []byte(`"`+key+`":`))
	if start < 0 {
		return -1, -1
	}
	return start, start + bytes.IndexAny(b[start:], ",}")
}

// spoil adds the records that are refused: each fault once and then by chance,
// 0.2 % of the month's listens, and wrong clocks.
func (g *generator) spoil() {
	for i := range max(len(faults), g.want/500) {
		f := &faults[i%len(faults)]
		if i >= len(faults) {
			f = &faults[g.r.IntN(len(faults))]
		}
		user := g.svc.byUse.draw(g.r)
		if i%len(faults) == 0 && i < 2*len(faults) {
			user = int(g.requests[heavyRequest].user)
		}
		p := g.phonePlay(user)
		g.refuse(p, len(g.plays)+len(g.refusals), f)
	}
	for range 2 + g.want/10_000 {
		g.wrongClocks()
	}
}

// wrongClocks adds a clock reset to 1970, one years ahead, and one a microsecond
// beyond each limit.
func (g *generator) wrongClocks() {
	for _, c := range []struct {
		low, high int64 // of the event time, relative to the received time unless absolute
		absolute  bool
		fault     *fault
	}{
		{0, 30 * day, true, &tooOld},
		{-365*day - 1, -365 * day, false, &tooOld},
		{hour + 1, hour + 2, false, &inFuture},
		{day, 3650 * day, false, &inFuture},
	} {
		p := g.phonePlay(g.svc.byUse.draw(g.r))
		p.event = g.between(c.low, c.high)
		if !c.absolute {
			p.event += p.received
		}
		g.refuse(p, len(g.plays)+len(g.refusals), c.fault)
	}
}

// resetClock makes the first copy of a play one with a clock a day ahead. It is
// refused; the copy sent when the clock was set, two minutes later, must count.
func (g *generator) resetClock(i int) {
	early := g.plays[i]
	early.event += day
	g.refuse(early, i, &inFuture)
	g.plays[i].received += 2 * minute
}

func (g *generator) phonePlay(user int) play {
	at := g.within()
	p := g.record(user, phone, at)
	p.flags &^= noTrackMs
	p.received = g.sent(at, p.ms)
	return p
}

func (g *generator) refuse(p play, serial int, f *fault) {
	g.deliveries = append(g.deliveries, delivery{
		received: p.received, index: int32(len(g.refusals)), kind: ofRefusal, user: p.user, ms: p.ms,
	})
	g.refusals = append(g.refusals, refusal{play: p, serial: serial, fault: f})
}
