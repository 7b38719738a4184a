package terms

import "slices"

// Keyed are the rules of a list that hold against the same columns, as a table to look a listen up in. Of the ranges of
// one key none overlap: in each the first rule of the list decides.
type Keyed struct {
	Columns []string // of the ledger; none for rules about every listen
	Ranges  []Range
}

// Range says which rule of a list decides about the listens of a key from one UTC date to another.
type Range struct {
	Key      []string // values of the columns
	From, To string   // To is exclusive; empty = open
	Position int      // of the rule, from 0
}

// ByKey makes tables of a list of rules, at most 32. Of those that have a listen the rule with the least position
// decides.
func ByKey(rules []Rule) []Keyed {
	type selected struct {
		mask int
		key  [5]string
	}
	cuts := map[selected]*cut{}
	var order []selected
	for i, r := range rules {
		s := selected{key: r.selectors()}
		for n, value := range s.key {
			if value != "" {
				s.mask |= 1 << n
			}
		}
		if cuts[s] == nil {
			cuts[s] = &cut{}
			order = append(order, s)
		}
		cuts[s].add(r.dates(), i)
	}
	tables := map[int]*Keyed{}
	for _, s := range order {
		t := tables[s.mask]
		if t == nil {
			t = &Keyed{}
			tables[s.mask] = t
		}
		var key []string
		t.Columns = nil
		for n, pair := range (Rule{}).pairs() {
			if s.mask&(1<<n) != 0 {
				t.Columns, key = append(t.Columns, pair[0]), append(key, s.key[n])
			}
		}
		for _, p := range cuts[s].parts {
			r := Range{Key: key, From: p.from, To: p.to, Position: p.position}
			if p.to == endless {
				r.To = ""
			}
			t.Ranges = append(t.Ranges, r)
		}
	}
	var list []Keyed
	for mask := range 32 {
		if t := tables[mask]; t != nil {
			list = append(list, *t)
		}
	}
	return list
}

// cut are date ranges in order, none of which overlap.
type cut struct{ parts []part }

type part struct {
	dateRange
	position int
}

// add gives to a rule what no rule before has of its dates.
func (c *cut) add(d dateRange, position int) {
	i, _ := slices.BinarySearchFunc(c.parts, d.from, func(p part, from string) int {
		if p.to <= from {
			return -1
		}
		return 1
	})
	for from := d.from; from < d.to; i++ {
		if i == len(c.parts) || c.parts[i].from >= d.to {
			c.parts = slices.Insert(c.parts, i, part{dateRange{from, d.to}, position})
			return
		}
		if from < c.parts[i].from {
			c.parts = slices.Insert(c.parts, i, part{dateRange{from, c.parts[i].from}, position})
			i++
		}
		from = c.parts[i].to
	}
}
