package spreadsheet

import (
	"strings"
	"testing"
)

func TestOnlyTextThatStartsAFormulaIsDefused(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "plain": "plain", "=1": "'=1", "+1": "'+1", "-1": "'-1", "@a": "'@a", "\ta": "'\ta", "\ra": "'\ra", "a=1": "a=1", "'=1": "''=1", "'": "''", "it's": "it's",
		"\uFF1D1": "'\uFF1D1", "\uFF0B1": "'\uFF0B1", "\uFF0D1": "'\uFF0D1", "\uFF20a": "'\uFF20a", "\uFEFF=1": "'\uFEFF=1", "\u200B=1": "'\u200B=1",
		"\u200B\uFEFF \uFF1D1": "'\u200B\uFEFF \uFF1D1", " =1": "' =1", "\u00A0+1": "'\u00A0+1", "\uFE66a": "'\uFE66a", "\u22121": "'\u22121", "\n=1": "'\n=1",
		"\x01=1": "'\x01=1", "\u200Ba": "\u200Ba", " ": " ", "\xff": "\xff",
	} {
		if got := Defused(text); got != want {
			t.Errorf("%q became %q", text, got)
		}
	}
}

func TestTwoTextsStayTwoInACSVFile(t *testing.T) {
	pieces := []string{"'", "=", "\uFF1D", "\uFEFF", "x", " "}
	seen := map[string]string{}
	var try func(text string, left int)
	try = func(text string, left int) {
		written := Defused(text)
		if other, twice := seen[written]; twice {
			t.Errorf("%q and %q are both written %q", text, other, written)
		}
		seen[written] = text
		if read := strings.TrimPrefix(written, "'"); read != text {
			t.Errorf("%q is read back as %q", text, read)
		}
		for _, p := range pieces {
			if left > 0 {
				try(text+p, left-1)
			}
		}
	}
	try("", 4)
}
