package erase

import (
	"context"
	"fmt"
	"slices"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/lake"
)

// target is a table that loses rows.
type target struct {
	PlannedTable
	base    lake.Snapshot
	files   []lake.File // live at base
	derived bool        // written by royalties: computed from the archive
	count   func(*Counts) *int64
	landed  map[int64]int64 // when the rows were located that commits on this table have deleted: the commit's snapshot
	hits    []hitFile       // in order of path
	after   lake.Snapshot   // once the rows are deleted
}

// hitFile is a data file that loses rows.
type hitFile struct {
	path string // on this machine
	rows int64
}

// find fills hits with every row of the four tables that a request covers. The archive is loaded after the
// requests, so the snapshot it is swept through is one that all of them were applied to.
func (p *Plan) find(ctx context.Context) error {
	if err := p.loadTargets(ctx); err != nil {
		return err
	}
	archive, quarantine := p.target(catalog.Listens), p.target(catalog.Quarantine)
	in, err := intakesAfter(archive.base, p.log.swept, p.log.erasures)
	if err != nil {
		return err
	}
	if p.whole = in.all; in.all {
		p.env.Log.Warn("sweeping the whole archive again: the snapshot of the last sweep is not in its history", "swept_snapshot_id", p.log.swept)
	}
	for _, r := range p.requests {
		r.suspect = !r.open() && in.reach(r)
	}
	w, err := p.fillWanted(ctx)
	if err != nil {
		return err
	}
	everyone := func(*request) bool { return true }
	if err := w.scan(ctx, quarantine, quarantine.files, "erase/find_quarantine", everyone); err != nil {
		return err
	}
	if !slices.ContainsFunc(p.requests, (*request).sweeps) {
		return nil
	}
	files := p.meeting(archive, func(r *request, f lake.File) bool { return r.open() || in.unfiltered(r, f) })
	if err := w.search(ctx, archive, files, "erase/find"); err != nil {
		return err
	}
	return p.findDerived(ctx, w)
}

// loadTargets loads the four tables, in the order in which rows are deleted from them.
func (p *Plan) loadTargets(ctx context.Context) (err error) {
	p.targets = []*target{
		{PlannedTable: PlannedTable{Name: catalog.Listens}, count: func(c *Counts) *int64 { return &c.Listens }},
		{PlannedTable: PlannedTable{Name: catalog.Quarantine}, count: func(c *Counts) *int64 { return &c.Quarantine }},
		{PlannedTable: PlannedTable{Name: catalog.Duplicates}, derived: true, count: func(c *Counts) *int64 { return &c.Duplicates }},
		{PlannedTable: PlannedTable{Name: catalog.ListensCounted}, derived: true, count: func(c *Counts) *int64 { return &c.Counted }},
	}
	for _, t := range p.targets {
		if t.base, err = p.env.Snapshot(ctx, t.Name); err != nil {
			return err
		}
		if t.files, err = t.base.Files(ctx); err != nil {
			return err
		}
		t.Snapshot, t.landed = t.base.ID(), t.landings()
	}
	return nil
}

// findDerived scans the ledger tables for the requests that still sweep: rows are told by user and window, so
// also those are found whose archived copy went in a run that did not get this far.
func (p *Plan) findDerived(ctx context.Context, w *wanted) error {
	if err := p.db.Run(ctx, "erase/narrow"); err != nil {
		return fmt.Errorf("narrow requests: %w", err)
	}
	sweeping := map[int64]bool{}
	var ord int64
	err := p.db.Each(ctx, "erase/sweeping", nil, []any{&ord}, func() error { sweeping[ord] = true; return nil })
	if err != nil {
		return fmt.Errorf("list requests: %w", err)
	}
	for _, r := range p.requests {
		// A wiped request whose user is not known yet stays in: only the derived tables may know him.
		sweeping[r.ord] = sweeping[r.ord] || (r.userID == "" && r.open())
	}
	for _, t := range p.targets {
		if !t.derived || len(sweeping) == 0 {
			continue
		}
		files, statement := p.meeting(t, func(r *request, _ lake.File) bool { return sweeping[r.ord] }), "erase/find"
		if t.Name == catalog.Duplicates {
			statement = "erase/find_duplicates"
		}
		if err := w.search(ctx, t, files, statement); err != nil {
			return err
		}
	}
	return nil
}

// meeting picks the files of a table that may hold rows of the requests that look at them.
func (p *Plan) meeting(t *target, looks func(*request, lake.File) bool) []lake.File {
	received := -1
	if c, ok := t.base.Table().Column("received_time"); ok {
		received = c.Field.ID
	}
	var picked []lake.File
	for _, f := range t.files {
		e := extentOf(f, t.derived, received)
		for _, r := range p.requests {
			if r.sweeps() && e.meets(r.window) && looks(r, f) {
				picked = append(picked, f)
				break
			}
		}
	}
	return picked
}
