package access

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"html/template"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

//go:embed page
var pageFiles embed.FS

var viewTemplate = template.Must(template.ParseFS(pageFiles, "page/view.html"))

// View is what there is to say to a person who opened a page, where that is no figure.
type View struct {
	Status int
	Title  string
	Detail string // what went wrong; "" on the page to sign in
	// SignIn: the view has the form to sign in, with the script at [SignInScript]: id "signin", action "/signin",
	// method "post", and a field named "secret". Without scripts the secret is put in by hand.
	SignIn bool
	Issuer bool   // beside it, a link to "/signin/oidc"
	Onward string // above it, a link with id "onward" to this path: a link of another site led here, and browsers keep the cookie back from such a request
	Done   bool   // signed in; the page leads to "/" by itself, so that the next request is our own
}

// SignInScript is the path of the script that takes the secret of a link out of the address and into the form.
const SignInScript = assetsPath + "signin.js"

// Draw draws a view, see [Options].
type Draw func(w io.Writer, v View) error

func drawPlain(w io.Writer, v View) error { return viewTemplate.Execute(w, v) }

type drawKey struct{}

// show draws a view in the style of the page. Headers but for the type are set by who calls.
func show(w http.ResponseWriter, r *http.Request, v View) {
	draw, ok := r.Context().Value(drawKey{}).(Draw)
	if !ok {
		draw = drawPlain
	}
	var page bytes.Buffer
	if err := draw(&page, v); err != nil {
		page.Reset()
		page.WriteString(template.HTMLEscapeString(v.Title + ": " + v.Detail))
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(v.Status)
	w.Write(page.Bytes()) //nolint:errcheck // the browser has gone
}

// drawn is a request whose views are drawn so.
func drawn(r *http.Request, draw Draw) *http.Request {
	if draw == nil {
		return r
	}
	return r.WithContext(context.WithValue(r.Context(), drawKey{}, draw))
}

// Write writes a refusal, see [Options]. Headers but for the type are set before.
type Write func(w http.ResponseWriter, status int, detail string)

type writeKey struct{}

// written is a request whose refusals are written so.
func written(r *http.Request, write Write) *http.Request {
	if write == nil {
		return r
	}
	return r.WithContext(context.WithValue(r.Context(), writeKey{}, write))
}

// problem is an answer that is no figure, as RFC 9457 writes it.
type problem struct {
	Status int    `json:"status"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
}

// Refuse answers with a status and a sentence: as [Options].Write has it, else a page to a browser that opens one, else
// JSON (RFC 9457). The sentence never has anything of the request in it.
func Refuse(w http.ResponseWriter, r *http.Request, status int, detail string) {
	h := w.Header()
	h.Del("ETag")
	if write, ok := r.Context().Value(writeKey{}).(Write); ok {
		h.Set("Cache-Control", "no-store")
		write(w, status, detail)
		return
	}
	h.Add("Vary", "Accept")
	if wantsPage(r) {
		show(w, r, View{Status: status, Title: http.StatusText(status), Detail: detail})
		return
	}
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(problem{status, http.StatusText(status), detail}) //nolint:errcheck // the client has gone
}

// Later answers that what was asked for cannot be told now, and when to ask again: a browser that opened a page does so
// by itself.
func Later(w http.ResponseWriter, r *http.Request, wait time.Duration, detail string) {
	seconds := strconv.Itoa(int(wait.Seconds()))
	w.Header().Set("Retry-After", seconds)
	if wantsPage(r) && safe(r) {
		w.Header().Set("Refresh", seconds)
	}
	Refuse(w, r, http.StatusServiceUnavailable, detail)
}

// wantsPage tells whether a request is that of a browser which opens a page.
func wantsPage(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), "text/html")
}

// NotFound is the one answer for an id that does not exist and for one that the request may not see.
func NotFound(w http.ResponseWriter, r *http.Request) {
	Refuse(w, r, http.StatusNotFound, "There is no such artist, label or page, or you may not see it.")
}

// Allow tells whether the request may see an artist or a label, and answers [NotFound] where it may not. Handlers call
// it before they do anything with the id, so that another's id takes no longer than one that nobody has.
func Allow(w http.ResponseWriter, r *http.Request, sees Sees, id string) bool {
	if ScopeOf(r.Context()).May(sees, id) {
		return true
	}
	NotFound(w, r)
	return false
}
