package config

import (
	"math"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
)

// ByteSize is a number of bytes that is typed as 256MiB.
type ByteSize int64

var byteUnits = []struct {
	name  string
	bytes int64
}{
	{"KiB", 1 << 10},
	{"MiB", 1 << 20},
	{"GiB", 1 << 30},
	{"TiB", 1 << 40},
	{"KB", 1e3},
	{"MB", 1e6},
	{"GB", 1e9},
	{"TB", 1e12},
	{"B", 1},
}

// parse puts values into field, a pointer as Key.field returns it. False
// means that the value is not one of those that allowed describes.
func (k *Key) parse(field any, values []string) bool {
	if list, ok := field.(*[]string); ok {
		*list = values
		return len(values) > 0 && !slices.ContainsFunc(values, func(s string) bool { return !k.allows(s) })
	}
	if len(values) != 1 || values[0] == "" {
		return false
	}
	text, ok := values[0], false
	switch p := field.(type) {
	case *string:
		*p, ok = text, k.allows(text)
	case *bool:
		*p, ok = text == "true", text == "true" || text == "false"
	case *int64:
		n, err := strconv.ParseInt(text, 10, 64)
		*p, ok = n, err == nil && k.within(n)
	case *ByteSize:
		*p, ok = parseSize(text)
		ok = ok && k.within(int64(*p))
	case *time.Duration:
		*p, ok = ParseDuration(text)
		ok = ok && k.within(int64(*p))
	}
	return ok
}

func (k *Key) within(n int64) bool { return n >= k.least && (k.most == 0 || n <= k.most) }

// allows checks one string.
func (k *Key) allows(s string) bool {
	if strings.TrimSpace(s) == "" || !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
		return false
	}
	return (k.oneOf == nil || slices.Contains(k.oneOf, s)) && (k.form == nil || k.form(s))
}

// allowed describes the values that parse takes.
func (k *Key) allowed() string {
	if k.oneOf != nil {
		return strings.Join(k.oneOf, ", ")
	}
	example := k.def
	if k.example != "" {
		example = k.example
	}
	switch k.field(new(Config)).(type) {
	case *bool:
		return "true, false"
	case *int64:
		return k.bounded("a whole number", strconv.FormatInt(k.least, 10), strconv.FormatInt(k.most, 10), "such as "+example)
	case *ByteSize:
		return k.bounded("a size", ByteSize(k.least).String(), ByteSize(k.most).String(), "such as 256MiB or 2GB")
	case *time.Duration:
		if k.least <= 1 && k.most == 0 {
			return "a duration over 0, such as 15s, 1h30m or 7d"
		}
		from := shortDuration(k.least)
		if k.least == 1 {
			from = "over 0"
		}
		return k.bounded("a duration", from, shortDuration(k.most), "such as "+example)
	case *[]string:
		return "a list of values such as " + example
	}
	if k.shape != "" {
		return k.shape
	}
	if example == "" {
		return "a value that is not empty"
	}
	return "a value such as " + example
}

// bounded says from where to where values go, and why no further.
func (k *Key) bounded(kind, least, most, example string) string {
	if k.most == 0 {
		return kind + " from " + least + " up, " + example
	}
	text := kind + " from " + least + " to " + most + ", " + example
	if k.why != "" {
		text += " (" + k.why + ")"
	}
	return text
}

// shortDuration writes whole days as days.
func shortDuration(nanoseconds int64) string {
	if nanoseconds > 0 && nanoseconds%day == 0 {
		return strconv.FormatInt(nanoseconds/day, 10) + "d"
	}
	return time.Duration(nanoseconds).String()
}

// split makes the items of a value that was typed as one text.
func (k *Key) split(text string) []string {
	if _, list := k.field(new(Config)).(*[]string); !list {
		return []string{text}
	}
	items := strings.Split(text, ",")
	for i := range items {
		items[i] = strings.TrimSpace(items[i])
	}
	return items
}

// clear takes the value of a string key back.
func (k *Key) clear(c *Config) {
	if p, ok := k.field(c).(*string); ok {
		*p = ""
	}
}

// parseSize reads a whole number with a unit of bytes, binary or decimal.
func parseSize(text string) (ByteSize, bool) {
	for _, u := range byteUnits {
		if digits, ok := strings.CutSuffix(text, u.name); ok {
			n, err := strconv.ParseUint(strings.TrimSpace(digits), 10, 63)
			return ByteSize(int64(n) * u.bytes), err == nil && int64(n) <= math.MaxInt64/u.bytes
		}
	}
	return 0, false
}

// String writes the size in the largest unit that keeps it whole.
func (b ByteSize) String() string {
	best, bytes := "B", int64(1)
	for _, u := range byteUnits {
		if u.bytes > bytes && int64(b) > 0 && int64(b)%u.bytes == 0 {
			best, bytes = u.name, u.bytes
		}
	}
	return strconv.FormatInt(int64(b)/bytes, 10) + best
}

// ParseDuration reads what Go writes, with days in front: 7d, 1d12h, 90m.
func ParseDuration(text string) (time.Duration, bool) {
	const day = 24 * time.Hour
	days, rest, hasDays := strings.Cut(text, "d")
	if !hasDays {
		d, err := time.ParseDuration(text)
		return d, err == nil && d >= 0
	}
	n, err := strconv.ParseUint(days, 10, 63)
	if err != nil || int64(n) > int64(math.MaxInt64/day) {
		return 0, false
	}
	total := time.Duration(n) * day
	if rest == "" {
		return total, true
	}
	d, err := time.ParseDuration(rest)
	return total + d, err == nil && d >= 0 && total+d >= total
}

// Secret is a value, or the file that holds it.
type Secret struct{ value, file string }

// NewSecret is a secret that the program knows.
func NewSecret(value string) Secret { return Secret{value: value} }

// Read returns the value. The file is read when the value is needed, so that
// nobody has to be able to read a password that the run does not use.
func (s Secret) Read() (string, error) {
	if s.file == "" {
		return s.value, nil
	}
	text, err := os.ReadFile(s.file)
	if err != nil {
		return "", usage.Errorf("", "read a secret: %w", err)
	}
	value := strings.TrimRight(string(text), "\r\n")
	if value == "" {
		return "", usage.Errorf("", "the secret in %s is empty", s.file)
	}
	return value, nil
}

// isSet tells whether there is something to read.
func (s Secret) isSet() bool { return s.value != "" || s.file != "" }

// String keeps secrets out of formatted text.
func (s Secret) String() string { return "(not shown)" }

var (
	passwordWord = regexp.MustCompile(`(?i)(^|[\s?&;])(password|passwd|pwd|sslpassword|token)\s*=`)
	// For what net/url cannot parse, such as a password with a bare % in it.
	passwordPart = regexp.MustCompile(`://[^/\s:@]*:[^\s]+@`)
)

// holdsPassword tells whether a URI or a connection string has a password in it.
func holdsPassword(uri string) bool {
	u, err := url.Parse(uri)
	if err != nil {
		return passwordPart.MatchString(uri) || passwordWord.MatchString(uri)
	}
	_, has := u.User.Password()
	return has || passwordWord.MatchString(uri)
}
