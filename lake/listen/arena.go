package listen

import "strings"

// chunkBytes balances allocations against what one surviving string keeps alive.
const chunkBytes = 64 << 10

// arena makes strings with one allocation per chunk. Chunks belong to the garbage collector: a string stays valid for
// ever, and keeps its chunk alive.
type arena struct{ chunk strings.Builder }

func (a *arena) copy(b []byte) string {
	if len(b) > chunkBytes/16 {
		return string(b)
	}
	if a.chunk.Cap()-a.chunk.Len() < len(b) {
		a.chunk.Reset()
		a.chunk.Grow(chunkBytes)
	}
	start := a.chunk.Len()
	a.chunk.Write(b)
	return a.chunk.String()[start:]
}
