package erase

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// Forecast is what a run would do, and what it would take to rewrite the files that hold the rows.
type Forecast struct {
	Requests []Foreseen      `json:"requests"`
	Tables   []ForeseenTable `json:"tables"` // that lose rows
	Days     []string        `json:"days"`   // to recompute
	Periods  []string        `json:"periods"`
	Rows     Counts          `json:"rows"`
	Size
}

// Foreseen is a request and what goes for it. A row that several requests cover counts for the first.
type Foreseen struct {
	RequestID string `json:"request_id"`
	Position
	State State `json:"state"`
	// Withheld says why the job leaves the request alone: held, delayed or withdrawn.
	Withheld string   `json:"withheld,omitempty"`
	Rows     Counts   `json:"rows"`
	Days     []string `json:"days"`
	Periods  []string `json:"periods"`
}

// ForeseenTable is a table that loses rows.
type ForeseenTable struct {
	Name      string `json:"table"`
	Files     int64  `json:"files"`
	RowGroups int64  `json:"row_groups"`
	Rows      int64  `json:"rows"`
	Size
}

// Size is how many bytes files have in which rows lie, and these rows. Rows count for their share of their row group.
type Size struct {
	Bytes    int64 `json:"bytes"`
	RowBytes int64 `json:"row_bytes"`
	// Amplification is how many bytes would be written for each byte that goes; 0 where nothing goes.
	Amplification float64 `json:"write_amplification"`
}

func (s *Size) add(files, rows int64) {
	s.Bytes, s.RowBytes = s.Bytes+files, s.RowBytes+rows
	if s.RowBytes > 0 {
		s.Amplification = float64(s.Bytes) / float64(s.RowBytes)
	}
}

// Foresee says what the next [Delete] will do, or with a request id what it does for that request alone. It writes
// nothing. [lake.ErrNotFound] when no request has the id.
func Foresee(ctx context.Context, env jobs.Env, requestID string) (f Forecast, err error) {
	p, err := newPlan(ctx, env, requestID)
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	f = Forecast{Days: p.Days, Periods: p.Periods}
	if requestID != "" && len(p.requests)+len(p.withheld) == 0 {
		return f, unknownRequest(requestID)
	}
	p.foresee(&f, requestID != "")
	for _, t := range p.targets {
		if len(t.hits) == 0 {
			continue
		}
		of, err := p.measure(ctx, t)
		if err != nil {
			return f, fmt.Errorf("measure files of %s: %w", t.Name, err)
		}
		f.Tables = append(f.Tables, of)
		f.add(of.Bytes, of.RowBytes)
	}
	return f, nil
}

// foresee adds the requests: those that something is done for, those that are withheld, and with named the others too.
func (p *Plan) foresee(f *Forecast, named bool) {
	planned := make(map[Position]PlannedRequest, len(p.Requests))
	for _, q := range p.Requests {
		planned[q.Position] = q
	}
	now := p.env.Now()
	for _, r := range slices.Concat(p.requests, p.withheld) {
		of := Foreseen{RequestID: r.id, Position: r.Position, State: r.state, Withheld: r.withheld(p.env.Erasure, now)}
		q, is := planned[r.Position]
		if !is && !named && (of.Withheld == "" || r.state == Withdrawn) {
			continue
		}
		of.Rows, of.Days, of.Periods = q.Rows, q.Days, q.Periods
		f.Requests, f.Rows = append(f.Requests, of), f.Rows.plus(q.Rows)
	}
}

// measure finds the row groups in which the rows of a table lie. The rows come file by file, in order.
func (p *Plan) measure(ctx context.Context, t *target) (ForeseenTable, error) {
	of := ForeseenTable{Name: t.Name, Rows: t.Rows, Files: int64(len(t.hits))}
	uris := make(map[string]lake.File, len(t.files))
	for _, f := range t.files {
		path, err := lake.LocalPath(f.FilePath())
		if err != nil {
			return of, err
		}
		uris[path] = f
	}
	var groups rowGroups
	var path, in string
	var pos int64
	err := p.db.Each(ctx, "erase/in_order", []any{t.Name}, []any{&path, &pos}, func() (err error) {
		if path != in {
			of.add(uris[path].FileSizeBytes(), groups.touched(&of.RowGroups))
			in = path
			if groups, err = readRowGroups(ctx, uris[path].FilePath()); err != nil {
				return err
			}
		}
		return groups.touch(pos)
	})
	of.add(0, groups.touched(&of.RowGroups))
	return of, err
}

// rowGroups are those of one file, in order, with how many of the rows that go lie in each.
type rowGroups []rowGroup

type rowGroup struct{ end, rows, bytes, going int64 } // end: position behind its last row

func readRowGroups(ctx context.Context, uri string) (groups rowGroups, err error) {
	c, err := lake.OpenChunks(ctx, uri)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	var end int64
	for i := range c.Footer().NumRowGroups() {
		g := c.Footer().RowGroup(i)
		of := rowGroup{rows: g.NumRows()}
		for column := range g.NumColumns() {
			chunk, err := g.ColumnChunk(column)
			if err != nil {
				return nil, err
			}
			of.bytes += chunk.TotalCompressedSize()
		}
		end += of.rows
		of.end = end
		groups = append(groups, of)
	}
	return groups, nil
}

func (g rowGroups) touch(pos int64) error {
	i, _ := slices.BinarySearchFunc(g, pos, func(of rowGroup, pos int64) int {
		if of.end <= pos {
			return -1
		}
		return 1
	})
	if i == len(g) {
		return fmt.Errorf("row %d lies behind the end of its file", pos)
	}
	g[i].going++
	return nil
}

// touched counts the row groups that lose rows, and returns the bytes of these rows.
func (g rowGroups) touched(count *int64) (bytes int64) {
	for _, of := range g {
		if of.going > 0 {
			*count++
			bytes += of.bytes * of.going / of.rows
		}
	}
	return bytes
}
