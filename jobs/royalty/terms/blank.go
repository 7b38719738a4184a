package terms

import (
	"fmt"
	"strings"
	"unicode"
)

// blank tells whether a character shows as nothing: white space, or of no width or ink at all.
func blank(r rune) bool {
	switch r {
	case 0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0: // fillers that are letters, marks or symbols to Unicode
		return true
	}
	return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Variation_Selector, r)
}

// edged tells whether a text begins or ends with a blank.
func edged(text string) bool {
	return strings.TrimFunc(text, blank) != text
}

// folded is what one sees of a text: white space is one space each time, what has no width is gone.
func folded(text string) string {
	var b strings.Builder
	space := false
	for _, r := range text {
		switch {
		case unicode.IsSpace(r):
			space = true
			continue
		case blank(r):
			continue
		case space:
			b.WriteByte(' ')
		}
		space = false
		b.WriteRune(r)
	}
	return b.String()
}

// lookalikes refuses two ids of one column of a file that differ only in blanks: one of them is a slip. ids are the
// columns of a row that hold ids, by name in columns.
func lookalikes[T any](rows []T, columns []string, ids func(*T) []string, line func(i int) int) error {
	type key struct {
		column int
		seen   string
	}
	type first struct {
		id  string
		row int
	}
	odd := map[key]first{} // what can be mistaken: most files have none
	for i := range rows {
		for c, id := range ids(&rows[i]) {
			if seen := folded(id); seen != id {
				odd[key{c, seen}] = first{row: -1}
			}
		}
	}
	if len(odd) == 0 {
		return nil
	}
	for i := range rows {
		for c, id := range ids(&rows[i]) {
			k := key{c, folded(id)}
			f, is := odd[k]
			switch {
			case is && f.row < 0:
				odd[k] = first{id, i}
			case is && f.id != id:
				return fmt.Errorf("line %d: %s %+q and %+q of line %d differ only in blanks", line(i), columns[c], id, f.id, line(f.row))
			}
		}
	}
	return nil
}
