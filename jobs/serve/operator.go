package serve

import (
	"context"
	"net/http"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs/serve/access"
	"github.com/lakectl/lakectl/jobs/serve/page"
)

// readyTime is how long the catalog may take to answer before the server is not ready.
const readyTime = 2 * time.Second

// Asset is the address of an asset of the pages, for what [Options].Status shows.
func Asset(name string) string { return page.AssetURL(name) }

// showStatus shows operators how the jobs are. Others, and everybody where no jobs run, learn that there is nothing.
func (h *Handler) showStatus(w http.ResponseWriter, r *http.Request) {
	if h.status == nil || access.ScopeOf(r.Context()).Sees != access.Operator {
		access.NotFound(w, r)
		return
	}
	h.status.ServeHTTP(w, r)
}

// readyz answers whether the tables can be read and the first cut is open, so that a request has not to wait for it.
// Whoever asks learns no more.
func (h *Handler) readyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readyTime)
	defer cancel()
	_, err := h.env.Snapshot(ctx, catalog.PlaysByDay)
	if err == nil {
		_, err = h.cut.Newest(ctx)
	}
	if err != nil {
		h.env.Log.Debug("not ready", "error", err)
		access.Refuse(w, r, http.StatusServiceUnavailable, "the tables are not open")
	}
}
