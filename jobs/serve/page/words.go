package page

import (
	"strconv"
	"strings"
	"time"
)

// Minus is the sign of what is below nothing, as wide as a plus. Files for programs have a hyphen.
const Minus = "\u2212"

// Count is a number with its thousands apart, as in 7,934.
func Count(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if digits[0] == '-' {
		sign, digits = Minus, digits[1:]
	}
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return sign + b.String()
}

// Signed is a difference with its sign, as in +163.
func Signed(n int64) string {
	if n > 0 {
		return "+" + Count(n)
	}
	return Count(n)
}

// Day is a UTC day as people say it, with the year where it is not that of now.
func Day(day, now time.Time) string {
	if day.Year() == now.Year() {
		return day.Format("2 January")
	}
	return day.Format("2 January 2006")
}

// clock is a time of day.
func clock(at time.Time) string { return at.UTC().Format("15:04:05") }

// Behind is how long ago something was, in the largest unit that says it.
func Behind(d time.Duration) string {
	switch {
	case d < 2*time.Second:
		return "1 s"
	case d < 2*time.Minute:
		return strconv.Itoa(int(d/time.Second)) + " s"
	case d < 2*time.Hour:
		return strconv.Itoa(int(d/time.Minute)) + " min"
	case d < 48*time.Hour:
		return strconv.Itoa(int(d/time.Hour)) + " hours"
	default:
		return strconv.Itoa(int(d/(24*time.Hour))) + " days"
	}
}

// percent is a whole number of percent of a part in a total, rounded to the nearest.
func percent(part, total int64) string {
	if total <= 0 {
		return ""
	}
	n := (part*200 + total) / (2 * total)
	if n == 0 && part > 0 {
		return "<1 %"
	}
	return strconv.FormatInt(n, 10) + " %"
}
