package dayfile

import (
	"hash/maphash"
	"slices"
	"strings"
)

// lexicon numbers the distinct values of one text column as they come. 0 stands for no value.
type lexicon struct {
	slots []uint64 // open addressing: the upper half of a value's hash, and its number; 0 is free
	words []string // by number
	store strings.Builder
	bytes int // of the values
}

// seed is one for the whole process, so that a hash is made once for all who need it.
var seed = maphash.MakeSeed()

// Hash is that of a text in this process, which nobody outside can foresee.
func Hash(text string) uint64 { return maphash.String(seed, text) }

const (
	fewSlots   = 1 << 8
	storeBytes = 64 << 10 // of a piece of memory that values are copied to
	hashBits   = 0xffffffff << 32
)

func newLexicon() lexicon {
	return lexicon{slots: make([]uint64, fewSlots), words: make([]string, 1)}
}

// number gives the number of a value, which it copies if it is new.
func (l *lexicon) number(word string) uint32 {
	if word == "" {
		return 0
	}
	return l.hashed(word, Hash(word))
}

// hashed is number for a value whose hash is known.
func (l *lexicon) hashed(word string, hash uint64) uint32 {
	at := l.slot(hash)
	for ; l.slots[at] != 0; at = (at + 1) & uint64(len(l.slots)-1) {
		if slot := l.slots[at]; (slot^hash)&hashBits == 0 && l.words[uint32(slot)] == word {
			return uint32(slot)
		}
	}
	n := uint32(len(l.words))
	l.slots[at] = hash&hashBits | uint64(n)
	l.words = append(l.words, l.copy(word))
	if len(l.words) > len(l.slots)/2 {
		l.grow()
	}
	return n
}

// next is number for values that come in their order: a new one only follows others. number does not find it.
func (l *lexicon) next(word string) uint32 {
	if last := len(l.words) - 1; word != l.words[last] {
		l.words = append(l.words, l.copy(word))
	}
	return uint32(len(l.words) - 1)
}

// slot is where to look first.
func (l *lexicon) slot(hash uint64) uint64 { return hash & uint64(len(l.slots)-1) }

// copy lets go of what the value is part of.
func (l *lexicon) copy(word string) string {
	if l.store.Cap()-l.store.Len() < len(word) {
		l.store = strings.Builder{}
		l.store.Grow(max(storeBytes, len(word)))
	}
	l.bytes += len(word)
	start := l.store.Len()
	l.store.WriteString(word)
	return l.store.String()[start:]
}

func (l *lexicon) grow() {
	l.slots = make([]uint64, 2*len(l.slots))
	for n, word := range l.words[1:] {
		hash := Hash(word)
		at := l.slot(hash)
		for l.slots[at] != 0 {
			at = (at + 1) & uint64(len(l.slots)-1)
		}
		l.slots[at] = hash&hashBits | uint64(n+1)
	}
}

// reset forgets all values, and keeps the room for as many.
func (l *lexicon) reset() {
	clear(l.slots)
	clear(l.words)
	l.words, l.store, l.bytes = l.words[:1], strings.Builder{}, 0
}

// ranks gives the place of each number in the order of the values.
func (l *lexicon) ranks() []uint32 {
	sorted := make([]uint32, len(l.words))
	for i := range sorted {
		sorted[i] = uint32(i)
	}
	slices.SortFunc(sorted, func(a, b uint32) int { return strings.Compare(l.words[a], l.words[b]) })
	ranks := make([]uint32, len(sorted))
	for rank, n := range sorted {
		ranks[n] = uint32(rank)
	}
	return ranks
}
