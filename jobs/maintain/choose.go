package maintain

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/lake"
)

// newest is how many snapshots of a table are kept whatever their age. They are what is at work: readers and jobs
// that opened one a moment ago, commits that look for themselves among the newest. At a flush every 15 s it is 7
// minutes. Each costs every commit to the table some 0.03 ms, as do the hourly ones beside it.
const newest = 30

// rebuild is how long everything stays for a consumer whose base is gone: it has this long to start over and still
// find the snapshot that it started from.
const rebuild = 6 * time.Hour

// chosen is what becomes of one table.
type chosen struct {
	doomed []lake.Snapshot
	held   []Held
}

// hold is a reason to keep snapshots that the rules let go.
type hold struct {
	Held
	needs func(lake.Snapshot) bool
}

// choose decides what becomes of a table, from the table as it is and the facts gathered when the run began.
func (f *facts) choose(t *lake.Table) chosen {
	all := t.Snapshots()
	keep := f.keptByRule(t, all)
	holds := f.holds(t)
	var c chosen
	for _, s := range all {
		if keep[s.ID()] {
			continue
		}
		if i := slices.IndexFunc(holds, func(h *hold) bool { return h.needs(s) }); i >= 0 {
			keep[s.ID()] = true
			holds[i].Snapshots++
			continue
		}
		c.doomed = append(c.doomed, s)
	}
	c.doomed = f.erasure.spareSwept(t, c.doomed)
	for _, h := range holds {
		if h.Snapshots > 0 {
			c.held = append(c.held, h.Held)
		}
	}
	c.held = append(c.held, f.lasting(t)...)
	c.held = append(c.held, statementAge(t)...)
	return c
}

// keptByRule are the snapshots that stay whoever needs them. all is in order of sequence.
func (f *facts) keptByRule(t *lake.Table, all []lake.Snapshot) map[int64]bool {
	keep := map[int64]bool{}
	add := func(list ...lake.Snapshot) {
		for _, s := range list {
			keep[s.ID()] = true
		}
	}
	for _, s := range all[max(0, len(all)-newest):] {
		if t.Name() != catalog.Quarantine || f.young(s) { // a day that was dropped must go, however few commits follow
			add(s)
		}
	}
	add(t.Current().Footing()...)
	due := f.due(t)
	for _, r := range t.NamedRefs() {
		if !f.dryRun || !slices.Contains(due, r) { // else it would be gone by then
			keep[r.SnapshotID] = true
		}
	}
	for _, b := range f.bases[t.Name()] {
		if s, err := t.ByID(b.id); err == nil {
			add(s.Footing()...)
		}
	}
	for id := range f.pins[t.Name()] {
		keep[id] = true
	}
	for _, s := range all {
		if s.Sequence() > f.seen[t.Name()] {
			add(s)
		}
	}
	add(f.readable(all)...)
	return keep
}

// readable are the snapshots that answer what the table was at a time within the retention: the newest of each hour,
// the one that was current when the retention began, and the first of all.
func (f *facts) readable(all []lake.Snapshot) (list []lake.Snapshot) {
	var before lake.Snapshot
	hours := map[time.Time]lake.Snapshot{}
	for i, s := range all {
		if !f.young(s) {
			if !s.Time().Before(before.Time()) {
				before = s
			}
			continue
		}
		if i == 0 {
			list = append(list, s)
		}
		hour := s.Time().Truncate(time.Hour)
		if !s.Time().Before(hours[hour].Time()) {
			hours[hour] = s
		}
	}
	return append(slices.AppendSeq(list, maps.Values(hours)), before)
}

// young tells whether a snapshot is within the retention.
func (f *facts) young(s lake.Snapshot) bool { return f.now.Sub(s.Time()) < f.retention }

// holds are the reasons of one table, the one that reaches back farthest first.
func (f *facts) holds(t *lake.Table) []*hold {
	holds := f.others(t)
	line := map[int64]lake.Snapshot{}
	for _, s := range t.Current().Ancestors() {
		line[s.ID()] = s
	}
	bases := slices.Clone(f.bases[t.Name()])
	slices.SortStableFunc(bases, func(a, b base) int { return cmp.Compare(line[a.id].Sequence(), line[b.id].Sequence()) })
	for _, b := range bases {
		at, below := line[b.id]
		h := &hold{Held: Held{Table: t.Name(), For: b.by, SnapshotID: b.id, Since: at.Time(), Hint: b.hint}}
		h.needs = func(s lake.Snapshot) bool { return s.Sequence() >= at.Sequence() }
		if !below {
			h.For, h.Hint = b.by+", which has to start over", b.hint
			h.needs = func(s lake.Snapshot) bool { return f.now.Sub(s.Time()) < rebuild }
		}
		holds = append(holds, h)
	}
	return holds
}

// others are those of the reasons that are no consumer's.
func (f *facts) others(t *lake.Table) []*hold {
	holds := append(f.erasure.holds(t), waysBack(t)...)
	if sharesFiles(t) {
		holds = append(holds, &hold{
			Held:  Held{Table: t.Name(), For: "table property gc.enabled=false", Hint: "unset the property: it says that other tables may use the files"},
			needs: func(lake.Snapshot) bool { return true },
		})
	}
	return holds
}
