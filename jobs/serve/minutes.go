package serve

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/lakectl/lakectl/jobs/serve/cut"
	"github.com/lakectl/lakectl/jobs/serve/live"
)

// minutes answers with the plays of the last hour. They are not of a cut, and are summed with nothing.
type minutes struct {
	AsOf       time.Time  `json:"as_of"`     // of the newest commit to the archive
	Watermark  *time.Time `json:"watermark"` // newest event time in it
	Timezone   string     `json:"timezone"`
	Status     string     `json:"status"`
	SnapshotID string     `json:"snapshot_id"` // of listens
	ArtistID   string     `json:"artist_id,omitempty"`
	LabelID    string     `json:"label_id,omitempty"`
	Plays      int64      `json:"plays"` // of all minutes
	Minutes    []minute   `json:"minutes"`
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
	m := minutes{AsOf: hour.AsOf.UTC(), Timezone: "UTC", Status: provisional, SnapshotID: strconv.FormatInt(hour.Snapshot, 10), ArtistID: of.artist}
	if of.kind == "artist" {
		m.ArtistID = of.id
	} else {
		m.LabelID = of.id
	}
	if !hour.Watermark.IsZero() {
		m.Watermark = &hour.Watermark
	}
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
