package seek

import "testing"

func TestPartHasTheRowsOfTheKeyAndTheirPositions(t *testing.T) {
	t.Parallel()
	visited := func(g *group, key string, deleted []int64) (list []int64) {
		g.each(key, deleted, func(r Row) { list = append(list, r.Number(0)) })
		return list
	}
	sum := func(list []int64) (n int64) {
		for _, v := range list {
			n = 100*n + v
		}
		return n
	}
	for name, keys := range map[string][]string{
		"sorted":   {"a", "a", "b", "b", "b", "d"},
		"apart":    {"b", "a", "b", "d", "b", "a"},
		"one":      {"b", "b", "b", "b", "b", "b"},
		"unsorted": {"d", "b", "b", "a", "a", "a"},
	} {
		g := &group{first: 40, columns: []column{{numbers: []int64{1, 2, 3, 4, 5, 6}}, {texts: []string{"u", "v", "w", "x", "y", "z"}}}}
		g.runs, g.sorted = runsOf(keys)
		for _, key := range []string{"a", "b", "c", "d"} {
			for _, deleted := range [][]int64{nil, {40, 43, 99}, {41, 42, 44, 45}} {
				if got, want := visited(g.part(key), key, deleted), visited(g, key, deleted); sum(got) != sum(want) {
					t.Errorf("%s, key %s without %v: rows %v, want %v", name, key, deleted, got, want)
				}
			}
		}
	}
}
