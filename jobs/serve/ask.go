package serve

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lakectl/lakectl/jobs/serve/books"
	"github.com/lakectl/lakectl/jobs/serve/cut"
	"github.com/lakectl/lakectl/jobs/serve/figures"
)

// What a question is about where it does not say.
const (
	standardDays  = 28
	mostDays      = 3660 // ten years
	mostHourDays  = 100
	standardLimit = 100
	firstYear     = 1970
	lastYear      = 2999
	mostLimit     = 1000
)

// question is what a request asks of one cut.
type question struct {
	cut       *cut.Cut
	of        subject
	span      figures.Range
	days      int // the last so many days were asked for; 0: dates were
	step      figures.Step
	limit     int
	cursor    string
	onlyTrack string // whose changes alone are asked for; "" for all
	ledger    *books.Reader
	tag       string     // of what the answer depends on besides the cut
	sort      string     // of a roster
	share     *cut.Share // of a label; nil for an artist's own figures
	follows   bool       // a cursor of another state has the same places of this one
	read      *read      // what several parts of the answer need; nil: nothing is kept
}

// read is what one answer has read so far. Its range, its subject and its track stay what they are.
type read struct {
	envelope *envelope
	changed  []cut.Change
	changes  bool // changed is read
	listed   listed
}

// subject is whose figures are asked for.
type subject struct {
	kind   string // artist or label
	id     string
	artist string // of a label, whose figures the label sees in part; "" for all
}

// ids are the artist and the label that an answer names.
func (s subject) ids() (artist, label string) {
	if s.kind == "artist" {
		return s.id, ""
	}
	return s.artist, s.id
}

// wholeLabel tells whether it is all of a label, not one artist of it.
func (s subject) wholeLabel() bool { return s.kind == "label" && s.artist == "" }

// wrong is a parameter that cannot be answered. Its text is for whoever wrote it.
type wrong struct{ text string }

func (w wrong) Error() string { return w.text }

func refusal(format string, args ...any) error { return wrong{fmt.Sprintf(format, args...)} }

// ask reads the parameters of a request.
func ask(c *cut.Cut, of subject, r *http.Request, known ...string) (question, error) {
	q := question{cut: c, of: of, step: figures.Day, limit: standardLimit, read: &read{}}
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return q, refusal("the parameters are not encoded as a query is")
	}
	for name, list := range values {
		if !slices.Contains(known, name) {
			return q, refusal("a parameter is none of those there are here: %s", strings.Join(known, ", "))
		}
		if list[0] == "" && name != "cursor" {
			return q, refusal("parameter %s has no value; leave it out", name)
		}
		if len(list) > 1 {
			return q, refusal("parameter %s is given %d times", name, len(list))
		}
	}
	if err := q.readSpan(values); err != nil {
		return q, err
	}
	if text := values.Get("step"); text != "" {
		if q.step, err = figures.ParseStep(text); err != nil {
			return q, refusal("step is one of hour, day, week, month")
		}
	}
	if text := values.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > mostLimit {
			return q, refusal("limit is a number from 1 to %d", mostLimit)
		}
		q.limit = n
	}
	q.cursor, q.onlyTrack = values.Get("cursor"), values.Get("track")
	return q, q.readSort(values.Get("sort"))
}

// readSpan reads from and to, both inclusive, or days. The newest day is the one of the newest event.
func (q *question) readSpan(values url.Values) error {
	newest := figures.Day.Start(q.cut.Until())
	q.days = standardDays
	if text := values.Get("days"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > mostDays {
			return refusal("days is a number from 1 to %d", mostDays)
		}
		if values.Has("from") || values.Has("to") {
			return refusal("give days, or from and to")
		}
		q.days = n
	}
	q.span = figures.Range{From: newest.AddDate(0, 0, 1-q.days), To: newest.AddDate(0, 0, 1)}
	if values.Get("from") == "" && values.Get("to") == "" {
		return nil
	}
	from, err := time.Parse(time.DateOnly, values.Get("from"))
	if err != nil {
		return refusal("from is a UTC day like 2026-03-01")
	}
	to := newest
	if text := values.Get("to"); text != "" {
		if to, err = time.Parse(time.DateOnly, text); err != nil {
			return refusal("to is a UTC day like 2026-03-31, the last one that is asked for")
		}
	}
	q.days, q.span = 0, figures.Range{From: from, To: to.AddDate(0, 0, 1)}
	if from.Year() < firstYear || to.Year() > lastYear {
		return refusal("from and to are days of the years %d to %d", firstYear, lastYear)
	}
	switch n := int(q.span.To.Sub(q.span.From) / (24 * time.Hour)); {
	case n < 1:
		return refusal("from is after to")
	case n > mostDays:
		return refusal("from and to are %d days apart, at most %d are", n, mostDays)
	}
	return nil
}
