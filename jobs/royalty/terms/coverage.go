package terms

import (
	"slices"
	"strings"
)

// coverage answers whether one of the rules before decides all that a rule matches, without going through them. A
// rule is covered only by rules whose selectors are some of its own, 32 sets at most; of each set are kept the
// date ranges that no other of the set contains, in order, so that the one to look at is found by halving.
type coverage struct {
	ranges map[[5]string][]dateRange
}

// dateRange is half-open; to is endless when a rule has no end.
type dateRange struct{ from, to string }

const endless = "~" // after every date

func (r Rule) dates() dateRange {
	if r.EffectiveTo == "" {
		return dateRange{r.EffectiveFrom, endless}
	}
	return dateRange{r.EffectiveFrom, r.EffectiveTo}
}

func (r Rule) selectors() (key [5]string) {
	for i, s := range r.pairs() {
		key[i] = s[1]
	}
	return key
}

// covers tells whether an added rule covers r.
func (c *coverage) covers(r Rule) bool {
	all, dates := r.selectors(), r.dates()
	for subset := range 1 << len(all) {
		key, own := all, true
		for i := range all {
			if subset&(1<<i) != 0 {
				own = own && all[i] != "" // else the same set comes twice
				key[i] = ""
			}
		}
		if own && contains(c.ranges[key], dates) {
			return true
		}
	}
	return false
}

// after is where the first range begins that starts later than from.
func after(ranges []dateRange, from string) int {
	i, _ := slices.BinarySearchFunc(ranges, from, func(r dateRange, from string) int {
		if r.from <= from {
			return -1
		}
		return 1
	})
	return i
}

// contains tells whether one of the ranges contains another. Both ends grow from range to range, so of those that
// start early enough the last ends last.
func contains(ranges []dateRange, dates dateRange) bool {
	i := after(ranges, dates.from)
	return i > 0 && ranges[i-1].to >= dates.to
}

// add adds a rule that is not covered.
func (c *coverage) add(r Rule) {
	if c.ranges == nil {
		c.ranges = map[[5]string][]dateRange{}
	}
	key, dates := r.selectors(), r.dates()
	ranges := c.ranges[key]
	first, _ := slices.BinarySearchFunc(ranges, dates.from, func(r dateRange, from string) int { return strings.Compare(r.from, from) })
	last := first // behind those that the new one contains
	for last < len(ranges) && ranges[last].to <= dates.to {
		last++
	}
	c.ranges[key] = slices.Replace(ranges, first, last, dates)
}
