package compact

import (
	"context"
	"errors"
	"runtime/debug"
	"slices"

	"github.com/lakectl/lakectl/lake"
)

// plan loads the table and plans from what it is now.
func (r *run) plan(ctx context.Context) (lake.Snapshot, []Group, error) {
	base, err := r.env.Snapshot(ctx, r.o.Table)
	if err != nil {
		return base, nil, err
	}
	if r.waits(base) {
		return base, nil, nil
	}
	r.months = byMonth(base.Table().Spec())
	s := State{Target: r.o.Target, Shrunk: r.shrunk, Memory: room()}
	if s.Bases, err = sequences(base, r.o.Bases); err != nil {
		return base, nil, err
	}
	if s.Inputs, err = r.inputs(ctx, base); err != nil {
		return base, nil, err
	}
	return base, PlanOf(s), nil
}

// room is what files that are read at the same time may take: the process may have been given little.
func room() int64 { return max(leastMemory, min(mostMemory, debug.SetMemoryLimit(-1)/2)) }

// sequences are those of snapshots on the table's line, ascending. Whoever covers one that is gone starts over.
func sequences(now lake.Snapshot, ids []int64) (list []int64, err error) {
	line := now.Line()
	for _, id := range ids {
		s, err := now.Table().ByID(id)
		if errors.Is(err, lake.ErrExpired) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if s.ID() != 0 && line(s) {
			list = append(list, s.Sequence())
		}
	}
	slices.Sort(list)
	return slices.Compact(list), nil
}

// inputs are the files that may be rewritten: under the partition spec of lakectl, and not left alone by this run.
func (r *run) inputs(ctx context.Context, s lake.Snapshot) ([]Input, error) {
	files, err := s.Files(ctx)
	if err != nil {
		return nil, err
	}
	deletes, err := r.deletes(ctx, s)
	if err != nil {
		return nil, err
	}
	spec := s.Table().Spec()
	var list []Input
	for _, f := range files {
		part, known := partOf(spec, f)
		if !known || r.skipped[f.FilePath()] {
			continue
		}
		in := Input{File: f, Day: r.number(part), Part: part, Apart: r.apart(s.Table(), f), Sorted: orders[r.o.Table] == "" && !r.unsorted[f.FilePath()]}
		in.Since, in.Before = s.Came(f)
		in.Deleted = min(deletes[f.FilePath()], f.Count())
		list = append(list, in)
	}
	return list, nil
}

// deletes are how many rows of each data file are deleted. A delete file of one data file says so in its manifest;
// others are read.
func (r *run) deletes(ctx context.Context, s lake.Snapshot) (map[string]int64, error) {
	files, err := s.DeleteFiles(ctx)
	if err != nil {
		return nil, err
	}
	list := map[string]int64{}
	var others []lake.File
	for _, f := range files {
		if one := f.ReferencedDataFile(); one != nil {
			list[*one] += f.Count()
		} else {
			others = append(others, f)
		}
	}
	err = s.EachDeletes(ctx, r.env.Duck.Verify, others, func(_ lake.File, rows map[string][]int64) {
		for path, positions := range rows {
			list[path] += int64(len(positions))
		}
	})
	return list, err
}
