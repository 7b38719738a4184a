package listen

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

const (
	// maxStringBytes bounds every string of the contract, after unescaping.
	maxStringBytes = 256

	// maxPlayMs bounds ms_played and track_ms: a day.
	maxPlayMs = 86_400_000

	// maxAfterLog bounds, in microseconds, how much later than the log a collector's clock may be.
	maxAfterLog = 3_600_000_000
)

// reject notes what is wrong with a field, unless another was wrong before it.
func (d *Decoder) reject(f field, problem string) {
	if d.invalid == "" {
		d.invalid = f.String() + ": " + problem
	}
}

// null tells whether f is absent or null.
func (o *object) null(f field) bool {
	token := o.value(f)
	return token == nil || token[0] == 'n'
}

// empty tells whether f is absent, null or "".
func (o *object) empty(f field) bool {
	return o.null(f) || string(o.value(f)) == `""`
}

// unescape returns the characters of a string token, valid until the next call.
func (d *Decoder) unescape(token []byte) (chars []byte, ok bool) {
	inside := token[1 : len(token)-1]
	if bytes.IndexByte(inside, '\\') < 0 {
		return inside, true
	}
	d.scratch, ok = appendUnescaped(d.scratch[:0], inside)
	return d.scratch, ok
}

// readable returns the characters of a string field by weaker rules than the contract's: whatever the record is refused
// for, this field is one string of Unicode text and appears there once.
func (d *Decoder) readable(f field) (chars []byte, ok bool) {
	token := d.object.value(f)
	if token == nil || token[0] != '"' || d.object.twice[f] || !utf8.Valid(token) {
		return nil, false
	}
	return d.unescape(token)
}

// chars returns the characters of a string field that is not null, nil if they break a rule.
func (d *Decoder) chars(f field) []byte {
	token := d.object.value(f)
	if token[0] != '"' {
		d.reject(f, "not a string")
		return nil
	}
	chars, _ := d.unescape(token)
	if len(chars) > maxStringBytes {
		d.reject(f, "longer than 256 bytes")
		return nil
	}
	for _, c := range chars {
		if c < 0x20 || c == 0x7f {
			d.reject(f, "has a control character")
			return nil
		}
	}
	return chars
}

// text is a string field, "" if it is absent.
func (d *Decoder) text(f field) string {
	if d.object.empty(f) {
		return ""
	}
	return d.strings.copy(d.chars(f))
}

func (d *Decoder) country() string {
	if d.object.empty(fieldCountry) {
		return DefaultCountry
	}
	b := d.chars(fieldCountry)
	if len(b) != 2 || !isLetter(b[0]) || !isLetter(b[1]) {
		d.reject(fieldCountry, "not two ASCII letters")
		return ""
	}
	return d.strings.copy([]byte{b[0] &^ 0x20, b[1] &^ 0x20})
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// instant is a timestamp that is not null.
func (d *Decoder) instant(f field) int64 {
	micros, ok := parseInstant(d.chars(f))
	switch {
	case ok:
	case isLeapSecond(d.chars(f)):
		d.reject(f, "a leap second, which no table can hold: send second 59")
	default:
		d.reject(f, "not an RFC 3339 timestamp with offset")
	}
	return micros
}

// bound is one end of a deletion's window. Unlike elsewhere "" is not taken for absent: it would widen the window.
func (d *Decoder) bound(f field) *int64 {
	if d.object.null(f) {
		return nil
	}
	micros := d.instant(f)
	return &micros
}

// received is the time of arrival: the record's own, else the one that came with it. A collector stamps a record before
// the log does, so a stamp well after the log's is wrong, and which copy counts must not hang on it.
func (d *Decoder) received() int64 {
	if d.object.empty(fieldReceivedTime) {
		return d.recordTime
	}
	micros := d.instant(fieldReceivedTime)
	if d.clock == LogClock && exceeds(micros, d.recordTime, maxAfterLog) {
		d.reject(fieldReceivedTime, "more than 1 h after the record's timestamp in the log")
	}
	return micros
}

// integer is a number written without fraction and exponent, 0 if it is absent.
func (d *Decoder) integer(f field, least, most int64) int64 {
	if d.object.null(f) {
		return 0
	}
	digits, negative := bytes.CutPrefix(d.object.value(f), []byte("-"))
	if len(digits) == 0 || digits[0]-'0' > 9 {
		d.reject(f, "not a number")
		return 0
	}
	n := int64(0)
	for _, c := range digits {
		if c-'0' > 9 {
			d.reject(f, "not an integer")
			return 0
		}
		n = min(n*10+int64(c-'0'), most+1)
	}
	if negative {
		n = -n
	}
	if n < least || n > most {
		d.reject(f, fmt.Sprintf("not between %d and %d", least, most))
	}
	return n
}

func (d *Decoder) flag(f field) Flag {
	if d.object.null(f) {
		return Unset
	}
	switch d.object.value(f)[0] {
	case 't':
		return True
	case 'f':
		return False
	}
	d.reject(f, "not true or false")
	return Unset
}

// extra is one JSON object of the members that a listen does not know, "" if there are none. Keys and values are copied
// as they were written, so that numbers of any length survive.
func (d *Decoder) extra() string {
	b := append(d.scratch[:0], '{')
	for _, m := range d.object.members {
		if m.field.ofListen() {
			continue
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(append(append(b, '"'), m.key...), '"', ':')
		b = append(b, m.value...)
	}
	d.scratch = b
	if len(b) == 1 {
		return ""
	}
	return d.strings.copy(append(b, '}'))
}
