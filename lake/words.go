package lake

import (
	"fmt"
	"strings"

	"github.com/zeebo/xxh3"
)

// commentKey is the table property that every engine shows as what the table is.
const commentKey = "comment"

// wordsKey is the table property with a short hash of each of the words that lakectl gave the table. Words there that
// have another hash are another engine's, and stay.
const wordsKey = "lakectl.words"

// words are what a spec says to the readers of a table: what the table is, then what each column is.
type words []string

func wordsOf(spec Spec) words {
	w := words{spec.Comment}
	for _, f := range spec.Schema.Fields() {
		w = append(w, f.Doc)
	}
	return w
}

// text is the value of wordsKey.
func (w words) text() string {
	hashes := make([]string, len(w))
	for i, text := range w {
		hashes[i] = wordsHash(text)
	}
	return strings.Join(hashes, ",")
}

func wordsHash(text string) string { return fmt.Sprintf("%08x", uint32(xxh3.HashString(text))) }

// replaces tells whether words take the place of those that a table has at a place: of none, or of others of lakectl's.
func (w words) replaces(place int, has, recorded string) bool {
	given := strings.Split(recorded, ",")
	return has != w[place] && (has == "" || place < len(given) && wordsHash(has) == given[place])
}
