package attest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// wipingProperty is a table property while files of the table are being wiped: a pending as JSON.
const wipingProperty = "lakectl.attest.wiping"

// pending is what a wipe has still to end.
type pending struct {
	Files  []string `json:"files"`  // that are replaced or about to be, and manifests with bounds; below the table's place
	Before int64    `json:"before"` // sequence number below which snapshots have them; 0: not all are replaced yet
}

// wipe takes words out of rows of one table, and out of all that the table was.
type wipe struct {
	env   jobs.Env
	db    *jobs.Session // with the table concluded
	table string
	view  string   // under which the statement find knows the table
	find  string   // lists the files that have something to wipe
	blank string   // makes the view wiped of the view wiping
	bound []string // columns that no manifest may have bounds of
}

// run does it. Nothing to wipe and nothing left of a run that was cut off: nothing is written.
func (w wipe) run(ctx context.Context) (files int, err error) {
	s, err := w.env.Snapshot(ctx, w.table)
	if err != nil {
		return 0, err
	}
	targets, err := w.targets(ctx, s)
	if err != nil {
		return 0, err
	}
	p, text, err := readPending(s.Table())
	if err != nil || len(targets)+len(p.Files) == 0 {
		return 0, err
	}
	if len(targets) > 0 || p.Before > s.Sequence() { // the latter: main was rolled back
		p.Before = 0
		for _, f := range targets {
			p.Files = append(p.Files, below(s.Table(), f.FilePath()))
		}
		if text, err = w.note(ctx, text, p); err != nil {
			return 0, err
		}
	}
	if p.Before == 0 {
		if err := w.replace(ctx); err != nil {
			return 0, err
		}
		if p, err = w.settle(ctx, p); err != nil {
			return 0, err
		}
		if text, err = w.note(ctx, text, p); err != nil {
			return 0, err
		}
	}
	if err := w.forget(ctx, p); err != nil {
		return 0, err
	}
	_, err = w.env.Lake.DropProperty(ctx, w.table, wipingProperty, text)
	return len(targets), err
}

func readPending(t *lake.Table) (p pending, text string, err error) {
	if text = t.Property(wipingProperty); text == "" {
		return p, "", nil
	}
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return p, "", fmt.Errorf("property %s of %s: %w", wipingProperty, t.Name(), err)
	}
	return p, text, nil
}

// note writes down what is pending, in place of what was.
func (w wipe) note(ctx context.Context, before string, p pending) (string, error) {
	text, err := json.Marshal(p)
	if err != nil || string(text) == before {
		return before, err
	}
	swapped, err := w.env.Lake.SwapProperty(ctx, w.table, wipingProperty, before, string(text))
	if err == nil && !swapped {
		err = lake.WithHint(fmt.Errorf("wipe %s: %w", w.table, lake.ErrFenced), "another run of the same job is at work; run the command again")
	}
	return string(text), err
}

// targets are the live files that have something to wipe.
func (w wipe) targets(ctx context.Context, s lake.Snapshot) ([]lake.File, error) {
	if err := w.db.Bind(ctx, w.view, s); err != nil {
		return nil, err
	}
	named := map[string]bool{}
	var path string
	if err := w.db.Each(ctx, w.find, nil, []any{&path}, func() error { named[path] = true; return nil }); err != nil {
		return nil, fmt.Errorf("find files of %s to wipe: %w", w.table, err)
	}
	files, err := s.Files(ctx)
	if err != nil {
		return nil, err
	}
	var targets []lake.File
	for _, f := range files {
		local, err := lake.LocalPath(f.FilePath())
		if err != nil {
			return nil, err
		}
		if named[local] {
			targets = append(targets, f)
		}
	}
	return targets, nil
}

// replace commits each file without the words, by itself: so its rows keep the sequence number they came with, by which
// others tell which request knew which listens.
//
// Bounds go first: a manifest keeps those of a file that it says is gone, also one of a commit that fails.
func (w wipe) replace(ctx context.Context) error {
	if len(w.bound) > 0 {
		if _, err := w.env.Lake.DropBounds(ctx, w.table, catalog.DeletionsJob, w.bound); err != nil {
			return err
		}
	}
	s, err := w.env.Snapshot(ctx, w.table)
	if err != nil {
		return err
	}
	targets, err := w.targets(ctx, s)
	if err != nil {
		return err
	}
	for _, f := range targets {
		if err := errors.Join(w.db.BindFiles(ctx, "wiping", s, []lake.File{f}), w.db.Run(ctx, w.blank)); err != nil {
			return fmt.Errorf("wipe rows of %s: %w", w.table, err)
		}
		out, err := w.db.Write(ctx, s.Table(), catalog.DeletionsJob, "wiped")
		if err != nil {
			return fmt.Errorf("wipe rows of %s: %w", w.table, err)
		}
		moved := func(string, []int64) (map[string][]int64, error) {
			return nil, lake.WithHint(fmt.Errorf("rows of %s were deleted meanwhile: %w", w.table, lake.ErrFenced), "run the command again")
		}
		r := lake.Rewrite{Job: catalog.DeletionsJob, Base: s, Inputs: []lake.File{f}, Outputs: out, Moved: moved, Verify: w.env.Duck.Verify}
		if _, err := w.env.Lake.Rewrite(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// settle commits a snapshot that stands on its own, so what is below it may go. The manifests of that which have bounds
// of the words, and nothing newer has, become part of what is pending.
func (w wipe) settle(ctx context.Context, p pending) (pending, error) {
	anyBase := func(lake.Snapshot) (map[string]string, error) { return nil, nil }
	after, err := w.env.Lake.Commit(ctx, w.table, lake.Commit{Job: catalog.DeletionsJob, Stage: anyBase})
	if err != nil {
		return p, err
	}
	p.Before = after.Sequence()
	t := after.Table()
	old := slices.DeleteFunc(t.Snapshots(), func(s lake.Snapshot) bool { return s.Sequence() >= p.Before })
	manifests, err := t.ManifestsWithBounds(ctx, w.bound, old)
	if err != nil {
		return p, err
	}
	kept, err := t.ManifestsWithBounds(ctx, w.bound, []lake.Snapshot{after})
	if err != nil {
		return p, err
	}
	for _, uri := range manifests {
		if !slices.Contains(kept, uri) {
			p.Files = append(p.Files, below(t, uri))
		}
	}
	slices.Sort(p.Files)
	p.Files = slices.Compact(p.Files)
	return p, nil
}

// below is a URI as it reads below the place of the table, which may move.
func below(t *lake.Table, uri string) string { return strings.TrimPrefix(uri, t.Location()+"/") }

// forget expires the snapshots that have what was replaced, and deletes these files where a run that was cut off left
// them.
func (w wipe) forget(ctx context.Context, p pending) error {
	_, err := w.env.Lake.Expire(ctx, w.table, func(now *lake.Table) ([]lake.Snapshot, error) { return w.doomed(now, p.Before) })
	if err != nil {
		return err
	}
	t, err := w.env.Lake.Table(ctx, w.table)
	if err != nil {
		return err
	}
	files, err := t.Current().Files(ctx)
	if err != nil {
		return err
	}
	live := map[string]bool{}
	for _, f := range files {
		live[f.FilePath()] = true
	}
	store, err := t.FS(ctx)
	if err != nil {
		return err
	}
	for _, name := range p.Files {
		uri := t.Location() + "/" + name
		if live[uri] {
			return lake.WithHint(fmt.Errorf("wipe %s: a file that was replaced is back: %w", w.table, lake.ErrFenced), "run the command again")
		}
		if err := store.Remove(uri); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("delete %s: %w", uri, err)
		}
	}
	return nil
}

// doomed are the snapshots below a sequence number, if no tag and no branch is among them.
func (w wipe) doomed(now *lake.Table, before int64) ([]lake.Snapshot, error) {
	var list []lake.Snapshot
	going := map[int64]bool{}
	for _, s := range now.Snapshots() {
		if s.Sequence() < before {
			going[s.ID()] = true
			list = append(list, s)
		}
	}
	for name, id := range now.Refs() {
		if going[id] {
			return nil, lake.WithHint(fmt.Errorf("%s of %s names a snapshot with rows that are wiped: %w", name, w.table, jobs.ErrPartial),
				"drop the tag or branch, then run the command again")
		}
	}
	return list, nil
}
