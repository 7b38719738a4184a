package rollup

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/lake"
)

// How files are merged. Files of about one size are a tier, each of tierGrowth times the rows of the one below. Where a
// tier has tierFiles files, they and those of the tiers below become one; so a row is written again about once a tier.
// A commit adds at most one file of rows, and one delete for each file that is there. Where it could leave a partition
// with more than mostFiles, row deletes among them, all become one, but for a file with most of its rows that has at
// most ownDeletes.
const (
	tierRows   = 256
	tierGrowth = 16
	tierFiles  = 8
	mostFiles  = 60
	ownDeletes = 12
	// settledDays after its end a partition has got most of its late rows. Then its files become one.
	settledDays = 2
)

// tidy merges files of a table in a commit of its own, which changes no sum.
func (p *Plan) tidy(ctx context.Context, s shape, at *lake.Snapshot) error {
	files, err := at.Files(ctx)
	if err != nil {
		return err
	}
	deletes, err := at.DeleteFiles(ctx)
	if err != nil {
		return err
	}
	byPart := map[int]*partition{}
	of := func(f lake.File) *partition {
		part, known := lake.PartitionValue(f).(int)
		if !known {
			return &partition{} // of another engine's spec: it stays as it is
		}
		if byPart[part] == nil {
			byPart[part] = &partition{}
		}
		return byPart[part]
	}
	for _, f := range files {
		of(f).data = append(of(f).data, f)
	}
	for _, f := range deletes {
		of(f).deletes = append(of(f).deletes, f)
	}
	c := lake.Commit{Job: catalog.RollupJob, Stage: lake.IfUnmoved(*at, nil)}
	for _, value := range slices.Sorted(maps.Keys(byPart)) {
		part := byPart[value]
		merge := part.toMerge(s.end(value)+settledDays <= p.kept+p.hourDays)
		if len(merge) == 0 {
			continue
		}
		if err := p.merge(ctx, s, *at, value, merge, &c); err != nil {
			return fmt.Errorf("merge files of %s: %w", s.table, err)
		}
		c.Remove = append(c.Remove, part.with(merge)...)
	}
	if len(c.Remove) == 0 {
		return nil
	}
	p.env.Log.Debug("merged files", "table", s.table, "files", len(c.Remove), "into", len(c.Add))
	*at, err = p.env.Lake.Commit(ctx, s.table, c)
	return err
}

// merge writes the rows of files of one partition as one file.
func (p *Plan) merge(ctx context.Context, s shape, at lake.Snapshot, value int, files []lake.File, c *lake.Commit) error {
	if err := p.db.BindFiles(ctx, "merging", at, files); err != nil {
		return err
	}
	statement, args := "rollup/merged", []any{catalog.SketchSize(s.table)}
	if s.table == catalog.PlaysChanges {
		statement, args = "rollup/merged_changes", nil
	}
	if err := p.db.Run(ctx, statement, args...); err != nil {
		return err
	}
	added, err := p.db.WriteSorted(ctx, at.Table(), catalog.RollupJob, "merged", value, s.order, groupRows)
	c.Add = append(c.Add, added...)
	return err
}

// partition are the files of one partition of a table.
type partition struct{ data, deletes []lake.File }

// toMerge are the files that become one; none where the partition is fine.
func (p *partition) toMerge(settled bool) []lake.File {
	slices.SortStableFunc(p.data, func(a, b lake.File) int { return cmp.Compare(a.Count(), b.Count()) })
	n := len(p.data)
	if n == 0 {
		return nil
	}
	most, rest := p.data[n-1], int64(0)
	for _, f := range p.data[:n-1] {
		rest += f.Count()
	}
	alone := len(p.with([]lake.File{most})) - 1
	switch large := rest < most.Count(); {
	case 2*n+len(p.deletes)+1 <= mostFiles && !(settled && n > 1 && !large):
		return p.data[:p.fullTiers()]
	case large && alone <= ownDeletes:
		return p.data[:n-1]
	}
	return p.data
}

// fullTiers is how many of the files, the smallest first, are those of full tiers and of the tiers below.
func (p *partition) fullTiers() (files int) {
	first := 0
	for i := range p.data {
		if tier(p.data[i]) != tier(p.data[first]) {
			first = i
		}
		if i-first+1 >= tierFiles {
			files = i + 1
		}
	}
	return files
}

// with are files and the row deletes that are of them alone.
func (p *partition) with(merged []lake.File) []lake.File {
	gone := map[string]bool{}
	for _, f := range merged {
		gone[f.FilePath()] = true
	}
	list := slices.Clone(merged)
	for _, d := range p.deletes {
		if target := d.ReferencedDataFile(); target != nil && gone[*target] {
			list = append(list, d)
		}
	}
	return list
}

func tier(f lake.File) int {
	n := 0
	for rows := f.Count() / tierRows; rows > 0; rows /= tierGrowth {
		n++
	}
	return n
}
