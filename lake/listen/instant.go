package listen

import (
	"bytes"
	"time"
)

// The first and the last second of the years 1 to 9999 in UTC. An offset can push a time that is written with four
// digits out of them, where neither RFC 3339 nor the engines that read the tables can write it down.
const (
	firstSecond = -62_135_596_800
	lastSecond  = 253_402_300_799
)

// Writable tells whether a time in microseconds since 1970 lies in the years 1 to 9999 in UTC, as every time of an
// event must.
func Writable(micros int64) bool {
	return micros >= firstSecond*1_000_000 && micros < (lastSecond+1)*1_000_000
}

// parseInstant reads an RFC 3339 timestamp into microseconds since 1970 UTC; further digits are cut. It is stricter
// than time.Parse about separators and offsets and, unlike it, takes the lower-case t and z of the RFC. A leap second
// is refused: no engine that reads the tables can hold one. So is what is not [Writable].
func parseInstant(b []byte) (micros int64, ok bool) {
	const local = len("2006-01-02T15:04:05")
	if len(b) <= local || b[4] != '-' || b[7] != '-' || b[10]|0x20 != 't' || b[13] != ':' || b[16] != ':' {
		return 0, false
	}
	year, month, day := number(b[:4]), number(b[5:7]), number(b[8:10])
	hour, minute, second := number(b[11:13]), number(b[14:16]), number(b[17:19])
	if year < 0 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) ||
		hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 {
		return 0, false
	}
	fraction, rest, ok := parseFraction(b[local:])
	if !ok {
		return 0, false
	}
	offset, ok := parseOffset(rest)
	if !ok {
		return 0, false
	}
	t := time.Date(year, time.Month(month), day, hour, minute-offset, second, 0, time.UTC).Unix()
	if t < firstSecond || t > lastSecond {
		return 0, false
	}
	return t*1_000_000 + fraction, true
}

// isLeapSecond tells an RFC 3339 timestamp that names second 60 of the last minute of a day in UTC.
func isLeapSecond(b []byte) bool {
	const at = len("2006-01-02T15:04:")
	if len(b) < at+2 || b[at] != '6' || b[at+1] != '0' {
		return false
	}
	before := bytes.Clone(b)
	before[at], before[at+1] = '5', '9'
	micros, ok := parseInstant(before)
	const day = 86_400
	second := micros / 1_000_000
	return ok && (second%day+day)%day == day-1
}

// parseFraction reads the optional ".123" that b starts with, as microseconds, and returns what follows it.
func parseFraction(b []byte) (micros int64, rest []byte, ok bool) {
	if b[0] != '.' {
		return 0, b, true
	}
	i, unit := 1, int64(100_000)
	for ; i < len(b) && b[i]-'0' <= 9; i++ {
		micros += int64(b[i]-'0') * unit
		unit /= 10
	}
	return micros, b[i:], i > 1
}

// parseOffset reads the "Z" or "+01:00" that b consists of, as minutes east of UTC.
func parseOffset(b []byte) (minutes int, ok bool) {
	if len(b) == 1 {
		return 0, b[0]|0x20 == 'z'
	}
	if len(b) != len("+01:00") || b[0] != '+' && b[0] != '-' || b[3] != ':' {
		return 0, false
	}
	hour, minute := number(b[1:3]), number(b[4:6])
	if hour < 0 || hour > 23 || minute < 0 || minute > 59 {
		return 0, false
	}
	if b[0] == '-' {
		return -hour*60 - minute, true
	}
	return hour*60 + minute, true
}

// number reads digits, or returns -1.
func number(b []byte) int {
	n := 0
	for _, c := range b {
		if c-'0' > 9 {
			return -1
		}
		n = n*10 + int(c-'0')
	}
	return n
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}
