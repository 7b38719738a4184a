package figures

import "slices"

// Union unites sets one after the other, in memory for about two of them. The zero value is empty.
type Union struct {
	k      int
	hashes []uint64 // sorted and without copies up to clean
	clean  int
}

// Add adds the listeners of a set.
func (u *Union) Add(s Set) {
	if s.k > 0 && (u.k == 0 || s.k < u.k) {
		u.k = s.k
	}
	for _, h := range s.hashes {
		if u.clean >= u.k && h >= u.hashes[u.k-1] {
			break // ascending: none of the rest is among the smallest
		}
		u.hashes = append(u.hashes, h)
	}
	if len(u.hashes) > 2*u.k+64 {
		u.tidy()
	}
}

func (u *Union) tidy() {
	slices.Sort(u.hashes)
	u.hashes = slices.Compact(u.hashes)
	if len(u.hashes) > u.k {
		u.hashes = u.hashes[:u.k]
	}
	u.clean = len(u.hashes)
}

// Set is the union of all sets that were added.
func (u *Union) Set() Set {
	u.tidy()
	return Set{k: u.k, hashes: slices.Clone(u.hashes)}
}

// Size is about what a set takes in memory, in bytes.
func (s Set) Size() int { return 8*cap(s.hashes) + 32 }
