package listen

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// unpairedSurrogate is what readEscape returns for an escape that is no character. No valid rune is negative.
const unpairedSurrogate rune = -1

// ends marks the bytes at which the scan of a string has to look: the closing quote, an escape, a control character.
var ends = func() (t [256]bool) {
	for c := range byte(0x20) {
		t[c] = true
	}
	t['"'], t['\\'] = true, true
	return t
}()

// inNumbers marks white space and the bytes that numbers are made of.
var inNumbers = func() (t [256]bool) {
	for _, c := range []byte(" \t\r\n+-.0123456789eE") {
		t[c] = true
	}
	return t
}()

// scanString returns the length of the string that b starts with, quotes included, or 0 if it has no end, a raw control
// character or a broken \u escape; and whether it has a surrogate without its other half.
func scanString(b []byte) (n int, unpaired bool) {
	for i := 1; i < len(b); {
		c := b[i]
		switch {
		case !ends[c]:
			i++
		case c == '"':
			return i + 1, unpaired
		case c != '\\':
			return 0, false
		default:
			r, width := readEscape(b[i:])
			if width == 0 {
				return 0, false
			}
			unpaired = unpaired || r == unpairedSurrogate
			i += width
		}
	}
	return 0, false
}

// scanPlain returns the length of what b starts with outside of strings: a literal, or one byte that may belong to a
// number or between tokens. 0 means that it can be neither.
func scanPlain(b []byte) int {
	if inNumbers[b[0]] {
		return 1
	}
	for _, word := range [...]string{"true", "false", "null"} {
		if len(b) >= len(word) && string(b[:len(word)]) == word {
			return len(word)
		}
	}
	return 0
}

// readEscape decodes the escape that b starts with and returns how many bytes it takes, both halves of a surrogate pair
// included; 0 if it is none.
func readEscape(b []byte) (r rune, width int) {
	const short, hex, pair = len(`\n`), len(`\u0000`), len(`\u0000\u0000`)
	if len(b) < short {
		return 0, 0
	}
	if b[1] != 'u' {
		i := bytes.IndexByte([]byte(`"\/bfnrt`), b[1])
		if i < 0 {
			return 0, 0
		}
		return rune("\"\\/\b\f\n\r\t"[i]), short
	}
	r = readHex(b[short:])
	switch {
	case r < 0:
		return 0, 0
	case !utf16.IsSurrogate(r):
		return r, hex
	case len(b) >= pair && b[hex] == '\\' && b[hex+1] == 'u':
		if r = utf16.DecodeRune(r, readHex(b[hex+short:])); r != utf8.RuneError {
			return r, pair
		}
	}
	return unpairedSurrogate, hex
}

// readHex reads the four hex digits that b starts with, or returns -1.
func readHex(b []byte) rune {
	if len(b) < 4 {
		return -1
	}
	r := rune(0)
	for _, c := range b[:4] {
		switch {
		case c-'0' <= 9:
			c -= '0'
		case (c|0x20)-'a' <= 5:
			c = (c | 0x20) - 'a' + 10
		default:
			return -1
		}
		r = r<<4 | rune(c)
	}
	return r
}

// appendUnescaped appends the characters that the inside of a scanned string stands for. ok is false if one of them is
// an unpaired surrogate, for which it appends U+FFFD.
func appendUnescaped(dst, b []byte) (_ []byte, ok bool) {
	ok = true
	for {
		i := bytes.IndexByte(b, '\\')
		if i < 0 {
			return append(dst, b...), ok
		}
		r, width := readEscape(b[i:])
		if width == 0 {
			return dst, false
		}
		ok = ok && r != unpairedSurrogate
		dst = utf8.AppendRune(append(dst, b[:i]...), r)
		b = b[i+width:]
	}
}
