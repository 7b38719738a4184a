package terms

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// What every kind of file checks the same way.

// name is an id or another word that events or reports carry.
func name(value string) (string, error) {
	if value == "" || len(value) > 256 || !printable(value) {
		return "", errors.New("want 1 to 256 bytes of text without control characters")
	}
	if edged(value) {
		return "", fmt.Errorf("%+q begins or ends with a blank", value)
	}
	return value, nil
}

// printable tells whether the text can be kept and shown: valid UTF-8 without control characters.
func printable(value string) bool {
	return utf8.ValidString(value) && strings.IndexFunc(value, func(r rune) bool { return r < ' ' || r == 0x7F }) < 0
}

func country(value string) (string, error) {
	upper, ascii := upperASCII(value)
	if !ascii || len(upper) != 2 || strings.Trim(upper, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return "", fmt.Errorf("%q is not two letters from A to Z", value)
	}
	return upper, nil
}

// upperASCII writes letters large. Others than ASCII's may become one of these by that, so they are told.
func upperASCII(value string) (upper string, ascii bool) {
	for i := range len(value) {
		if value[i] >= utf8.RuneSelf {
			return "", false
		}
	}
	return strings.ToUpper(value), true
}

func date(value string) (string, error) {
	if at, err := time.Parse(time.DateOnly, value); err != nil || at.Year() == 0 {
		return "", fmt.Errorf("%q is not a date like 2026-03-15", value)
	}
	return value, nil
}

// dates checks the two columns of a half-open range of UTC dates; an empty bound is open.
func dates(prefix, from, to string) error {
	for _, bound := range [][2]string{{"_from", from}, {"_to", to}} {
		if bound[1] == "" {
			continue
		}
		if _, err := date(bound[1]); err != nil {
			return fmt.Errorf("%s%s: %w", prefix, bound[0], err)
		}
	}
	if to != "" && from >= to {
		return fmt.Errorf("%[1]s_from %[2]s is not before %[1]s_to %[3]s", prefix, from, to)
	}
	return nil
}

// overlap tells whether a range that starts no earlier than another begins before that one's end.
func overlap(earlierTo, from string) bool { return earlierTo == "" || from < earlierTo }

// since names the begin of a range.
func since(from string) string {
	if from == "" {
		return "since ever"
	}
	return "from " + from
}

// whole reads digits, without a sign.
func whole(value string, least, most int64) (int64, bool) {
	n, err := strconv.ParseInt(value, 10, 64)
	return n, err == nil && value[0] != '+' && n >= least && n <= most
}
