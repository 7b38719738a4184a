package serve

import (
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/lakectl/lakectl/jobs/serve/access"
)

// Routes gives a request to the handler of its method and path, and knows all that it has. Another method of a path is
// 405 with those that there are, another path is 404, both as every other refusal looks. A path is taken as it is
// written: one with // or /../ in it is none, and leads nowhere else. The zero value has no routes.
type Routes struct {
	mux       http.ServeMux
	patterns  []string
	otherwise http.Handler // for paths that are none; nil: [access.NotFound]
}

// HandleFunc adds a route, as "GET /v1/artists/{id}/summary".
func (s *Routes) HandleFunc(pattern string, handler http.HandlerFunc) {
	s.patterns = append(s.patterns, pattern)
	s.mux.HandleFunc(pattern, handler)
}

// Patterns are all routes, those of the handler that is asked next too.
func (s *Routes) Patterns() []string { return slices.Clone(s.patterns) }

// ServeHTTP answers a request.
func (s *Routes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if tidy(r) {
		if _, pattern := s.mux.Handler(r); pattern != "" {
			s.mux.ServeHTTP(w, r)
			return
		}
		if methods := s.methods(r); len(methods) > 0 {
			w.Header().Set("Allow", strings.Join(methods, ", "))
			access.Refuse(w, r, http.StatusMethodNotAllowed, "This address is asked with "+strings.Join(methods, " or ")+".")
			return
		}
	}
	if s.otherwise != nil {
		s.otherwise.ServeHTTP(w, r)
		return
	}
	access.NotFound(w, r)
}

// methods are those that the path of a request has routes for.
func (s *Routes) methods(r *http.Request) (list []string) {
	other := *r
	for _, m := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		other.Method = m
		if _, pattern := s.mux.Handler(&other); pattern != "" {
			list = append(list, m)
		}
	}
	return list
}

// tidy tells whether a path is what it would be cleaned to.
func tidy(r *http.Request) bool {
	written := r.URL.EscapedPath()
	clean := path.Clean(written)
	if strings.HasSuffix(written, "/") && clean != "/" {
		clean += "/"
	}
	return written == clean
}
