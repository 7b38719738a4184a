package serve

import (
	"context"
	"errors"
	"net/http"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/serve/access"
	"github.com/lakectl/lakectl/jobs/serve/books"
	"github.com/lakectl/lakectl/jobs/serve/cut"
	"github.com/lakectl/lakectl/jobs/serve/live"
	"github.com/lakectl/lakectl/lake"
)

// errNothing says that the dashboard's tables are empty.
var errNothing = errors.New("there are no figures yet; whoever runs this makes them with: lakectl job rollup")

// errMoved says that a cursor is of another cut.
var errMoved = errors.New("the figures have changed since that page; begin with the first one again")

// Options of the server.
type Options struct {
	CacheBytes int64 // of decoded rows; 0 is 256 MiB
	Access     access.Options
	Listening  access.Listening
	Status     http.Handler // shown to operators under /status; nil: nothing is there
}

// Handler answers the API.
type Handler struct {
	env   jobs.Env
	guard *access.Guard
	cut   *cut.Reader
	live  *live.Counter
	books *books.Reader

	status    http.Handler  // nil: no jobs run here
	downloads chan struct{} // a place for each file that is made
}

// New makes a Handler.
func New(env jobs.Env, guard *access.Guard, o Options) *Handler {
	if o.CacheBytes == 0 {
		o.CacheBytes = 256 << 20
	}
	return &Handler{
		env: env, guard: guard, cut: cut.New(env, o.CacheBytes), live: live.New(env), books: books.New(env, o.CacheBytes/4), downloads: make(chan struct{}, downloads), status: o.Status,
	}
}

// ranged are the parameters that every question about a range may have.
var ranged = []string{"from", "to", "days"}

// question makes an answer.
type reply func(context.Context, *question) (any, error)

// routes are the questions by the last element of their path.
var routes = map[string]struct {
	parameters []string // besides ranged
	reply      reply
}{
	"summary":    {nil, func(ctx context.Context, q *question) (any, error) { return q.summary(ctx) }},
	"timeseries": {[]string{"step"}, func(ctx context.Context, q *question) (any, error) { return q.timeseries(ctx) }},
	"tracks":     {[]string{"limit", "cursor"}, func(ctx context.Context, q *question) (any, error) { return q.tracks(ctx) }},
	"countries": {nil, func(ctx context.Context, q *question) (any, error) {
		return q.parts(ctx, "country", func(h cut.Heard) string { return h.Country })
	}},
	"devices": {nil, func(ctx context.Context, q *question) (any, error) {
		return q.parts(ctx, "device", func(h cut.Heard) string { return h.Device })
	}},
	"changes": {[]string{"track", "limit", "cursor"}, func(ctx context.Context, q *question) (any, error) {
		account, err := q.account(ctx)
		if err != nil {
			return nil, err
		}
		return q.changes(ctx, account)
	}},
}

// Mount adds the routes of the API. What comes through them must have passed the guard.
func (h *Handler) Mount(mux *Routes) {
	for name, route := range routes {
		mux.HandleFunc("GET /v1/artists/{id}/"+name, func(w http.ResponseWriter, r *http.Request) {
			id := r.PathValue("id")
			if !access.Allow(w, r, access.Artist, id) {
				return
			}
			h.reply(w, r, subject{"artist", id}, append(route.parameters, ranged...), route.reply)
		})
	}
	h.mountUpdates(mux)
	h.mountStatements(mux)
	mux.HandleFunc("GET /v1/artists/{id}/live", func(w http.ResponseWriter, r *http.Request) {
		if access.Allow(w, r, access.Artist, r.PathValue("id")) && h.unasked(w, r) {
			h.now(w, r, r.PathValue("id"))
		}
	})
}

// unasked tells whether a request has no parameters, and refuses it where it has.
func (h *Handler) unasked(w http.ResponseWriter, r *http.Request) bool {
	if r.URL.RawQuery == "" {
		return true
	}
	h.fail(w, r, refusal("there are no parameters here"))
	return false
}

func (h *Handler) reply(w http.ResponseWriter, r *http.Request, of subject, parameters []string, reply reply) {
	c, err := h.newest(r.Context())
	if err != nil {
		h.fail(w, r, err)
		return
	}
	q, err := ask(c, of, r, parameters...)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	q.ledger = h.books
	body, err := reply(r.Context(), &q)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	if err := answer(w, r, &q, body); err != nil {
		h.fail(w, r, err)
	}
}

// newest is the newest cut, if there is one.
func (h *Handler) newest(ctx context.Context) (*cut.Cut, error) {
	c, err := h.cut.Newest(ctx)
	if err == nil && c.Snapshot == 0 {
		err = errNothing
	}
	return c, err
}

func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	var bad wrong
	switch {
	case errors.As(err, &bad):
		access.Refuse(w, r, http.StatusBadRequest, bad.text)
	case errors.Is(err, errMoved):
		access.Refuse(w, r, http.StatusGone, err.Error())
	case errors.Is(err, errNoSuch):
		access.NotFound(w, r)
	case errors.Is(err, books.ErrTooLarge):
		access.Refuse(w, r, http.StatusUnprocessableEntity, errTooLarge.Error())
	case errors.Is(err, context.Canceled):
	case errors.Is(err, errNothing):
		w.Header().Set("Retry-After", "15")
		access.Refuse(w, r, http.StatusServiceUnavailable, err.Error())
	default:
		h.env.Log.Error("a question was not answered", "error", err, "hint", lake.Hint(err), "path_pattern", r.Pattern)
		w.Header().Set("Retry-After", "60")
		access.Refuse(w, r, http.StatusServiceUnavailable, "the figures cannot be read now; try again in a minute")
	}
}
