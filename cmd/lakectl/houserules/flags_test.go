package houserules

import (
	"regexp"
	"strings"
	"testing"
)

// A flag that is looked up by a name that nobody declared is empty, without a word. A field of a struct is there or
// does not compile.
func TestVerbsReadFlagsFromTheirStruct(t *testing.T) {
	byName := regexp.MustCompile(`\bc\.(String|Bool|Int|Int64|Uint64|StringSlice|Duration|IsSet|Value)\("`)
	for name, text := range files(t) {
		if !strings.HasPrefix(name, "cmd/") || strings.HasPrefix(name, "cmd/lakectl/internal/frame/") || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		if found := byName.FindString(text); found != "" {
			t.Errorf("%s: %s <- bind the flag to a field, with frame.Bind", name, found)
		}
	}
	if !byName.MatchString(`c.String("by")`) {
		t.Error("the rule looks for something else")
	}
}
