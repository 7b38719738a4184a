package listen

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
)

func newTestDecoder() *Decoder { return NewDecoder(DefaultLimits()) }

func TestStringsOutliveTheRecordAndTheNextDecode(t *testing.T) {
	d := newTestDecoder()
	records, _ := benchRecords()
	var kept []Listen
	buffer := make([]byte, 1024)
	for _, raw := range records {
		n := copy(buffer, raw)
		d.Decode(buffer[:n], 0, NoClock)
		kept = append(kept, d.Listen)
		clear(buffer)
	}
	for i, l := range kept {
		if again := newTestDecoder(); again.Decode(records[i], 0, NoClock) != IsListen || again.Listen != l {
			t.Fatalf("record %d became %+v later on, not %+v", i, l, again.Listen)
		}
	}
}

func TestOnlyTheResultThatKindNamesIsSet(t *testing.T) {
	d := newTestDecoder()
	cases := readCases(t)
	for i, c := range cases {
		last := cases[(i*31)%len(cases)]
		d.Decode(last.raw, last.recordTime, last.clock)
		kind := d.Decode(c.raw, c.recordTime, c.clock)
		if kind != d.Kind || (kind != IsListen && d.Listen != Listen{}) ||
			(kind != IsDeletion && d.Deletion != Deletion{}) || (kind != IsRefused && d.Refusal != Refusal{}) {
			t.Errorf("%s leaves more than one result: %+v", c.name, d)
		}
	}
}

func TestDecodingAListenAllocatesNothing(t *testing.T) {
	d := newTestDecoder()
	records, _ := benchRecords()
	inLog := time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	perBatch := testing.AllocsPerRun(20, func() {
		for _, raw := range records {
			if d.Decode(raw, inLog, LogClock) != IsListen {
				t.Fatal(d.Refusal)
			}
		}
	})
	if perListen := perBatch / float64(len(records)); perListen > 0.01 {
		t.Errorf("%.3f allocations per listen, beyond those of the chunks", perListen)
	}
}

func TestDetailNeverCarriesWhatWasSent(t *testing.T) {
	d := newTestDecoder()
	secret := "s3cr3t"
	for _, c := range readCases(t) {
		raw := strings.NewReplacer(`"u1"`, `"`+secret+`"`, `"l1"`, `"`+secret+`"`, `"x"`, `"`+secret+`"`).Replace(string(c.raw))
		if d.Decode([]byte(raw), 0, NoClock) == IsRefused && strings.Contains(d.Refusal.Detail, secret) {
			t.Errorf("%s: %s", c.name, d.Refusal.Detail)
		}
		if len(d.Refusal.Detail) > 80 {
			t.Errorf("%s: %q is no short detail", c.name, d.Refusal.Detail)
		}
	}
}

func TestEveryPrefixOfARecordIsMalformed(t *testing.T) {
	d := newTestDecoder()
	raw := []byte(`{"type":"listen","client":"\ud83d\ude00\n","x":[{"y":-1.5e3},true,false,null],"user_id":"u1"}`)
	if d.Decode(raw, 0, NoClock); d.Refusal.Reason != MissingField {
		t.Fatalf("the whole became %+v", d.Refusal)
	}
	for n := range raw {
		if d.Decode(raw[:n], 0, NoClock); d.Refusal.Reason != MalformedJSON || d.Refusal.UserID != "" {
			t.Errorf("%s became %+v", raw[:n], d.Refusal)
		}
	}
}

// The three records below take seconds or gigabytes if refused in the obvious way.
func TestHostileRecordsAreRefusedQuickly(t *testing.T) {
	const size = 1 << 20
	var keys strings.Builder
	for i := range size / 10 {
		fmt.Fprintf(&keys, `"%x":0,`, i)
	}
	deep := strings.Repeat("[", maxDepth-1)
	for name, raw := range map[string]string{
		"nothing but brackets":             `{"x":` + strings.Repeat("[", size),
		"a wrong word deep inside":         `{"x":` + deep + strings.Repeat("t\x01", size/2),
		"many keys, the last for a second": `{` + keys.String() + `"0":0}`,
	} {
		d, start := newTestDecoder(), time.Now()
		allocs := testing.AllocsPerRun(1, func() { d.Decode([]byte(raw), 0, NoClock) })
		if d.Refusal.Reason != MalformedJSON {
			t.Errorf("%s became %+v", name, d.Refusal)
		}
		if spent := time.Since(start); spent > 5*time.Second {
			t.Errorf("%s took %s and %.0f allocations", name, spent, allocs)
		}
	}
}

func TestManyUnknownKeysAreKept(t *testing.T) {
	d := newTestDecoder()
	records, _ := benchRecords()
	for _, n := range []int{1, fewNames, fewNames + 1, 5000} {
		var extra strings.Builder
		for i := range n {
			fmt.Fprintf(&extra, `,"k%d":%d`, i, i)
		}
		raw := string(records[0][:len(records[0])-1]) + extra.String()
		if d.Decode([]byte(raw+"}"), 0, NoClock) != IsListen || d.Listen.Extra != "{"+extra.String()[1:]+"}" {
			t.Errorf("%d keys became %d bytes of extra, %v", n, len(d.Listen.Extra), d.Refusal)
		}
		raw += `,"k\u0030":0}`
		if d.Decode([]byte(raw), 0, NoClock); d.Refusal.Detail != faultTwice {
			t.Errorf("the first of %d keys, twice, became %+v", n, d.Refusal)
		}
	}
}

func TestALargeRecordLeavesNoLargeDecoder(t *testing.T) {
	d := newTestDecoder()
	records, _ := benchRecords()
	var large strings.Builder
	large.Write(records[0][:len(records[0])-1])
	for i := range 50_000 {
		fmt.Fprintf(&large, `,"\u006b%d":"\n"`, i)
	}
	if d.Decode([]byte(large.String()+"}"), 0, NoClock) != IsListen {
		t.Fatal(d.Refusal)
	}
	d.Decode(records[0], 0, NoClock)
	if cap(d.object.members) > keepMembers || cap(d.object.names) > keepMembers || cap(d.scratch) > keepScratch {
		t.Errorf("room for %d members, %d names and %d bytes is kept", cap(d.object.members), cap(d.object.names), cap(d.scratch))
	}
}

func TestNoRecordTimeOverflowsTheLimits(t *testing.T) {
	d := newTestDecoder()
	raw := []byte(`{"type":"listen","listen_id":"l","user_id":"u","track_id":"t","artist_id":"a","device":"d",` +
		`"event_time":"2026-03-05T10:00:00Z","ms_played":1}`)
	for at, want := range map[int64]Reason{
		math.MaxInt64: EventTimeTooOld, math.MaxInt64 / 2: EventTimeTooOld, 0: EventTimeInFuture,
		-1: EventTimeInFuture, math.MinInt64: EventTimeInFuture,
	} {
		if d.Decode(raw, at, GivenTime); d.Refusal.Reason != want || d.Refusal.ReceivedTime != at {
			t.Errorf("received at %d: %+v", at, d.Refusal)
		}
	}
	stamped := append(raw[:len(raw)-1:len(raw)-1], `,"received_time":"2026-03-05T10:00:00Z"}`...)
	for at, want := range map[int64]Reason{math.MaxInt64: "", math.MinInt64: InvalidField} {
		if d.Decode(stamped, at, LogClock); d.Refusal.Reason != want {
			t.Errorf("in the log at %d: %+v", at, d.Refusal)
		}
	}
	request := []byte(`{"type":"deletion","request_id":"r","user_id":"u","requested_at":"2026-03-05T10:00:00Z"}`)
	if d.Decode(request, math.MinInt64, GivenTime) != IsDeletion {
		t.Errorf("a request without from became %+v", d.Refusal)
	}
}

func TestLimitsAreTheDecodersOwn(t *testing.T) {
	d := NewDecoder(Limits{MaxAhead: time.Second, MaxLate: 24 * time.Hour})
	received := time.Date(2026, 3, 5, 10, 0, 0, 0, time.UTC)
	for at, want := range map[time.Time]Reason{
		received.Add(time.Second):                      "",
		received.Add(time.Second + time.Microsecond):   EventTimeInFuture,
		received.Add(-24 * time.Hour):                  "",
		received.Add(-24*time.Hour - time.Nanosecond):  EventTimeTooOld,
		received.Add(-24*time.Hour + time.Microsecond): "",
	} {
		raw := fmt.Sprintf(`{"type":"listen","listen_id":"l","user_id":"u","track_id":"t","artist_id":"a","device":"d",`+
			`"event_time":%q,"ms_played":1}`, at.Format(time.RFC3339Nano))
		if d.Decode([]byte(raw), received.UnixMicro(), GivenTime); d.Refusal.Reason != want {
			t.Errorf("%s became %+v, not %q", at, d.Refusal, want)
		}
	}
}
