package catalog

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Sequences are ranges of sequence numbers of snapshots of deletion_requests, in order, both ends in them.
type Sequences [][2]int64

// SequencesOf makes ranges of those of known that are picked. Both are ascending. What no request has may be in them.
func SequencesOf(known, picked []int64) Sequences {
	var ranges Sequences
	var before int64 // the known one before
	for _, n := range known {
		last := len(ranges) - 1
		switch _, is := slices.BinarySearch(picked, n); {
		case is && last >= 0 && ranges[last][1] == before:
			ranges[last][1] = n
		case is:
			ranges = append(ranges, [2]int64{n, n})
		}
		before = n
	}
	return ranges
}

// ParseSequences reads the text of a summary. One that cannot be read is everything.
func ParseSequences(text string) Sequences {
	var ranges Sequences
	for part := range strings.SplitSeq(text, ",") {
		if part == "" {
			continue
		}
		first, last, several := strings.Cut(part, "..")
		if !several {
			last = first
		}
		from, err := strconv.ParseInt(first, 10, 64)
		to, err2 := strconv.ParseInt(last, 10, 64)
		if err != nil || err2 != nil {
			return Sequences{{0, 1<<63 - 1}}
		}
		ranges = append(ranges, [2]int64{from, to})
	}
	return ranges
}

// Has tells whether a number is in the ranges.
func (s Sequences) Has(n int64) bool {
	return slices.ContainsFunc(s, func(r [2]int64) bool { return r[0] <= n && n <= r[1] })
}

// Plus is both, where a range that lies in another is left out.
func (s Sequences) Plus(o Sequences) Sequences {
	sum := slices.Clone(s)
	for _, r := range o {
		if !slices.ContainsFunc(sum, func(in [2]int64) bool { return in[0] <= r[0] && r[1] <= in[1] }) {
			sum = append(sum, r)
		}
	}
	return sum
}

// String is the form of a summary, as 4,7..19.
func (s Sequences) String() string {
	var parts []string
	for _, r := range s {
		if r[0] == r[1] {
			parts = append(parts, strconv.FormatInt(r[0], 10))
		} else {
			parts = append(parts, fmt.Sprintf("%d..%d", r[0], r[1]))
		}
	}
	return strings.Join(parts, ",")
}
