package listen

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestOnlyRFC3339TimestampsAreTimes(t *testing.T) {
	for _, s := range []string{
		"", "Z", "2026-03-05", "2026-03-05T10:00Z", "2026-03-05T10:00:00", "2026-03-05 10:00:00Z", "2026-03-05_10:00:00Z",
		"2026-3-5T10:00:00Z", "26-03-05T10:00:00Z", "02026-03-05T10:00:00Z", "-026-03-05T10:00:00Z", "+2026-03-05T10:00:00Z",
		"20260305T100000Z", "2026/03/05T10:00:00Z", "2026-03-05T10.00.00Z", "2026-W10-4T10:00:00Z", "2026-064T10:00:00Z",
		"2026-00-05T10:00:00Z", "2026-13-05T10:00:00Z", "2026-03-00T10:00:00Z", "2026-03-32T10:00:00Z", "2026-04-31T10:00:00Z",
		"2026-02-29T10:00:00Z", "1900-02-29T10:00:00Z", "2024-02-30T10:00:00Z",
		"2026-03-05T24:00:00Z", "2026-03-05T10:60:00Z", "2016-12-31T23:59:60Z", "2026-03-05T10:00:61Z",
		"2026-03-05T10:00:00.Z", "2026-03-05T10:00:00,5Z", "2026-03-05T10:00:00.5", "2026-03-05T10:00:00.5.5Z", "2026-03-05T10:00:00.-5Z",
		"2026-03-05T10:00:00z0", "2026-03-05T10:00:00ZZ", "2026-03-05T10:00:00 Z", " 2026-03-05T10:00:00Z", "2026-03-05T10:00:00Z ",
		"2026-03-05T10:00:00+1:00", "2026-03-05T10:00:00+0100", "2026-03-05T10:00:00+01", "2026-03-05T10:00:00+01:0",
		"2026-03-05T10:00:00+24:00", "2026-03-05T10:00:00+01:60", "2026-03-05T10:00:00+01:00:00", "2026-03-05T10:00:00*01:00",
		"2026-03-05T10:00:00+-1:00", "2026-03-05T10:00:00−01:00", "2026-03-05T1a:00:00Z", "2026-03-05T10:00:00Ü", "２026-03-05T10:00:00Z",
	} {
		if micros, ok := parseInstant([]byte(s)); ok {
			t.Errorf("%q became %s", s, time.UnixMicro(micros).UTC())
		}
	}
}

func TestTimesOutsideOfTheYears1To9999AreRefused(t *testing.T) {
	for s, want := range map[string]bool{
		"0000-01-01T00:00:00Z":         false,
		"0000-01-01T00:00:00+12:00":    false,
		"0000-12-31T23:59:59.9Z":       false,
		"0001-01-01T00:00:00Z":         true,
		"0001-01-01T00:00:00+00:01":    false,
		"0000-12-31T23:59:00-00:01":    true,
		"9999-12-31T23:59:59.9999999Z": true,
		"9999-12-31T23:59:59-00:01":    false,
		"9999-12-31T23:59:59+00:01":    true,
	} {
		micros, ok := parseInstant([]byte(s))
		if ok != want {
			t.Errorf("%s became %d, %v", s, micros, ok)
		}
		at, err := time.Parse(time.RFC3339Nano, s)
		if err != nil || Writable(at.UnixMicro()) != want {
			t.Errorf("%s is writable: %v, %v", s, !want, err)
		}
		raw := []byte(`{"type":"listen","listen_id":"l","user_id":"u","track_id":"t","artist_id":"a","device":"d","ms_played":1,"received_time":"` + s + `","event_time":"` + s + `"}`)
		if d := NewDecoder(DefaultLimits()); (d.Decode(raw, 0, GivenTime) == IsListen) != want || !want && (d.Refusal.Reason != InvalidField || d.Refusal.HasEventTime || d.Refusal.ReceivedTime != 0) {
			t.Errorf("%s became %d, %+v", s, d.Kind, d.Refusal)
		}
	}
}

func TestTheCalendarIsTheStandardLibrarys(t *testing.T) {
	for year := range 10_000 {
		for month := 1; month <= 12; month++ {
			if want := time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day(); daysIn(year, month) != want {
				t.Fatalf("%04d-%02d has %d days, not %d", year, month, daysIn(year, month), want)
			}
		}
	}
}

func TestTimesAgreeWithTheStandardLibrary(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	first, last := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).Unix(), time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC).Unix()
	for range 100_000 {
		zone := time.FixedZone("", 60*(random.IntN(2*24*60-1)-24*60+1))
		want := time.Unix(first+random.Int64N(last-first), random.Int64N(1e9)).In(zone)
		s := want.Format(time.RFC3339Nano)
		got, ok := parseInstant([]byte(s))
		if want.Year() < 0 || want.Year() > 9999 {
			continue
		}
		if !ok || got != want.UnixMicro() {
			t.Fatalf("%s became %d, %v, not %d", s, got, ok, want.UnixMicro())
		}
	}
}

func TestDigitsBeyondMicrosecondsAreCut(t *testing.T) {
	for _, year := range []string{"2026", "1969", "0001"} {
		second, ok := parseInstant([]byte(year + "-12-31T23:59:59Z"))
		if !ok {
			t.Fatal(year)
		}
		for digits, want := range map[string]int64{
			"9": 900_000, "000001": 1, "0000009": 0, "999999": 999_999, "9999999": 999_999, "99999999999999999999999": 999_999,
		} {
			if got, ok := parseInstant([]byte(year + "-12-31T23:59:59." + digits + "Z")); !ok || got-second != want {
				t.Errorf("%s .%s became %d microseconds, not %d", year, digits, got-second, want)
			}
		}
	}
}
