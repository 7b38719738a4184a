package serve

import (
	"io"
	"net/http"

	"github.com/lakectl/lakectl/jobs/serve/access"
	"github.com/lakectl/lakectl/jobs/serve/page"
)

// titles are those of refusals, where the name of the status would tell a person nothing.
var titles = map[int]string{
	http.StatusBadRequest:         "That cannot be answered",
	http.StatusForbidden:          "Not from here",
	http.StatusNotFound:           "Nothing here",
	http.StatusGone:               "The figures have moved on",
	http.StatusTooManyRequests:    "Too many requests",
	http.StatusServiceUnavailable: "Not at the moment",
}

// drawNotice draws what is no figure in the style of the page.
func drawNotice(w io.Writer, v access.View) error {
	n := page.Notice{Title: v.Title, Done: v.Done}
	if v.Detail != "" {
		n.Text = []string{v.Detail}
	}
	if title := titles[v.Status]; title != "" {
		n.Title = title
	}
	if v.Detail == errNothing.Error() {
		n.Title, n.Text = "Nothing was heard yet", []string{
			"No listen has been counted so far. When the first ones are, the figures stand here: this page looks again by itself every 15 seconds.",
			"If you expected figures: whoever runs the service sees with 'lakectl ingest status' whether listens come in, and counts them with 'lakectl job rollup'; 'lakectl run' does both all the time.",
		}
	}
	if v.SignIn {
		n.SignIn = &page.SignIn{Script: access.SignInScript, Issuer: v.Issuer, Onward: v.Onward}
	} else {
		n.Link = &page.Link{Text: "To the first page", URL: "/"}
	}
	return page.Render(w, n)
}
