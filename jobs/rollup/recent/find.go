package recent

// finder looks ids up in segments. It keeps its buffers from one to the next.
type finder struct {
	marks, rests lookup
	found        []candidate
}

// candidate is an id whose mark a segment has.
type candidate struct {
	open       int // its number among those looked for
	bucket     int
	first, end int // slots with its mark
}

// stride is how many ids are looked for at a time: it bounds the candidates.
const stride = 1 << 15

// find looks the entries that open numbers up in a segment, tells hit the position that is remembered for each that is
// there, and returns the numbers of those that are not, in the array of open. Entries are sorted.
func (f *finder) find(s *segment, list []entry, open []uint32, hit func(n uint32, pos uint64)) ([]uint32, error) {
	left := open[:0]
	for len(open) > 0 {
		part := open[:min(stride, len(open))]
		open = open[len(part):]
		if err := f.candidates(s, list, part); err != nil {
			return nil, err
		}
		if err := f.confirm(s, list, part, hit); err != nil {
			return nil, err
		}
		for _, n := range part {
			if n != gone {
				left = append(left, n)
			}
		}
	}
	return left, nil
}

// gone takes the place of an entry that was found.
const gone = ^uint32(0)

func (f *finder) candidates(s *segment, list []entry, open []uint32) error {
	f.found = f.found[:0]
	f.marks.reset(s, marks, s.bucket(list[open[0]].hi), s.bucket(list[open[len(open)-1]].hi), len(open))
	for i, n := range open {
		bucket := s.bucket(list[n].hi)
		body, err := f.marks.read(bucket)
		if err != nil {
			return err
		}
		if first, end := slots(body, mark(list[n].hi, s.width)); first < end {
			f.found = append(f.found, candidate{open: i, bucket: bucket, first: first, end: end})
		}
	}
	return nil
}

// confirm compares the whole hashes of the candidates.
func (f *finder) confirm(s *segment, list []entry, open []uint32, hit func(n uint32, pos uint64)) error {
	if len(f.found) == 0 {
		return nil
	}
	f.rests.reset(s, rests, f.found[0].bucket, f.found[len(f.found)-1].bucket, len(f.found))
	for _, c := range f.found {
		body, err := f.rests.read(c.bucket)
		if err != nil {
			return err
		}
		e := list[open[c.open]]
		want := unmarked(e.hi, s.width)
		for slot := c.first; slot < c.end; slot++ {
			rest := body[slot*restBytes:][:restBytes]
			if hi, lo := restHash(rest); hi == want && lo == e.lo {
				hit(open[c.open], restPosition(rest))
				open[c.open] = gone
				break
			}
		}
	}
	return nil
}
