package listen

import (
	"fmt"
	"testing"
	"time"
)

// benchRecords are listens of about 250 bytes, written as a collector would.
func benchRecords() (records [][]byte, bytes int) {
	for i := range 1000 {
		raw := fmt.Appendf(nil, `{"type":"listen","listen_id":"01JQ4Z%06d8M3T","user_id":"u-%07d","track_id":"t%05d",`+
			`"artist_id":"a%04d","device":"%s","event_time":"2026-03-%02dT%02d:%02d:%02d.%03dZ","ms_played":%d,`+
			`"country":"DE","tier":"premium","received_time":"2026-03-%02dT23:59:59.123456Z"}`,
			i, i*7919%100000, i*31%9999, i*17%999, []string{"phone", "tablet", "laptop", "speaker", "web"}[i%5],
			1+i%28, i%24, i%60, i%59, i, 1000*(i%300), 1+i%28)
		records = append(records, raw)
		bytes += len(raw)
	}
	return records, bytes
}

func BenchmarkDecode(b *testing.B) {
	records, bytes := benchRecords()
	b.SetBytes(int64(bytes / len(records)))
	b.ReportAllocs()
	inLog := time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	d := NewDecoder(DefaultLimits())
	for i := 0; b.Loop(); i++ {
		if d.Decode(records[i%len(records)], inLog, LogClock) != IsListen {
			b.Fatal(d.Refusal)
		}
	}
}

func BenchmarkDecodeWithExtra(b *testing.B) {
	records, bytes := benchRecords()
	for i, raw := range records {
		records[i] = append(raw[:len(raw)-1], `,"title":"Caf\u00e9","offline":true,"session":{"n":12,"shuffle":false}}`...)
	}
	b.SetBytes(int64(bytes / len(records)))
	b.ReportAllocs()
	d := NewDecoder(DefaultLimits())
	for i := 0; b.Loop(); i++ {
		if d.Decode(records[i%len(records)], 0, NoClock) != IsListen {
			b.Fatal(d.Refusal)
		}
	}
}

func BenchmarkSubject(b *testing.B) {
	b.ReportAllocs()
	k := Key{1, 2, 3}
	for b.Loop() {
		k.Subject("u-0001234567890123456789")
	}
}
