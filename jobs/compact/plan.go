package compact

import (
	"cmp"
	"slices"

	"github.com/lakectl/lakectl/lake"
)

// Bounds of a group. The memory of what is read at the same time is an estimate.
const (
	fewest      = 12        // files of one size that are merged
	fewestApart = 4         // of one size and one span of days, in partitions of a month
	mostKept    = 28        // small files of a shelf, whatever their sizes; more than four a tier on the average
	mostInputs  = 512       // open at the same time
	mostMemory  = 384 << 20 // bytes; half of what the process may use where that is less
	leastMemory = 32 << 20
	mostDeleted = 10 // one row in so many
	tierFactor  = 8
	tiers       = 6
)

// Reasons why files are rewritten.
const (
	Deleted = "deleted rows"
	Small   = "small files"
)

// Input is a live data file with what the plan goes by.
type Input struct {
	File          lake.File
	Day           int // number of the partition; a day or month since 1970 is its own
	Part          any // the partition, see [lake.PartitionValue]
	Apart         int // number of the span of days within the partition that has this file for itself; 0: none
	Sorted        bool
	Deleted       int64 // rows, at most
	Since, Before int64 // sequence numbers of its rows, lowest and highest
}

// State is what a plan is made from.
type State struct {
	Inputs []Input
	Bases  []int64 // sequence numbers of the snapshots that consumers will walk on from, ascending; none: nobody reads
	Target int64   // bytes of a file
	Memory int64   // bytes for what is read at the same time
	// Shrunk says by day how often groups are halved.
	Shrunk map[int]int
}

// Group is files that become one.
type Group struct {
	Day    int
	Part   any
	Inputs []Input
	Bytes  int64
	Rows   int64
	Reason string
}

// PlanOf chooses what to rewrite: the files with deleted rows first, but for those that are merged with others anyway,
// then small ones, by day. The same state gives the
// same plan. The result of carrying it out gives a smaller one, down to none.
func PlanOf(s State) []Group {
	var heavy, small []Group
	var apart []Input // with deleted rows
	byShelf := map[[3]int][]Input{}
	for _, in := range s.Inputs {
		class, ok := s.class(in)
		if !ok || cost(in) > s.Memory {
			continue
		}
		if in.heavy() {
			apart = append(apart, in)
		}
		if in.File.FileSizeBytes() < s.Target*3/4 && cost(in) <= s.Memory/2 {
			key := [3]int{in.Day, class, in.Apart}
			byShelf[key] = append(byShelf[key], in)
		}
	}
	merged := map[string]bool{}
	for key, list := range byShelf {
		for _, g := range s.cut(key[0], s.due(list)) {
			small = append(small, g)
			for _, in := range g.Inputs {
				merged[in.File.FilePath()] = true
			}
		}
	}
	for _, in := range apart {
		if !merged[in.File.FilePath()] {
			heavy = append(heavy, groupOf([]Input{in}, Deleted))
		}
	}
	for _, list := range [][]Group{heavy, small} {
		slices.SortFunc(list, func(a, b Group) int {
			return cmp.Or(cmp.Compare(len(b.Inputs), len(a.Inputs)), cmp.Compare(a.Day, b.Day), cmp.Compare(a.Inputs[0].File.FilePath(), b.Inputs[0].File.FilePath()))
		})
	}
	return append(heavy, small...)
}

func (in Input) heavy() bool {
	return in.Deleted > 0 && in.Deleted*mostDeleted >= in.File.Count()
}

// class numbers the files that all consumers have read or not read alike. What none has read is in no class, nor is
// what a consumer has read in part.
func (s State) class(in Input) (int, bool) {
	if len(s.Bases) == 0 {
		return 0, true
	}
	i, _ := slices.BinarySearch(s.Bases, in.Before)
	if i == len(s.Bases) || i > 0 && in.Since <= s.Bases[i-1] {
		return 0, false
	}
	return i, true
}

// tier is how large a file is, 0 for the smallest.
func (s State) tier(bytes int64) int {
	limit := s.Target
	for t := tiers - 1; t > 0; t-- {
		if limit /= tierFactor; bytes >= limit {
			return t
		}
	}
	return 0
}

// due are the files of one shelf that are merged: those of the highest tier that is full, and all that are smaller.
// Where none is full and still there are many, it is the lowest that has its share of them: a merge of few of its own
// would be due again before it is in the next tier.
func (s State) due(list []Input) []Input {
	var counts [tiers]int
	var bytes [tiers]int64
	for _, in := range list {
		t := s.tier(in.File.FileSizeBytes())
		counts[t]++
		bytes[t] += in.File.FileSizeBytes()
	}
	enough := fewest
	if list[0].Apart != 0 {
		enough = fewestApart
	}
	full, below := -1, int64(0)
	merged := int64(0) // bytes of the file that the full tiers below become
	for t := range counts {
		n := counts[t]
		if merged > 0 && s.tier(merged) == t {
			n++
		}
		if below += bytes[t]; n >= enough {
			full, merged = t, below
		}
	}
	if full < 0 && len(list) > mostKept {
		full = slices.IndexFunc(counts[:], func(n int) bool { return n > mostKept/tiers })
	}
	return slices.DeleteFunc(slices.Clone(list), func(in Input) bool { return s.tier(in.File.FileSizeBytes()) > full })
}

// cut divides files into groups, in the order in which they came.
func (s State) cut(day int, list []Input) (groups []Group) {
	slices.SortFunc(list, func(a, b Input) int {
		return cmp.Or(cmp.Compare(a.Before, b.Before), cmp.Compare(a.File.FilePath(), b.File.FilePath()))
	})
	most := max(2, mostInputs>>s.Shrunk[day])
	add := func(part []Input) {
		if len(part) > 1 {
			groups = append(groups, groupOf(part, Small))
		}
	}
	start, bytes, memory := 0, int64(0), int64(0)
	for i, in := range list {
		size := in.File.FileSizeBytes()
		if i-start == most || bytes+size > s.Target*3/2>>s.Shrunk[day] && i-start > 1 || memory+cost(in) > s.Memory {
			add(list[start:i])
			start, bytes, memory = i, 0, 0
		}
		bytes, memory = bytes+size, memory+cost(in)
	}
	add(list[start:])
	return groups
}

// cost is the memory that reading a file takes, in bytes: a sorted one is read as a stream.
func cost(in Input) int64 {
	const opened, row, streamed = 200 << 10, 450, 12 << 20
	whole := opened + row*in.File.Count()
	if in.Sorted {
		return min(whole, streamed)
	}
	return whole
}

func groupOf(list []Input, reason string) Group {
	g := Group{Day: list[0].Day, Part: list[0].Part, Inputs: list, Reason: reason}
	for _, in := range list {
		g.Bytes += in.File.FileSizeBytes()
		g.Rows += in.File.Count()
	}
	return g
}
