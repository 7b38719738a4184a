package statement

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

const maxName = 150 // bytes; folders allow 255, and names get a prefix and an ending

// escaped makes a part of a file name of an id. Two ids never give the same: all but letters, digits, dots, dashes
// and underscores are %XX, and what gets too long ends in a hash behind a ~, which no other name has.
func escaped(id string) string {
	var b strings.Builder
	for i := range len(id) {
		c := id[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_', c == '.' && i > 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	name := b.String()
	if len(name) <= maxName {
		return name
	}
	sum := sha256.Sum256([]byte(id))
	hash := "~" + hex.EncodeToString(sum[:16])
	return name[:maxName-len(hash)] + hash
}

// stem is the name of a holder's file without its ending. Only a holder without an id is unassigned: all others
// begin with what they are.
func stem(by, id string) string {
	if id == "" {
		return unassigned
	}
	return by + "-" + escaped(id)
}

// element is a part of a DSR file name, which are set apart by underscores.
func element(name string) string { return strings.ReplaceAll(name, "_", "%5F") }

// plainElement keeps of a text what such an element may have, for names that need not be told apart.
func plainElement(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '.' {
			return r
		}
		return '-'
	}, text)
}
