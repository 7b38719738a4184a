package serve

import (
	"context"
	"net/http"
	"time"

	"github.com/lakectl/lakectl/jobs/serve/cut"
	"github.com/lakectl/lakectl/jobs/serve/live"
)

// minutes answers with the plays of the last hour. They are not of a cut, and are summed with nothing.
type minutes struct {
	heading
	Plays   int64    `json:"plays"` // of all minutes
	Minutes []minute `json:"minutes"`
}

type minute struct {
	At    time.Time `json:"at"`
	Plays int64     `json:"plays"`
}

func (h *Handler) now(w http.ResponseWriter, r *http.Request, of subject) {
	hour, list, err := h.lastHour(r.Context(), of)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	m := minutes{heading: headingOf(of, hour.AsOf, hour.Watermark, hour.Snapshot, provisional)} // as_of is of the newest commit to the archive
	for _, one := range list {
		m.Plays += one.Plays
		m.Minutes = append(m.Minutes, minute{one.At, one.Plays})
	}
	w.Header().Set("Cache-Control", "private, no-store")
	if err := send(w, m); err != nil {
		h.fail(w, r, err)
	}
}

// lastHour are the plays of a subject in the last hour. Whose a label's tracks are is known from the newest cut.
func (h *Handler) lastHour(ctx context.Context, of subject) (*live.Hour, []live.Minute, error) {
	var names *cut.Names
	if of.kind == "label" {
		c, err := h.newest(ctx)
		if err != nil {
			return nil, nil, err
		}
		q := question{cut: c, of: of}
		if err := q.narrow(ctx, ""); err != nil {
			return nil, nil, err
		}
		names = c.Names
	}
	hour, err := h.live.Newest(ctx)
	if err == nil && hour.Snapshot == 0 {
		err = errNothing
	}
	if err != nil {
		return nil, nil, err
	}
	if names == nil {
		return hour, hour.Plays(of.id, h.env.Now(), nil), nil
	}
	mine := func(artist, track string, at time.Time) bool {
		return (of.artist == "" || artist == of.artist) && names.Owns(of.id, track, at)
	}
	return hour, hour.Sum(h.env.Now(), mine), nil
}
