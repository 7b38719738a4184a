package serve

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/lakectl/lakectl/jobs/serve/access"
)

const (
	tellEvery  = time.Second      // how soon a client hears of a new cut
	breathe    = 20 * time.Second // between two signs that the stream still is
	writeLimit = 5 * time.Second  // for a client to take an event
)

// updates tells a client of new cuts as they are published (server-sent events, WHATWG HTML 9.2). The id of an event is
// the tag of its cut, so a client that comes back with the newest one hears nothing old.
func (h *Handler) updates(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	if r.Method == http.MethodHead {
		return
	}
	ctx, done, err := h.guard.Stream(w, r)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	defer done()
	if err := h.tell(ctx, http.NewResponseController(w), w, r.Header.Get("Last-Event-ID")); err != nil {
		h.env.Log.Debug("a stream ended", "error", err)
	}
}

func (h *Handler) tell(ctx context.Context, c *http.ResponseController, w http.ResponseWriter, known string) error {
	look := time.NewTicker(tellEvery)
	defer look.Stop()
	var last time.Time
	for {
		text := ""
		if newest, err := h.cut.Newest(ctx); err == nil && newest.Tag() != known {
			known = newest.Tag()
			text = fmt.Sprintf("event: cut\nid: %s\ndata: {\"snapshot_id\": \"%d\"}\n\n", known, newest.Snapshot)
		} else if time.Since(last) > breathe {
			text = ":\n\n"
		}
		if text != "" {
			if err := tellOne(c, w, text); err != nil {
				return err
			}
			last = time.Now()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-look.C:
		}
	}
}

func tellOne(c *http.ResponseController, w http.ResponseWriter, text string) error {
	if err := c.SetWriteDeadline(time.Now().Add(writeLimit)); err != nil {
		return err
	}
	if _, err := fmt.Fprint(w, text); err != nil {
		return err
	}
	return c.Flush()
}

func (h *Handler) mountUpdates(mux *Routes, p place) {
	mux.HandleFunc("GET /v1"+p.path+"/updates", func(w http.ResponseWriter, r *http.Request) {
		if access.Allow(w, r, p.sees, r.PathValue("id")) && h.unasked(w, r) {
			h.updates(w, r)
		}
	})
}
