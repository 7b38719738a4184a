package recent

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// randomEntries are entries whose ids may repeat and whose rows are their places.
func randomEntries(r *rand.Rand, n int) []entry {
	list := make([]entry, n)
	for i := range list {
		list[i] = entry{hi: r.Uint64(), lo: r.Uint64() & (1<<lowBits - 1), pos: r.Uint64(), row: uint64(i)}
		if i > 0 && r.IntN(10) == 0 {
			twin := list[r.IntN(i)]
			list[i].hi, list[i].lo = twin.hi, twin.lo
		}
	}
	return list
}

func TestBatchesAreSortedByIDAndThenByRow(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, 2, 15, 16, 17, 1000, 30_000} {
		list := randomEntries(r, n)
		if n == 30_000 { // a client that sends one id all the time
			for i := range 20_000 {
				list[i].hi, list[i].lo = 7<<60, 7
			}
		}
		want := slices.Clone(list)
		slices.SortFunc(want, compareEntries)
		sortEntries(list, 0)
		if !slices.Equal(list, want) {
			t.Errorf("%d entries come out in another order", n)
		}
	}
}

func written(t testing.TB, dir string, list []entry) *segment {
	t.Helper()
	w, err := newSegmentWriter(dir, int64(len(list)))
	check(t, err)
	for _, e := range list {
		check(t, w.add(e))
	}
	s, err := w.finish(time.Unix(1, 0), time.Unix(2, 0))
	check(t, err)
	t.Cleanup(func() { s.file.Close() }) //nolint:errcheck // the folder is removed next
	return s
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func distinct(list []entry) []entry {
	slices.SortFunc(list, compareEntries)
	return slices.CompactFunc(list, entry.same)
}

// lookedUp are the positions that a segment has for entries.
func lookedUp(t testing.TB, s *segment, list []entry) map[uint32]uint64 {
	t.Helper()
	found, open := map[uint32]uint64{}, make([]uint32, len(list))
	for i := range open {
		open[i] = uint32(i)
	}
	var f finder
	left, err := f.find(s, list, open, func(n uint32, pos uint64) { found[n] = pos })
	check(t, err)
	if len(left)+len(found) != len(list) || !slices.IsSorted(left) {
		t.Fatalf("%d of %d ids are neither found nor left", len(list)-len(left)-len(found), len(list))
	}
	return found
}

func TestSegmentTellsWhatItHoldsAndNothingElse(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, n := range []int{1, 100, 129, 5_000, 200_000} {
		dir := t.TempDir()
		all := distinct(randomEntries(r, n))
		s, err := openSegment(dir, written(t, dir, all).segmentState)
		check(t, err)
		defer s.file.Close() //nolint:errcheck // read only
		probes := distinct(append(randomEntries(r, 1000), all[:len(all)/2]...))
		for i := range probes { // some that have the marks of remembered ones
			if twin := all[r.IntN(len(all))]; i%3 == 0 && probes[i].pos != 0 {
				probes[i].hi, probes[i].lo = twin.hi, twin.lo^uint64(r.IntN(2))
			}
		}
		probes = distinct(probes)
		want := map[uint32]uint64{}
		for i, p := range probes {
			if at, ok := slices.BinarySearchFunc(all, p, func(a, b entry) int { a.row, b.row = 0, 0; return compareEntries(a, b) }); ok {
				want[uint32(i)] = all[at].pos
			}
		}
		found := lookedUp(t, s, probes)
		for i, pos := range want {
			if found[i] != pos {
				t.Fatalf("of %d ids number %d is at %d, found %d", n, i, pos, found[i])
			}
		}
		if len(found) != len(want) {
			t.Errorf("of %d ids %d were found, %d are there", n, len(found), len(want))
		}
		if each := float64(s.bytes) / float64(s.IDs); n >= 100_000 && each > 24 {
			t.Errorf("%.2f bytes an id", each)
		}
	}
}

func TestMergedSegmentsHoldTheSameIDs(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	dir := t.TempDir()
	var parts []*segment
	all := distinct(randomEntries(r, 60_000))
	shuffled := slices.Clone(all)
	r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	for _, n := range []int{40_000, 3, 1_500, 9_000} {
		parts = append(parts, written(t, dir, distinct(shuffled[:n:n])))
		shuffled = shuffled[n:]
	}
	one, err := merge(t.Context(), dir, parts)
	check(t, err)
	found := lookedUp(t, one, all)
	if one.IDs != 50_503 || len(found) != 50_503 {
		t.Errorf("%d ids, %d are found", one.IDs, len(found))
	}
	for i, pos := range found {
		if all[i].pos != pos {
			t.Fatalf("id %d is at %d, found %d", i, all[i].pos, pos)
		}
	}
	check(t, one.remove())
}

func TestSegmentsOfAnEraBecomeFewAndLargeOnesStay(t *testing.T) {
	from := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	var list []*segment
	most := int64(20 << 20)
	for run := range 48 * 60 * 4 { // a run each 15 s for two days, 2,000 listens/s
		at := from.Add(time.Duration(run) * 15 * time.Second)
		list = append(list, &segment{segmentState: segmentState{IDs: 30_000, From: at, Until: at}})
		for {
			first, end := crowd(list, most)
			if first == end {
				break
			}
			one := &segment{segmentState: segmentState{From: list[first].From, Until: list[end-1].Until}}
			for _, s := range list[first:end] {
				one.IDs += s.IDs
			}
			if one.IDs > most {
				t.Fatalf("a segment of %d ids", one.IDs)
			}
			list = slices.Replace(list, first, end, one)
		}
		if len(list) > 50 {
			t.Fatalf("%d segments after %d runs", len(list), run)
		}
	}
	for _, s := range list {
		if span := s.Until.Sub(s.From); span > era {
			t.Errorf("a segment of %s", span)
		}
	}
	t.Logf("%d segments after two days", len(list))
}

func TestDamagedSegmentIsNeverRead(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	dir := t.TempDir()
	all := distinct(randomEntries(r, 3_000))
	s := written(t, dir, all)
	path := filepath.Join(dir, s.Name)
	text, err := os.ReadFile(path)
	check(t, err)
	for range 200 {
		broken := slices.Clone(text)
		broken[r.IntN(len(broken))] ^= 1 << r.IntN(8)
		check(t, os.WriteFile(path, broken, 0o600))
		again, err := openSegment(dir, s.segmentState)
		if err != nil {
			continue // noticed
		}
		open := make([]uint32, len(all))
		for i := range open {
			open[i] = uint32(i)
		}
		var f finder
		_, err = f.find(again, all, open, func(n uint32, pos uint64) {
			if all[n].pos != pos {
				t.Fatalf("id %d is at %d, found %d", n, all[n].pos, pos)
			}
		})
		if err == nil {
			t.Error("nobody noticed")
		}
		check(t, again.file.Close())
	}
	for _, n := range []int{0, 10, len(text) - 1} {
		check(t, os.WriteFile(path, text[:n], 0o600))
		if _, err := openSegment(dir, s.segmentState); err == nil {
			t.Errorf("a file of %d bytes was opened", n)
		}
	}
}
