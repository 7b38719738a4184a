package purge

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/erase/book"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/strip"
)

// fileID tells a file of all tables, batchID what one snapshot took from it for the requests noted at a time.
type fileID struct{ table, uri string }

type batchID struct{ at, snapshot int64 }

// holders says whose rows files on record had.
type holders struct {
	requests map[int64][]place            // by when they were noted
	rows     map[fileID]map[batchID]int64 // that are gone from a file
}

func holdersOf(batches []batch, files []book.File) (h holders) {
	h.requests, h.rows = map[int64][]place{}, map[fileID]map[batchID]int64{}
	for _, b := range batches {
		h.requests[b.At] = append(h.requests[b.At], b.place())
	}
	for _, f := range files {
		file, of := fileID{f.Table, f.URI}, batchID{f.At.UnixMicro(), f.SnapshotID}
		if h.rows[file] == nil {
			h.rows[file] = map[batchID]int64{}
		}
		h.rows[file][of] = max(h.rows[file][of], f.Rows)
	}
	return h
}

// of are the requests whose rows a file ever held. Where its record does not account for all rows that are deleted in
// it, or names a batch that nobody knows, they may be of anybody: all is true. So it is of a file without a record.
func (h holders) of(file fileID, gone int64) (who map[place]bool, all bool) {
	who = map[place]bool{}
	if h.rows[file] == nil {
		return who, true
	}
	for b, rows := range h.rows[file] {
		all = all || h.requests[b.at] == nil
		for _, p := range h.requests[b.at] {
			who[p] = true
		}
		if b.snapshot != 0 {
			gone -= rows
		}
	}
	return who, all || gone > 0
}

// unfit tells whether an error of reading an input says that it cannot be written anew: it is encrypted, damaged or
// gone. One that went with a snapshot which another run expired is not live any more, and no such file.
func (r *run) unfit(ctx context.Context, table string, f lake.File, err error) (bool, error) {
	switch {
	case errors.Is(err, jobs.ErrProof): // of the new file
		return false, nil
	case errors.Is(err, lake.ErrUnsupported), errors.Is(err, lake.ErrDamaged), errors.Is(err, lake.ErrUnreadable):
		return true, nil
	case !errors.Is(err, fs.ErrNotExist):
		return false, nil
	}
	now, err := r.env.Snapshot(ctx, table)
	if err != nil {
		return false, err
	}
	files, err := now.Files(ctx)
	return slices.ContainsFunc(files, func(live lake.File) bool { return live.FilePath() == f.FilePath() }), err
}

// leaveUnfit leaves a file that an error says cannot be written anew; an error that says something else comes back.
func (r *run) leaveUnfit(ctx context.Context, table string, f lake.File, gone []int64, why error) error {
	unfit, err := r.unfit(ctx, table, f, why)
	if err != nil || !unfit {
		return errors.Join(why, err)
	}
	r.left[f.FilePath()] = true
	who, all := r.work.holders.of(fileID{table, f.FilePath()}, int64(len(gone)))
	r.work.stick(Blocked{Table: table, By: fmt.Sprintf("file %s: %v", f.FilePath(), why), Hint: cmp.Or(lake.Hint(why), hintUnfit(why))}, who, all)
	return nil
}

func hintUnfit(why error) string {
	if errors.Is(why, lake.ErrUnsupported) {
		return "have the engine that wrote the file rewrite it, with its deletes"
	}
	return "put the file back from a backup under the same name, then run 'lakectl job deletions' again"
}

// keepsAll tells whether something keeps all due requests from being purged, not only those of some files.
func (r *run) keepsAll() bool {
	return len(r.report.Waiting) > 0 || slices.ContainsFunc(r.work.blocked, func(b Blocked) bool { return len(b.Requests) == 0 })
}

// except names the requests that this run cannot clear, as [book.Cleared] has them.
func (r *run) except() string {
	var names []string
	for _, q := range r.work.due {
		if r.work.stuck[q.place()] {
			names = append(names, q.place().String())
		}
	}
	return strings.Join(names, " ")
}

// fit are the inputs that can be read. The others are left.
func (r *run) fit(ctx context.Context, base lake.Snapshot, inputs []lake.File, gone map[string][]int64) ([]lake.File, error) {
	fields := fieldsOf(base.Table())
	open, err := r.pass(ctx, base, inputs, gone, func(f lake.File) error { return strip.Encrypted(ctx, f) })
	if err != nil || r.env.Duck.Verify.Verify(ctx, base, open, fields) == nil {
		return open, err
	}
	return r.pass(ctx, base, open, gone, func(f lake.File) error { return r.env.Duck.Verify.Verify(ctx, base, []lake.File{f}, fields) })
}

// pass are the inputs that pass a check. The others are left.
func (r *run) pass(ctx context.Context, base lake.Snapshot, inputs []lake.File, gone map[string][]int64, check func(lake.File) error) (passed []lake.File, err error) {
	for _, f := range inputs {
		why := check(f)
		if why == nil {
			passed = append(passed, f)
			continue
		}
		if err := r.leaveUnfit(ctx, base.Table().Name(), f, gone[f.FilePath()], why); err != nil {
			return nil, err
		}
	}
	return passed, nil
}
