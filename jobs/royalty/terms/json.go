package terms

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf16"
)

// jsonAsYAML writes JSON so that YAML reads the same of it, line by line: what programs write as two escapes, a
// surrogate pair, YAML has as one; tabs between values it has not; and what it takes for ends of lines inside
// of texts is escaped. Text that is not JSON stays as it is.
func jsonAsYAML(text []byte) []byte {
	text = bytes.TrimPrefix(text, []byte("\uFEFF"))
	if !json.Valid(text) {
		return text
	}
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		switch rest := text[i:]; {
		case rest[0] == '\t':
			out, i = append(out, ' '), i+1
		case rest[0] == '\\' && rest[1] == '/':
			out, i = append(out, '/'), i+2
		case rest[0] == '\\':
			n := 2 // a valid escape has a letter
			if high, ok := escape(rest); ok {
				n = 6
				if low, ok := escape(rest[6:]); ok && utf16.DecodeRune(high, low) != '\uFFFD' {
					out, i = fmt.Appendf(out, `\U%08X`, utf16.DecodeRune(high, low)), i+12
					continue
				}
			}
			out, i = append(out, rest[:n]...), i+n
		case bytes.HasPrefix(rest, []byte("\u0085")):
			out, i = append(out, `\N`...), i+2
		case bytes.HasPrefix(rest, []byte("\u2028")):
			out, i = append(out, `\L`...), i+3
		case bytes.HasPrefix(rest, []byte("\u2029")):
			out, i = append(out, `\P`...), i+3
		default:
			out, i = append(out, rest[0]), i+1
		}
	}
	return out
}

// escape reads \uXXXX.
func escape(text []byte) (rune, bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	return rune(n), err == nil
}
