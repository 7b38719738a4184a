package serve

import (
	"context"
	"net"
	"net/http"
	"net/url"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/serve/access"
	"github.com/lakectl/lakectl/jobs/serve/page"
)

// Server is the dashboard with its guard.
type Server struct {
	env   jobs.Env
	guard *access.Guard
	http  *http.Server
}

// NewServer makes the server. It contacts nothing.
func NewServer(env jobs.Env, o Options) (*Server, error) {
	guard, err := access.New(env, o.Access)
	if err != nil {
		return nil, err
	}
	h := New(env, guard, o)
	figures := http.NewServeMux()
	h.Mount(figures)
	h.MountPages(figures)
	figures.HandleFunc("GET /{$}", h.home)
	figures.HandleFunc("/", access.NotFound)

	mux := http.NewServeMux()
	guard.Mount(mux)
	mux.HandleFunc("GET /assets/", page.Assets)
	mux.HandleFunc("GET /healthz", func(http.ResponseWriter, *http.Request) {})
	mux.Handle("/", guard.Require(figures))
	s, err := access.NewServer(o.Listening, guard.Wrap(mux), env.Log)
	return &Server{env: env, guard: guard, http: s}, err
}

// Run serves until the context ends. ready is called with the address once it listens, and whether it answers this
// machine alone, with everything.
func (s *Server) Run(ctx context.Context, ready func(at net.Addr, alone bool)) error {
	return access.Run(ctx, s.http, func(at net.Addr) {
		alone, err := s.guard.Open(ctx)
		if err != nil {
			s.env.Log.Warn("who may see what cannot be read yet", "error", err)
		}
		ready(at, alone)
	})
}

// home leads to what the request may see.
func (h *Handler) home(w http.ResponseWriter, r *http.Request) {
	switch scope := access.ScopeOf(r.Context()); scope.Sees {
	case access.Artist:
		http.Redirect(w, r, "/artists/"+url.PathEscape(scope.ID), http.StatusSeeOther)
	case access.Label:
		http.Redirect(w, r, "/labels/"+url.PathEscape(scope.ID), http.StatusSeeOther)
	default:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		err := page.Render(w, page.Notice{Title: "Whose plays?", Text: []string{"You may see everything. Open /artists/ID with the id of an artist, as in the column artist_id."}})
		if err != nil {
			h.fail(w, r, err)
		}
	}
}
