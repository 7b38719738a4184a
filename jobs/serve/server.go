package serve

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"sync"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/serve/access"
	"github.com/lakectl/lakectl/jobs/serve/page"
	"github.com/lakectl/lakectl/lake"
)

// Server is the dashboard with its guard.
type Server struct {
	env     jobs.Env
	guard   *access.Guard
	handler *Handler
	http    *http.Server
}

// NewServer makes the server. It contacts nothing.
func NewServer(env jobs.Env, o Options) (*Server, error) {
	o.Access.Draw = drawNotice
	guard, err := access.New(env, o.Access)
	if err != nil {
		return nil, err
	}
	h := New(env, guard, o)
	s, err := access.NewServer(o.Listening, guard.Wrap(h.Routes()), env.Log)
	return &Server{env: env, guard: guard, handler: h, http: s}, err
}

// Routes are all that the server has. What shows figures is behind the guard.
func (h *Handler) Routes() *Routes {
	figures := &Routes{}
	h.Mount(figures)
	h.MountPages(figures)
	figures.HandleFunc("GET /{$}", h.home)
	figures.HandleFunc("GET /status", h.showStatus)

	all := &Routes{patterns: figures.Patterns(), otherwise: h.guard.Require(figures)}
	h.guard.Mount(&all.mux)
	all.HandleFunc("GET /assets/{name}", func(w http.ResponseWriter, r *http.Request) {
		if !page.Asset(w, r) {
			access.NotFound(w, r)
		}
	})
	all.HandleFunc("GET /healthz", func(http.ResponseWriter, *http.Request) {})
	all.HandleFunc("GET /readyz", h.readyz)
	all.HandleFunc("GET /v1/openapi.json", describe)
	return all
}

// Figures tells why there are none to show, with a hint; nil where there are some. The server runs without them too.
func (s *Server) Figures(ctx context.Context) error {
	_, err := s.handler.newest(ctx)
	if errors.Is(err, errNothing) {
		return lake.WithHint(errors.New("the dashboard has no figures yet"), "run 'lakectl job rollup'")
	}
	return err
}

// Handler answers requests as the server does.
func (s *Server) Handler() http.Handler { return s.http.Handler }

// Run serves until the context ends. ready is called with the address once it listens, and whether it answers this
// machine alone, with everything.
func (s *Server) Run(ctx context.Context, ready func(at net.Addr, alone bool)) error {
	var following sync.WaitGroup
	defer following.Wait()
	follow, stop := context.WithCancel(ctx) // ends with the server, whose address may be taken
	defer stop()
	following.Go(func() { s.handler.cut.Follow(follow) })
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
		for _, kind := range []string{"artist", "label"} {
			if id := r.URL.Query().Get(kind); id != "" {
				http.Redirect(w, r, "/"+kind+"s/"+url.PathEscape(id), http.StatusSeeOther)
				return
			}
		}
		h.find(w, r)
	}
}
