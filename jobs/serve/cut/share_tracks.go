package cut

import (
	"cmp"
	"context"
	"strings"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs/serve/figures"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/seek"
)

// TrackListeners are the listeners by track of some tracks, which have plays of these artists, ascending.
func (s *Share) TrackListeners(ctx context.Context, span Span, tracks, artists []string) (map[string]figures.Set, error) {
	unions := map[string]*figures.Union{}
	for _, t := range tracks {
		unions[t] = &figures.Union{}
	}
	of := s.owner()
	from, to := int64(lake.Day(span.From)), int64(lake.Day(span.To))
	var wrong error
	for _, f := range s.cut.listeners.Files(months(span)) {
		err := f.Each(ctx, artists, func(_ string, r seek.Row) {
			union, ok := unions[r.Text(0)]
			if day := r.Number(2); !ok || day < from || day >= to || !of.owns(r.Text(0), day) {
				return
			}
			set, err := listenersIn(r, 1, catalog.ListenersByDay)
			wrong = cmp.Or(wrong, err)
			union.Add(set)
		})
		if err = cmp.Or(err, wrong); err != nil {
			return nil, err
		}
	}
	sets := map[string]figures.Set{}
	for t, u := range unions {
		sets[strings.Clone(t)] = u.Set()
	}
	return sets, nil
}

// TrackDays are the plays by track and day of some tracks, which have plays of these artists, ascending.
func (s *Share) TrackDays(ctx context.Context, span Span, tracks, artists []string) (map[string][]figures.Sum, error) {
	days := map[string][]figures.Sum{}
	for _, t := range tracks {
		days[t] = nil
	}
	of := s.owner()
	from, to := int64(lake.Day(span.From)), int64(lake.Day(span.To))
	for _, f := range s.cut.byDay.Files(months(span)) {
		err := f.Each(ctx, artists, func(_ string, r seek.Row) {
			list, ok := days[r.Text(0)]
			if day := r.Number(1); ok && day >= from && day < to && of.owns(r.Text(0), day) {
				days[r.Text(0)] = append(list, figures.Sum{At: lake.DayStart(int(day)), Plays: r.Number(2), Millis: r.Number(3)})
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return days, nil
}
