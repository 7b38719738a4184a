package access

import (
	_ "embed"
	"encoding/json"
	"html/template"
	"net/http"
	"strings"
)

// problem is an answer that is no figure, as RFC 9457 writes it.
type problem struct {
	Status int    `json:"status"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
}

//go:embed page/problem.html
var problemText string

var problemPage = template.Must(template.New("problem").Parse(problemText))

// Refuse answers with a status and a sentence: a page to a browser that opens one, else JSON (RFC 9457). The sentence never has
// anything of the request in it.
func Refuse(w http.ResponseWriter, r *http.Request, status int, detail string) {
	p := problem{Status: status, Title: http.StatusText(status), Detail: detail}
	h := w.Header()
	h.Del("ETag")
	h.Set("Cache-Control", "no-store")
	h.Add("Vary", "Accept")
	if wantsPage(r) {
		h.Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(status)
		problemPage.Execute(w, p) //nolint:errcheck // the browser has gone
		return
	}
	h.Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(p) //nolint:errcheck // the client has gone
}

// wantsPage tells whether a request is that of a browser which opens a page.
func wantsPage(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), "text/html")
}

// NotFound is the one answer for an id that does not exist and for one that the request may not see.
func NotFound(w http.ResponseWriter, r *http.Request) {
	Refuse(w, r, http.StatusNotFound, "There is no such artist, label or page, or you may not see it.")
}

// Allow tells whether the request may see an artist or a label, and answers [NotFound] where it may not. Handlers call it before
// they do anything with the id, so that another's id takes no longer than one that nobody has.
func Allow(w http.ResponseWriter, r *http.Request, sees Sees, id string) bool {
	if ScopeOf(r.Context()).May(sees, id) {
		return true
	}
	NotFound(w, r)
	return false
}
