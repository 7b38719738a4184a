package run

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"html/template"
	"net/http"
	"strings"
	"time"

	"github.com/lakectl/lakectl/jobs/serve"
)

//go:embed status.html
var statusPage string

var page = template.Must(template.New("status").Funcs(template.FuncMap{"at": at, "behind": behind, "clock": func(t time.Time) string { return t.UTC().Format(time.TimeOnly) }, "asset": serve.Asset}).Parse(statusPage))

// at is a moment for people; nothing for none.
func at(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05")
}

// behind is a lag for people.
func behind(seconds float64) string {
	return (time.Duration(seconds) * time.Second).String()
}

// ServeHTTP answers with the status: JSON, or a page where the client asks for one.
func (r *Runner) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	var body bytes.Buffer
	kind, err := "application/json", error(nil)
	if strings.Contains(req.Header.Get("Accept"), "text/html") {
		kind, err = "text/html; charset=utf-8", page.Execute(&body, r.Status())
	} else {
		err = json.NewEncoder(&body).Encode(r.Status())
	}
	if err != nil {
		r.env.Log.Error("the status cannot be shown", "error", err)
		http.Error(w, "the status cannot be shown; see the log", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "no-store")
	body.WriteTo(w) //nolint:errcheck // the client is gone
}
