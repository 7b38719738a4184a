package usage

import "strings"

// Nearest returns the known word that takes the fewest edits to reach from word,
// the first of them on a tie, and that number of edits.
func Nearest(word string, known []string) (string, int) {
	best, fewest := "", -1
	for _, k := range known {
		if d := edits(word, k); fewest < 0 || d < fewest {
			best, fewest = k, d
		}
	}
	return best, fewest
}

// DidYouMean is a hint for a mistyped word, or otherwise where no known word is
// near enough to be what was meant.
func DidYouMean(word string, known []string, otherwise string) string {
	if best, d := Nearest(word, known); best != "" && d <= 1+len(word)/4 {
		return "did you mean " + best + "?"
	}
	return otherwise
}

// Dashes is a flag as it is typed.
func Dashes(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

// edits counts insertions, deletions, replacements and swaps of neighbours
// between a and b, in bytes and without regard to case.
func edits(a, b string) int {
	a, b = strings.ToLower(a), strings.ToLower(b)
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
