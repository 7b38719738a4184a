package terms_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/lake"
)

// refuses wants the file refused with all of these words, and a hint that names the check of its kind.
func refuses[T any](t *testing.T, parse func(io.Reader) ([]T, error), text string, want ...string) {
	t.Helper()
	values, err := parse(strings.NewReader(text))
	if err == nil || values != nil || !strings.Contains(lake.Hint(err), "check FILE'; nothing was stored") {
		t.Errorf("%q: got %d values, error %v with hint %q; want the file refused whole", text, len(values), err, lake.Hint(err))
		return
	}
	for _, w := range want {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%q: got %v, want %q in it", text, err, w)
		}
	}
}

// badHeaders are first lines that a file with these columns must not have, with what is said about them.
func badHeaders(columns string) map[string]string {
	all := strings.Split(columns, ",")
	last := all[len(all)-1]
	swapped := strings.Join(append([]string{all[1], all[0]}, all[2:]...), ",")
	return map[string]string{
		"":                                    "the header is " + columns,
		strings.TrimSuffix(columns, ","+last): "column " + last + " is missing",
		columns + ",note":                     `unknown column "note"`,
		strings.ToUpper(columns):              fmt.Sprintf("unknown column %q", strings.ToUpper(all[0])),
		columns + "," + last:                  "column " + last + " is there twice",
		swapped:                               "another order",
	}
}
