package listen

import (
	"strings"
	"testing"

	"github.com/dchest/siphash"
)

func TestSubjectMatchesTheReferenceVectors(t *testing.T) {
	key := Key{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
	for input, want := range map[string]string{
		"":     "a3817f04ba25a8e66df67214c7550293",
		"\x00": "da87c1d86b99af44347659119b22fc45",
	} {
		if got := key.Subject(input).String(); got != want {
			t.Errorf("%q became %s, not %s", input, got, want)
		}
	}
}

func TestSubjectIsTheHashOfTheWholeUserID(t *testing.T) {
	key := Key{0xfe, 15: 0x11}
	for n := range 600 {
		id := strings.Repeat("é7", n)[:n]
		h := siphash.New128(key[:])
		h.Write([]byte(id))
		if got := key.Subject(id); string(got[:]) != string(h.Sum(nil)) {
			t.Fatalf("subject of %d bytes is %s", n, got)
		}
	}
}

func TestSubjectDependsOnTheKey(t *testing.T) {
	if (Key{1}).Subject("u1") == (Key{2}).Subject("u1") {
		t.Error("two keys give one subject")
	}
}

func TestAKeyIsDerivedForEachUse(t *testing.T) {
	one, other := Key{1}, Key{2}
	base := one.Derived("a")
	if base == one.Derived("b") || base == other.Derived("a") {
		t.Error("two labels or two keys give one key")
	}
}
