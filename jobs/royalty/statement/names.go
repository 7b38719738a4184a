package statement

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/big"
	"strings"
)

const maxName = 150 // bytes; folders allow 255, and names get a prefix and an ending

// escaped makes a part of a file name of an id. Two ids never give the same, on disks too that take large letters for
// small ones or write accents their own way: all but letters of ASCII, digits, dots, dashes and underscores are %XX;
// where letters are large, ~u says which, as bits from the first letter on; and what gets too long ends in a hash
// behind a ~.
func escaped(id string) string {
	var b strings.Builder
	large, letters := new(big.Int), 0
	for i := range len(id) {
		c := id[i]
		switch {
		case c >= 'A' && c <= 'Z':
			large.SetBit(large, letters, 1)
			fallthrough
		case c >= 'a' && c <= 'z':
			letters++
			b.WriteByte(c)
		case c >= '0' && c <= '9', c == '-', c == '_', c == '.' && i > 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	name := b.String()
	if large.Sign() > 0 {
		b.WriteString("~u" + large.Text(16))
	}
	if b.Len() <= maxName {
		return b.String()
	}
	sum := sha256.Sum256([]byte(id))
	hash := "~" + hex.EncodeToString(sum[:16])
	return name[:min(len(name), maxName-len(hash))] + hash
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
