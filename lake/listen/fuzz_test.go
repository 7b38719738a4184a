package listen

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// agree decodes a record both ways.
func agree(t *testing.T, d *Decoder, o *oracle, raw []byte, recordTime int64, clock Clock) {
	t.Helper()
	kept := string(raw)
	kind, got := describe(d, d.Decode(raw, recordTime, clock))
	if string(raw) != kept {
		t.Fatalf("%q was written to", kept)
	}
	detail := got["detail"]
	delete(got, "detail")
	if extra, ok := got["extra"]; ok && extra != "-" {
		pairs, err := oraclePairs([]byte(extra))
		if err != nil {
			t.Fatalf("%q: extra is %s: %v", raw, extra, err)
		}
		got["extra"] = oracleExtra(pairs, nil)
	}
	wantKind, about, want := o.answer(raw, recordTime, clock)
	if diff := cmp.Diff(want, got); kind != wantKind || diff != "" {
		t.Fatalf("%q\nbecame %s (%s), not %s (%s)\n%s", raw, kind, detail, wantKind, about, diff)
	}
	if name, _, _ := strings.Cut(strings.TrimSuffix(detail, ":"), ":"); about != "" && strings.Fields(name)[0] != about {
		t.Fatalf("%q\n%s: the detail is %q, but the field %s", raw, kind, detail, about)
	}
}

func FuzzDecode(f *testing.F) {
	for _, c := range readCases(f) {
		f.Add(c.raw, c.recordTime, byte(c.clock))
	}
	records, _ := benchRecords()
	f.Add(records[0], int64(0), byte(NoClock))
	d, o := NewDecoder(DefaultLimits()), &oracle{}
	f.Fuzz(func(t *testing.T, raw []byte, recordTime int64, clock byte) {
		// Kafka's timestamps are milliseconds; the oracle speaks of times in years that RFC 3339 has.
		recordTime %= 100 * 365 * MicrosPerDay
		agree(t, d, o, raw, recordTime, Clock(clock)%(LogClock+1))
	})
}

// Values that are wrong, odd, or right on a border, for any field.
var oddValues = []string{
	`null`, `""`, `" "`, `"x"`, `true`, `false`, `0`, `-0`, `1`, `-1`, `1.0`, `1e2`, `86400000`, `86400001`, `99999999999999999999`, `{}`, `[]`,
	`[null]`, `{"a":1,"a":2}`, `"de"`, `"\u0044E"`, `"K\u212a"`, `"ſs"`, `"a\u0000"`, `"\u007f"`, `"\ud83d\ude00"`, `"\ud83d"`, "\"\xff\"",
	"\"a\nb\"", "\"a\nb\\\"\"", `"é"`, `NaN`, `nul`, `01`, `"2026-03-05T10:00:00Z"`, `"2026-03-05T10:00:00.0000009Z"`, `"2026-03-05T11:00:00Z"`,
	`"2026-03-05T11:00:00.000001Z"`, `"2025-03-05T10:00:00Z"`, `"2025-03-05T09:59:59.999999Z"`, `"2026-03-05T12:00:00+02:00"`,
	`"2026-02-29T00:00:00Z"`, `"2026-03-05T10:00:60Z"`, `"0000-01-01T00:00:00+23:59"`, `"9999-12-31T23:59:59-23:59"`,
	`"0001-01-01T00:00:00Z"`, `"9999-12-31T23:59:59.9Z"`, `"listen"`, `"deletion"`,
	`"` + strings.Repeat("a", 256) + `"`, `"` + strings.Repeat("a", 257) + `"`, `"` + strings.Repeat(`\u0061`, 256) + `"`,
}

func TestDecoderAgreesWithTheContractOnOddRecords(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	d, o := NewDecoder(DefaultLimits()), &oracle{}
	outcomes := map[string]int{}
	for range 20_000 {
		raw := oddRecord(random)
		at := time.Date(2026, 3, 5, 9+random.IntN(2), 0, random.IntN(3), 0, time.UTC).UnixMicro()
		agree(t, d, o, raw, at, Clock(random.IntN(int(LogClock)+1)))
		kind, _ := describe(d, d.Kind)
		outcomes[kind]++
	}
	for _, kind := range []string{
		"listen", "deletion", "malformed_json", "unknown_type", "missing_field", "invalid_field", "event_time_in_future", "event_time_too_old",
	} {
		if outcomes[kind] < 10 {
			t.Errorf("only %d records became %s", outcomes[kind], kind)
		}
	}
}

// oddRecord is a valid record with a few members changed, added, dropped, doubled, moved, and now and then a byte
// wrong.
func oddRecord(random *rand.Rand) []byte {
	time, id := `"2026-03-05T10:00:00Z"`, `"x1"`
	pairs := [][2]string{
		{"type", `"listen"`},
		{"listen_id", id},
		{"user_id", id},
		{"track_id", id},
		{"artist_id", id},
		{"device", `"tv"`},
		{"event_time", time},
		{"ms_played", `1000`},
		{"received_time", time},
	}
	if random.IntN(3) == 0 {
		pairs = [][2]string{{"type", `"deletion"`}, {"request_id", id}, {"user_id", id}, {"requested_at", time}, {"received_time", time}}
	}
	for range random.IntN(4) {
		value := oddValues[random.IntN(len(oddValues))]
		switch random.IntN(5) {
		case 0, 1:
			pairs[random.IntN(len(pairs))][1] = value
		case 2, 3:
			keys := []string{"country", "tier", "client", "offline", "track_ms", "reason", "from", "to", "x", "", "tie\\u0072", "a\\\"b", "event_time"}
			pairs = append(pairs, [2]string{keys[random.IntN(len(keys))], value})
		case 4:
			i := random.IntN(len(pairs))
			pairs[i] = pairs[len(pairs)-1]
			if random.IntN(2) == 0 && len(pairs) > 1 {
				pairs = pairs[:len(pairs)-1]
			}
		}
	}
	blank := []string{"", "", "", " ", "\n\t", "\r"}
	space := func() string { return blank[random.IntN(len(blank))] }
	var b strings.Builder
	b.WriteString(space() + "{")
	for i, p := range pairs {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `%s"%s"%s:%s%s%s`, space(), p[0], space(), space(), p[1], space())
	}
	raw := []byte(b.String() + "}" + space())
	if random.IntN(6) == 0 {
		odd := "\"\\{}[]:,\x00\x1f\x7f\xc3u0e-+.tn "
		raw[random.IntN(len(raw))] = odd[random.IntN(len(odd))]
	}
	return raw
}
