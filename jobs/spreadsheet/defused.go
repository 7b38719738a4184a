package spreadsheet

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Defused keeps a spreadsheet from taking text for a formula. Text that begins with the apostrophe that does this gets
// one more, so that two texts never become one: whoever reads the file takes one apostrophe off the front.
func Defused(text string) string {
	if text == "" {
		return text
	}
	first, _ := utf8.DecodeRuneInString(strings.TrimLeftFunc(text, shownAsNothing))
	if strings.ContainsRune("'\t\r\n", rune(text[0])) || strings.ContainsRune(formulaSigns, first) {
		return "'" + text
	}
	return text
}

// formulaSigns begin a formula: those of ASCII, and what programs take for them: full-width, small, raised and lowered
// signs, and the true minus.
const formulaSigns = "=+-@" + "\uFF1D\uFF0B\uFF0D\uFF20" + "\uFE66\uFE62\uFE63\uFE6B" + "\u207C\u207A\u207B" + "\u208C\u208A\u208B" + "\u2212"

// shownAsNothing are white space and characters without width, such as a byte order mark: some programs drop them
// first.
func shownAsNothing(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
}
