package serve

import (
	"context"
	"errors"
	"slices"

	"github.com/lakectl/lakectl/jobs/serve/cut"
	"github.com/lakectl/lakectl/jobs/serve/figures"
)

// errNobody says that there is no such artist or track among what the subject may see.
var errNobody = errors.New("no such artist or track among the label's")

// narrow finds what a label sees. An artist or a track that never was the label's is answered as one that nobody has.
func (q *question) narrow(ctx context.Context, track string) error {
	if q.of.kind != "label" {
		return nil
	}
	share, ok, err := q.cut.Share(ctx, q.of.id, q.of.artist)
	if err == nil && ok && track != "" {
		share, ok, err = share.Of(ctx, track, q.reach())
	}
	if err == nil && !ok {
		err = errNobody
	}
	q.share = share
	return err
}

// reach is the range with all that it is compared with.
func (q *question) reach() figures.Range {
	r := q.span
	r.From = r.From.Add(-q.span.To.Sub(q.span.From))
	if c := figures.Compare(q.span, q.cut.Until()); c != (figures.Comparison{}) && c.Previous.From.Before(r.From) {
		r.From = c.Previous.From
	}
	return r
}

// plays are those of the subject: of an artist by track and day, of a label by day.
func (q *question) plays(ctx context.Context, s figures.Range) ([]cut.Plays, error) {
	if q.share != nil {
		return q.share.Days(ctx, s)
	}
	return q.cut.Days(ctx, q.of.id, s)
}

// listeners are those of all tracks of the subject.
func (q *question) listeners(ctx context.Context) (figures.Set, error) {
	if q.share != nil {
		return q.share.Listeners(ctx, q.span)
	}
	sets, err := q.cut.Listeners(ctx, q.of.id, q.span, "")
	return sets[""], err
}

// changed are the changes of the subject's tracks. Whoever asks does not alter them.
func (q *question) changed(ctx context.Context) (list []cut.Change, err error) {
	if q.read != nil && q.read.changes {
		return q.read.changed, nil
	}
	if q.share != nil {
		list, err = q.share.Changes(ctx, q.span)
	} else {
		list, err = q.cut.Changes(ctx, q.of.id, q.span)
	}
	if err == nil && q.read != nil {
		q.read.changed, q.read.changes = list, true
	}
	return list, err
}

// heardByHour are the plays of the subject by hour, country and device; those of an artist by track too.
func (q *question) heardByHour(ctx context.Context) ([]cut.Heard, error) {
	if q.share != nil {
		return q.share.Hours(ctx, q.span)
	}
	return q.cut.Hours(ctx, q.of.id, q.span)
}

// audience are the plays of the subject by country and device, and those of which that is not known.
func (q *question) audience(ctx context.Context) (heard []cut.Heard, notSplit cut.Plays, err error) {
	if q.share != nil {
		return q.share.Audience(ctx, q.span)
	}
	heard, err = q.cut.Audience(ctx, q.of.id, q.span)
	return heard, notSplit, err
}

// ranking are the tracks of the subject, by their plays.
func (q *question) ranking(ctx context.Context) (*cut.Ranking, error) {
	c := figures.Compare(q.span, q.cut.Until())
	if q.share != nil {
		return q.share.Ranking(ctx, q.span, c.Current, c.Previous)
	}
	return q.cut.Ranking(ctx, q.of.id, q.span, c.Current, c.Previous)
}

// trackListeners are the listeners of some of the subject's tracks, which have plays of these artists.
func (q *question) trackListeners(ctx context.Context, tracks, artists []string) (map[string]figures.Set, error) {
	if q.share != nil {
		return q.share.TrackListeners(ctx, q.span, tracks, artists)
	}
	if len(tracks) == 0 {
		return nil, nil
	}
	return q.cut.Listeners(ctx, q.of.id, q.span, slices.Sorted(slices.Values(tracks))...)
}

// trackDays are the plays by day of some of the subject's tracks, which have plays of these artists.
func (q *question) trackDays(ctx context.Context, tracks, artists []string) (map[string][]figures.Sum, error) {
	if q.share != nil {
		return q.share.TrackDays(ctx, q.span, tracks, artists)
	}
	plays, err := q.cut.Days(ctx, q.of.id, q.span)
	days := map[string][]figures.Sum{}
	for _, p := range plays {
		days[p.Track] = append(days[p.Track], figures.Sum{At: p.Day, Plays: p.Plays})
	}
	return days, err
}
