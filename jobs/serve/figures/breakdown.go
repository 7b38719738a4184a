package figures

import (
	"cmp"
	"slices"
)

// Cell is one part of a total: a country, a device, an hour. Key "" is other, and no input has it.
type Cell struct {
	Key       string
	Plays     int64
	Millis    int64 // milliseconds heard
	Listeners Set   // of k Few or more
}

// Other is the cell that small cells go to. It has no key of its own, for any text may be a device.
const Other = ""

// Breakdown lists cells as a page may show them: most plays first, other last, the sums unchanged. Cells with the same
// key are one.
func Breakdown(cells []Cell) []Cell {
	shown := merged(cells)
	// The order in which cells are hidden: fewest listeners first, so that small ones come first.
	slices.SortFunc(shown, func(a, b Cell) int {
		return cmp.Or(cmp.Compare(len(a.Listeners.hashes), len(b.Listeners.hashes)), cmp.Compare(a.Plays, b.Plays), cmp.Compare(a.Key, b.Key))
	})
	hidden := 0
	for hidden < len(shown) && shown[hidden].Listeners.IsFew() {
		hidden++
	}
	if hidden == 0 {
		return byPlays(shown)
	}
	other := sum(shown[:hidden])
	for hidden < len(shown) && (hidden == 1 || other.Listeners.IsFew()) {
		hidden++
		other = sum(shown[:hidden])
	}
	return append(byPlays(shown[hidden:]), other)
}

func merged(cells []Cell) []Cell {
	byKey := map[string][]Cell{}
	for _, c := range cells {
		byKey[c.Key] = append(byKey[c.Key], c)
	}
	list := make([]Cell, 0, len(byKey))
	for key, same := range byKey {
		c := sum(same)
		c.Key = key
		list = append(list, c)
	}
	return list
}

// sum is all cells as one, with the key of other.
func sum(cells []Cell) Cell {
	total := Cell{Key: Other}
	sets := make([]Set, len(cells))
	for i, c := range cells {
		total.Plays += c.Plays
		total.Millis += c.Millis
		sets[i] = c.Listeners
	}
	total.Listeners = Unite(sets...)
	return total
}

func byPlays(cells []Cell) []Cell {
	slices.SortFunc(cells, func(a, b Cell) int {
		return cmp.Or(cmp.Compare(b.Plays, a.Plays), cmp.Compare(a.Key, b.Key))
	})
	return cells
}
