package statement

import (
	"math"
	"strings"
	"testing"
)

func TestNoTwoIdsShareAFile(t *testing.T) {
	long := strings.Repeat("a", 200)
	ids := []string{
		"", "unassigned", "label-unassigned", "a/b", "a%2Fb", "a\\b", "..", ".", ".a", "%2Ea", "a.", "a_b", "a b", "a\nb", "a\x00b", "ü", "u\u0308",
		"A", "a", "A1", "a1", "Ab", "aB", "AB", "ab", "A~u1", "a~u1", strings.ToUpper(long), "A" + long[1:], "\u00fc1", "u\u03081", "%u1", long[:148] + "A", long[:148] + "a", long, long + "b", long[:149] + "/", escaped(long), "summary", "export.json",
	}
	seen := map[string]string{}
	for _, id := range ids {
		name := stem("label", id)
		onDisk := strings.ToLower(name) // as a disk that does not tell cases apart keeps it
		if other, twice := seen[onDisk]; twice {
			t.Errorf("%q and %q share %s", id, other, name)
		}
		seen[onDisk] = id
		if strings.ContainsAny(name, "/\\\x00\n ") || strings.HasPrefix(name, ".") || len(name) > maxName+len("label-") {
			t.Errorf("%q is named %q", id, name)
		}
		if dsr := element(name); strings.ContainsAny(dsr, "_ ") {
			t.Errorf("%q in a DSR name is %q", id, dsr)
		}
	}
}

func TestSumsDoNotWrapAround(t *testing.T) {
	for _, c := range []struct {
		a, b int64
		ok   bool
	}{{1, 2, true}, {-1, 1, true}, {0, 0, true}, {5, 0, true}, {math.MaxInt64, 1, false}, {math.MinInt64, -1, false}, {math.MaxInt64, math.MinInt64, true}} {
		sum, err := plus(c.a, c.b)
		if (err == nil) != c.ok || c.ok && sum != c.a+c.b {
			t.Errorf("%d + %d = %d, %v", c.a, c.b, sum, err)
		}
	}
}

func TestOnlyTextThatStartsAFormulaIsDefused(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "plain": "plain", "=1": "'=1", "+1": "'+1", "-1": "'-1", "@a": "'@a", "\ta": "'\ta", "\ra": "'\ra", "a=1": "a=1", "'=1": "''=1", "'": "''", "it's": "it's",
		"\uFF1D1": "'\uFF1D1", "\uFF0B1": "'\uFF0B1", "\uFF0D1": "'\uFF0D1", "\uFF20a": "'\uFF20a", "\uFEFF=1": "'\uFEFF=1", "\u200B=1": "'\u200B=1",
		"\u200B\uFEFF \uFF1D1": "'\u200B\uFEFF \uFF1D1", " =1": "' =1", "\u00A0+1": "'\u00A0+1", "\uFE66a": "'\uFE66a", "\u22121": "'\u22121", "\n=1": "'\n=1",
		"\x01=1": "'\x01=1", "\u200Ba": "\u200Ba", " ": " ", "\xff": "\xff",
	} {
		if got := defused(text); got != want {
			t.Errorf("%q became %q", text, got)
		}
	}
}

func TestTwoTextsStayTwoInACSVFile(t *testing.T) {
	pieces := []string{"'", "=", "\uFF1D", "\uFEFF", "x", " "}
	seen := map[string]string{}
	var try func(text string, left int)
	try = func(text string, left int) {
		written := defused(text)
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
