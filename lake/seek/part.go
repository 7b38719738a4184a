package seek

import (
	"slices"
	"strings"

	"github.com/apache/iceberg-go"
)

const (
	// wholeRows is the size of a row group below which only the whole is kept: its parts would save nothing.
	wholeRows = 2048
	// partBytes is about what an entry takes in memory besides its rows.
	partBytes = 512
)

// part is what a row group has of one key, kept apart from the group. So keys that are asked for again and again stay
// in memory where all of their groups would not fit.
func (r *Reader) part(f *opened, uri string, n int, of iceberg.NestedField, columns []iceberg.NestedField, key string) (*group, error) {
	if f.Footer().RowGroup(n).NumRows() < wholeRows {
		return r.group(f, uri, n, of, columns)
	}
	p, err := r.kept("part:"+key+"\x00"+groupName(uri, n, of, columns), func() (any, int64, error) {
		g, err := r.group(f, uri, n, of, columns)
		if err != nil {
			return nil, 0, err
		}
		p := g.part(key)
		return p, p.bytes() + partBytes, nil
	})
	if err != nil {
		return nil, err
	}
	return p.(*group), nil
}

// part copies the rows of a key. Where they are not together it is the whole group.
func (g *group) part(key string) *group {
	var found []run
	for _, r := range g.runs {
		if r.key == key {
			found = append(found, r)
		}
	}
	switch len(found) {
	case 0:
		return &group{first: g.first, sorted: true}
	case 1:
	default:
		return g
	}
	from, to := found[0].from, found[0].to
	p := &group{first: g.first + int64(from), runs: []run{{key, 0, to - from}}, sorted: true, columns: make([]column, len(g.columns))}
	for i, c := range g.columns {
		if c.texts != nil {
			p.columns[i].texts = cloned(c.texts[from:to])
		} else {
			p.columns[i].numbers = slices.Clone(c.numbers[from:to])
		}
	}
	return p
}

// cloned copies texts, so that the rest of their row group can go. One that repeats the one before it is the same in
// memory.
func cloned(texts []string) []string {
	list := make([]string, len(texts))
	for i, t := range texts {
		if i > 0 && t == texts[i-1] {
			list[i] = list[i-1]
		} else {
			list[i] = strings.Clone(t)
		}
	}
	return list
}
