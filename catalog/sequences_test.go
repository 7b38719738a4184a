package catalog_test

import (
	"testing"

	"github.com/lakectl/lakectl/catalog"
)

func TestSequencesHaveWhatWasPickedAndNothingElseThatIsKnown(t *testing.T) {
	known := []int64{2, 5, 7, 11, 12, 30}
	for text, picked := range map[string][]int64{"": nil, "2": {2}, "5..11": {5, 7, 11}, "2,7..12": {2, 7, 11, 12}, "2,7,30": {2, 7, 30}, "2..30": known} {
		s := catalog.SequencesOf(known, picked)
		if s.String() != text {
			t.Errorf("%v is %q, want %q", picked, s, text)
		}
		read, is := catalog.ParseSequences(text), map[int64]bool{}
		for _, n := range picked {
			is[n] = true
		}
		for _, n := range known {
			if read.Has(n) != is[n] || read.Plus(read).Has(n) != is[n] {
				t.Errorf("%q has %d: %v", text, n, read.Has(n))
			}
		}
	}
}

func TestSequencesThatCannotBeReadAreEverything(t *testing.T) {
	for _, text := range []string{"x", "3..", "4,..7"} {
		if s := catalog.ParseSequences(text); !s.Has(0) || !s.Has(1<<40) {
			t.Errorf("%q leaves something out", text)
		}
	}
}

func TestSumOfSequencesDoesNotGrowByWhatItHas(t *testing.T) {
	s := catalog.ParseSequences("3..9,20")
	if sum := s.Plus(catalog.ParseSequences("4..5,20,21")); sum.String() != "3..9,20,21" || s.String() != "3..9,20" {
		t.Errorf("the sum is %q, of %q", sum, s)
	}
}
