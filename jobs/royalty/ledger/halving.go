package ledger

import (
	"errors"

	"github.com/lakectl/lakectl/lake/trino"
)

// mostSlices is where more slices of the ids do not help any more: of ten billion copies one has ten thousand.
const mostSlices = 1 << 20

// mostStill is how often a statement may stand still before it is not only for its memory: each time takes minutes.
const mostStill = 3

// InSlices has a statement run on Trino for all ids, slice by slice, and returns how many rows the slices have
// together. fill runs it for one slice: which, from 0, of how many, a power of two. It is called again for the halves
// of a slice that was too much at once, so what it did for that slice before it failed must not count.
func InSlices(fill func(slices, number int64) (rows int64, err error)) (int64, error) {
	h := halving{fill: fill}
	return h.run(1, 0)
}

// halving runs a statement on slices of the ids that fit in Trino's memory.
type halving struct {
	fill  func(slices, number int64) (rows int64, err error) // nothing where it fails
	least int64                                              // fewer slices are too much at once
	still int                                                // how often Trino stood still, as it may do where memory is short
}

// run fills a slice of the ids, in two halves where it is too much at once. How much that is, only Trino knows, and it
// finds out before it has read much more than that. What was too much once is not tried again: slices are of one size.
func (h *halving) run(slices, number int64) (int64, error) {
	if slices >= h.least {
		rows, err := h.fill(slices, number)
		if errors.Is(err, trino.ErrStill) {
			h.still++
		}
		tooMuch := errors.Is(err, trino.ErrMemory) || errors.Is(err, trino.ErrStill) && h.still < mostStill
		if !tooMuch || slices >= mostSlices {
			return rows, err
		}
		h.least = 2 * slices
	}
	a, err := h.run(2*slices, number)
	if err != nil {
		return 0, err
	}
	b, err := h.run(2*slices, number+slices)
	return a + b, err
}
