package serve

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"time"

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

	written   *written
	status    http.Handler  // nil: no jobs run here
	downloads chan struct{} // a place for each file that is made
}

// New makes a Handler.
func New(env jobs.Env, guard *access.Guard, o Options) *Handler {
	if o.CacheBytes == 0 {
		o.CacheBytes = 256 << 20
	}
	return &Handler{
		env: env, guard: guard, cut: cut.New(env, o.CacheBytes), live: live.New(env), written: newWritten(writtenBytes), books: books.New(env, o.CacheBytes/4), downloads: make(chan struct{}, downloads), status: o.Status,
	}
}

// ranged are the parameters that every question about a range may have.
var ranged = []string{"from", "to", "days"}

// question makes an answer.
type reply func(context.Context, *question) (any, error)

// route is how a question is answered.
type route struct {
	parameters []string // besides ranged
	reply      reply
	books      bool // it also depends on what is paid
}

// routes are the questions by the last element of their path.
var routes = map[string]route{
	"summary":    {nil, func(ctx context.Context, q *question) (any, error) { return q.summary(ctx) }, false},
	"timeseries": {[]string{"step"}, func(ctx context.Context, q *question) (any, error) { return q.timeseries(ctx) }, false},
	"tracks":     {[]string{"limit", "cursor"}, func(ctx context.Context, q *question) (any, error) { return q.tracks(ctx) }, false},
	"countries":  {nil, func(ctx context.Context, q *question) (any, error) { return q.parts(ctx, "country", countryOf) }, false},
	"devices":    {nil, func(ctx context.Context, q *question) (any, error) { return q.parts(ctx, "device", deviceOf) }, false},
	"changes": {[]string{"track", "limit", "cursor"}, func(ctx context.Context, q *question) (any, error) {
		account, err := q.account(ctx)
		if err != nil {
			return nil, err
		}
		return q.changes(ctx, account)
	}, true},
}

// ofLabels are the questions that labels alone have.
var ofLabels = map[string]route{
	"roster": {[]string{"limit", "cursor", "sort"}, func(ctx context.Context, q *question) (any, error) { return q.roster(ctx) }, false},
}

// place is where the figures of a subject are, in the API and among the pages.
type place struct {
	path string
	sees access.Sees
	of   func(*http.Request) subject
}

var places = []place{
	{"/artists/{id}", access.Artist, func(r *http.Request) subject { return subject{kind: "artist", id: r.PathValue("id")} }},
	{"/labels/{id}", access.Label, func(r *http.Request) subject { return subject{kind: "label", id: r.PathValue("id")} }},
	{"/labels/{id}/artists/{artist}", access.Label, func(r *http.Request) subject {
		return subject{kind: "label", id: r.PathValue("id"), artist: r.PathValue("artist")}
	}},
}

// within tells whether it is of one artist of a label. Statements are made out to none.
func (p place) within() bool { return p.path == "/labels/{id}/artists/{artist}" }

func (p place) wholeLabel() bool { return p.sees == access.Label && !p.within() }

func (p place) paid() bool { return !p.within() }

func anybody(place) bool { return true }

// Mount adds the routes of the API. What comes through them must have passed the guard.
func (h *Handler) Mount(mux *Routes) {
	for _, p := range places {
		all := maps.Clone(routes)
		if p.wholeLabel() {
			maps.Copy(all, ofLabels)
		}
		for name, route := range all {
			parameters := append(slices.Clone(route.parameters), ranged...)
			mux.HandleFunc("GET /v1"+p.path+"/"+name, func(w http.ResponseWriter, r *http.Request) {
				if access.Allow(w, r, p.sees, r.PathValue("id")) {
					h.reply(w, r, p.of(r), parameters, route)
				}
			})
		}
		mux.HandleFunc("GET /v1"+p.path+"/live", func(w http.ResponseWriter, r *http.Request) {
			if access.Allow(w, r, p.sees, r.PathValue("id")) && h.unasked(w, r) {
				h.now(w, r, p.of(r))
			}
		})
		if !p.within() { // which follows its label, and is paid with it
			h.mountUpdates(mux, p)
			h.mountStatements(mux, p)
		}
	}
}

// unasked tells whether a request has no parameters, and refuses it where it has.
func (h *Handler) unasked(w http.ResponseWriter, r *http.Request) bool {
	if r.URL.RawQuery == "" {
		return true
	}
	h.fail(w, r, refusal("there are no parameters here"))
	return false
}

// reply answers a question of the newest cut. Whether the request may see it is decided before.
func (h *Handler) reply(w http.ResponseWriter, r *http.Request, of subject, parameters []string, route route) {
	c, err := h.newest(r.Context())
	if err != nil {
		h.fail(w, r, err)
		return
	}
	paid := ""
	if route.books {
		b, err := h.books.Newest(r.Context())
		if err != nil {
			h.fail(w, r, err)
			return
		}
		paid = b.Tag()
	}
	if t := h.written.get(askedOf(r, c.Tag(), paid)); t != nil {
		t.send(w, r)
		return
	}
	q, body, err := h.work(r, c, of, parameters, route)
	if err == nil {
		var t *text
		if t, err = answer(w, r, q, body); err == nil {
			h.written.put(askedOf(r, c.Tag(), q.tag), t)
		}
	}
	if err != nil {
		h.fail(w, r, err)
	}
}

// work finds what a question is and what it is answered with.
func (h *Handler) work(r *http.Request, c *cut.Cut, of subject, parameters []string, route route) (*question, any, error) {
	q, err := ask(c, of, r, parameters...)
	if err != nil {
		return nil, nil, err
	}
	q.ledger = h.books
	if err := q.narrow(r.Context(), q.onlyTrack); err != nil {
		return nil, nil, err
	}
	body, err := route.reply(r.Context(), &q)
	return &q, body, err
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
	case errors.Is(err, errNoSuch), errors.Is(err, errNobody):
		access.NotFound(w, r)
	case errors.Is(err, books.ErrTooLarge):
		access.Refuse(w, r, http.StatusUnprocessableEntity, errTooLarge.Error())
	case errors.Is(err, context.Canceled):
	case errors.Is(err, errNothing):
		access.Later(w, r, 15*time.Second, err.Error())
	default:
		h.env.Log.Error("a question was not answered", "error", err, "hint", lake.Hint(err), "path_pattern", r.Pattern)
		access.Later(w, r, time.Minute, "the figures cannot be read now; try again in a minute")
	}
}
