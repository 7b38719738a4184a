package serve

import (
	"net/http"
	"strconv"
	"time"
)

// minutes answers with the plays of the last hour. They are not of a cut, and are summed with nothing.
type minutes struct {
	AsOf       time.Time  `json:"as_of"`     // of the newest commit to the archive
	Watermark  *time.Time `json:"watermark"` // newest event time in it
	Timezone   string     `json:"timezone"`
	Status     string     `json:"status"`
	SnapshotID string     `json:"snapshot_id"` // of listens
	ArtistID   string     `json:"artist_id"`
	Plays      int64      `json:"plays"` // of all minutes
	Minutes    []minute   `json:"minutes"`
}

type minute struct {
	At    time.Time `json:"at"`
	Plays int64     `json:"plays"`
}

func (h *Handler) now(w http.ResponseWriter, r *http.Request, artist string) {
	hour, err := h.live.Newest(r.Context())
	if err != nil {
		h.fail(w, r, err)
		return
	}
	if hour.Snapshot == 0 {
		h.fail(w, r, errNothing)
		return
	}
	m := minutes{AsOf: hour.AsOf.UTC(), Timezone: "UTC", Status: provisional, SnapshotID: strconv.FormatInt(hour.Snapshot, 10), ArtistID: artist}
	if !hour.Watermark.IsZero() {
		m.Watermark = &hour.Watermark
	}
	for _, one := range hour.Plays(artist, h.env.Now(), nil) {
		m.Plays += one.Plays
		m.Minutes = append(m.Minutes, minute{one.At, one.Plays})
	}
	w.Header().Set("Cache-Control", "private, no-store")
	if err := send(w, m); err != nil {
		h.fail(w, r, err)
	}
}
