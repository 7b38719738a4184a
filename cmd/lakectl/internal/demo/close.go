package demo

import (
	"context"
	"fmt"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/jobs/royalty"
	"github.com/lakectl/lakectl/jobs/simulate"
)

// demoClose is the statement of the month and what came after it.
type demoClose struct {
	Tag         string           `json:"tag"`
	Adjustments []demoAdjustment `json:"adjustments"`
}

// demoAdjustment is what one cause changed after the close.
type demoAdjustment struct {
	Cause            string `json:"cause"`
	PostedTo         string `json:"posted_to"` // a period
	Rows             int64  `json:"rows"`
	Listens          int64  `json:"listens"` // signed, as the next two
	QualifiedListens int64  `json:"qualified_listens"`
	AmountMinor      int64  `json:"amount_minor"` // over all pools: moved between tracks, so 0
}

// closeMonth makes what was published at the month's end the statement.
func (s *story) closeMonth(ctx context.Context) error {
	report, err := royalty.Close(ctx, s.env, s.report.Month, royalty.CloseOptions{By: "demo"})
	s.report.Closed.Tag = report.Tag
	return err
}

// readAdjustments reads what was posted since the close.
func (s *story) readAdjustments(ctx context.Context) error {
	var a demoAdjustment
	dest := []any{&a.Cause, &a.PostedTo, &a.Rows, &a.Listens, &a.QualifiedListens, &a.AmountMinor}
	return s.query(ctx, map[string]string{"adjustments": catalog.Adjustments}, "demo/adjustments", []any{s.report.Month}, dest,
		func() error { s.report.Closed.Adjustments = append(s.report.Closed.Adjustments, a); return nil })
}

// posted sums what late listens and what deletions changed after the close, as far as it was posted, and the minor
// units that all of it adds.
func (r *demoReport) posted() (late, deleted demoAdjustment, moved int64) {
	for _, a := range r.Closed.Adjustments {
		of := &late
		if a.Cause == royalty.CauseDeletions {
			of = &deleted
		}
		of.Listens, of.QualifiedListens, moved = of.Listens+a.Listens, of.QualifiedListens+a.QualifiedListens, moved+a.AmountMinor
	}
	return late, deleted, moved
}

// waiting is what statement and adjustments leave to what the month comes to now: deletions of too few people to be
// posted.
func (r *demoReport) waiting() demoAdjustment {
	late, deleted, _ := r.posted()
	return demoAdjustment{
		Cause:            royalty.CauseDeletions,
		Listens:          r.Final.Listens - r.Before.Listens - late.Listens - deleted.Listens,
		QualifiedListens: r.Final.QualifiedListens - r.Before.QualifiedListens - late.QualifiedListens - deleted.QualifiedListens,
	}
}

// adjusted compares what each cause changed after the close with what was late and what was erased.
func (r *demoReport) adjusted(truth simulate.Truth) []compared {
	late, deleted, moved := r.posted()
	held := r.waiting()
	p := truth.Period(r.Month)
	return []compared{
		{"listens posted as late", late.Listens, int64(p.Late.Listens)},
		{"qualified listens posted as late", late.QualifiedListens, int64(p.Late.Qualified)},
		{"listens posted as deleted, which are of too few people", deleted.Listens, 0},
		{"qualified listens posted as deleted", deleted.QualifiedListens, 0},
		{"listens that wait as deleted", held.Listens, -int64(p.Erased.Listens)},
		{"qualified listens that wait as deleted", held.QualifiedListens, -int64(p.Erased.Qualified)},
		{"minor units that adjustments add to the pools", moved, 0},
	}
}

// closedLines are the lines of the screen about the close.
func (r demoReport) closedLines() []string {
	lines := []string{fmt.Sprintf("CLOSED       %s at the month's end, tag %s; what came later is posted as adjustments", r.Month, r.Closed.Tag)}
	for _, a := range r.Closed.Adjustments {
		lines = append(lines, fmt.Sprintf("  %-14s %9s listens %9s qualified, %s rows to %s", a.Cause, signed(a.Listens), signed(a.QualifiedListens), frame.Thousands(a.Rows), a.PostedTo))
	}
	if held := r.waiting(); held.Listens != 0 || held.QualifiedListens != 0 {
		lines = append(lines, fmt.Sprintf("  %-14s %9s listens %9s qualified, wait until they are of five people for all who see them", held.Cause, signed(held.Listens), signed(held.QualifiedListens)))
	}
	return append(lines, fmt.Sprintf("  published + adjustments + what waits = current: %s listens, %s qualified", frame.Thousands(r.Final.Listens), frame.Thousands(r.Final.QualifiedListens)))
}

func signed(n int64) string {
	if n > 0 {
		return "+" + frame.Thousands(n)
	}
	return frame.Thousands(n)
}
