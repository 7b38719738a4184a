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
