package restcatalog

import (
	"context"
	"net"
	"net/http"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/serve/access"
	"github.com/lakectl/lakectl/lake"
)

// Options of the server.
type Options struct {
	Access    access.Options
	Listening access.Listening
}

// Server is the catalog with its guard.
type Server struct {
	env   jobs.Env
	guard *access.Guard
	http  *http.Server
}

// New makes the server. It contacts nothing.
func New(env jobs.Env, o Options) (*Server, error) {
	o.Access.Write = writeError
	guard, err := access.New(env, o.Access)
	if err != nil {
		return nil, err
	}
	c := &reader{env: env, documents: newDocuments(keptBytes)}
	all := http.NewServeMux()
	all.Handle("/", nameless(guard.RequireTables(c.routes())))
	all.HandleFunc("GET /healthz", func(http.ResponseWriter, *http.Request) {})
	s, err := access.NewServer(o.Listening, guard.Wrap(all), env.Log)
	return &Server{env: env, guard: guard, http: s}, err
}

// nameless takes away the credentials that PyIceberg makes up where it was given none.
func nameless(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "Bearer None" {
			r = r.Clone(r.Context())
			r.Header.Del("Authorization")
		}
		next.ServeHTTP(w, r)
	})
}

// Handler answers requests as the server does.
func (s *Server) Handler() http.Handler { return s.http.Handler }

// Run serves until the context ends. ready is called with the address once it listens, and whether it answers this
// machine alone, without a token.
func (s *Server) Run(ctx context.Context, ready func(at net.Addr, alone bool)) error {
	err := access.Run(ctx, s.http, func(at net.Addr) {
		alone, err := s.guard.Open(ctx)
		if err != nil {
			s.env.Log.Warn("who may see what cannot be read yet", "error", err)
		}
		ready(at, alone)
	})
	if lake.Hint(err) == "" {
		return err
	}
	return lake.WithHint(err, "set serve.catalog_addr to an address of this machine that is free")
}
