package serve

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lakectl/lakectl/jobs/serve/access"
	"github.com/lakectl/lakectl/jobs/serve/cut"
	"github.com/lakectl/lakectl/jobs/serve/figures"
	"github.com/lakectl/lakectl/jobs/serve/page"
)

// How much of a list the overview has.
const (
	firstTracks  = 5
	firstParts   = 6
	firstChanges = 5
)

// views are the pages of an artist by the rest of their path.
var views = map[string]struct {
	parameters []string // besides ranged
	draw       func(*viewer, context.Context) (any, error)
	of         func(place) bool // whose pages have it
}{
	"":                {nil, (*viewer).overview, anybody},
	"/roster":         {[]string{"limit", "cursor", "sort"}, (*viewer).roster, place.wholeLabel},
	"/tracks":         {[]string{"limit", "cursor"}, (*viewer).tracks, anybody},
	"/tracks/{track}": {nil, (*viewer).track, anybody},
	"/audience":       {nil, (*viewer).audience, anybody},
	"/changes":        {[]string{"track", "limit", "cursor"}, (*viewer).changes, anybody},
	"/statements":     {[]string{"limit", "cursor"}, (*viewer).statements, place.paid},

	"/statements/{period}": {[]string{"limit", "cursor"}, (*viewer).oneStatement, place.paid},
	"/export":              {nil, (*viewer).export, anybody},
}

// viewer draws one page.
type viewer struct {
	question
	now  time.Time
	at   string // the view
	item string // id of the track

	period  string // of the statement
	plays   []cut.Plays
	handler *Handler
	artists *cut.Artists // of the cut; for labels

	signedIn, unguarded bool // see access
}

// MountPages adds the pages. What comes through them must have passed the guard, but for the assets.
func (h *Handler) MountPages(mux *Routes) {
	for _, p := range places {
		for path, v := range views {
			if !v.of(p) {
				continue
			}
			at, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
			mux.HandleFunc("GET "+p.path+path, func(w http.ResponseWriter, r *http.Request) {
				if !access.Allow(w, r, p.sees, r.PathValue("id")) {
					return
				}
				one, err := h.viewer(r, p.of(r), append(slices.Clone(v.parameters), ranged...))
				if err != nil {
					h.fail(w, r, err)
					return
				}
				one.at = cmp.Or(at, "overview")
				h.draw(w, r, one, v.draw)
			})
		}
	}
}

// viewer reads what a page is asked for.
func (h *Handler) viewer(r *http.Request, of subject, parameters []string) (*viewer, error) {
	c, err := h.newest(r.Context())
	if err != nil {
		return nil, err
	}
	r.URL.RawQuery = filledIn(r.URL.Query())
	q, err := ask(c, of, r, parameters...)
	if err != nil {
		return nil, err
	}
	q.ledger, q.follows = h.books, true
	v := &viewer{question: q, now: h.env.Now(), handler: h, item: r.PathValue("track"), period: r.PathValue("period"), signedIn: access.SignedIn(r.Context()), unguarded: access.Unguarded(r.Context())}
	if err := v.narrow(r.Context(), cmp.Or(v.item, v.onlyTrack)); err != nil {
		return nil, err
	}
	if of.kind == "label" {
		v.artists, err = c.Artists(r.Context())
	}
	return v, err
}

func (h *Handler) draw(w http.ResponseWriter, r *http.Request, v *viewer, draw func(*viewer, context.Context) (any, error)) {
	var err error
	if v.plays, err = v.question.plays(r.Context(), v.span); err != nil {
		h.fail(w, r, err)
		return
	}
	view, err := draw(v, r.Context())
	if err != nil {
		h.fail(w, r, err)
		return
	}
	h.write(w, r, view)
}

func (h *Handler) write(w http.ResponseWriter, r *http.Request, view any) {
	var html bytes.Buffer
	if err := page.Render(&html, view); err != nil {
		h.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "private, no-cache")
	w.Write(html.Bytes()) //nolint:errcheck // the browser has gone
}

func (v *viewer) frame() page.Frame {
	f := page.Frame{
		Kind: v.of.kind, ID: v.of.id, Name: v.name(), At: v.at, AsOf: v.cut.AsOf, Now: v.now, Snapshot: strconv.FormatInt(v.cut.Snapshot, 10), Tag: v.cut.Tag(), NoNames: !v.cut.Names.Loaded(), SignedIn: v.signedIn, Unguarded: v.unguarded,
		Artist: v.of.artist,
		Range:  page.Range{From: v.span.From, To: v.span.To.AddDate(0, 0, -1), Step: string(v.step), Days: v.days},
	}
	f.Updates = "/v1" + (page.Frame{Kind: v.of.kind, ID: v.of.id}).Base() + "/updates"
	if v.of.artist != "" {
		f.Within = &page.Link{Text: v.labelName(), URL: (page.Frame{Kind: v.of.kind, ID: v.of.id}).Base() + f.Range.Query()}
	}
	return f
}

func (v *viewer) labelName() string {
	name, _ := v.cut.Names.Label(v.of.id)
	return cmp.Or(name, v.of.id)
}

// name is that of the label, or what most of the artist's tracks in the range call the artist.
func (v *viewer) name() string {
	if v.of.artist != "" {
		a, _ := v.artists.Has(v.of.id, v.of.artist)
		return cmp.Or(a.Name, v.of.artist)
	}
	if v.of.kind == "label" {
		return v.labelName()
	}
	counts := map[string]int64{}
	best := v.of.id
	for _, p := range v.plays {
		row, ok := v.cut.Names.Track(p.Track, p.Day)
		if !ok || row.ArtistName == "" {
			continue
		}
		counts[row.ArtistName] += p.Plays
		if n := counts[row.ArtistName]; n > counts[best] || n == counts[best] && row.ArtistName < best {
			best = row.ArtistName
		}
	}
	return best
}

// sentence says the plays and what they compare with.
func (v *viewer) sentence(ctx context.Context, plays []cut.Plays) (page.Sentence, error) {
	s := page.Sentence{In: v.in()}
	for _, p := range plays {
		s.Plays += p.Plays
	}
	c := figures.Compare(v.span, v.cut.Until())
	if c == (figures.Comparison{}) {
		return s, nil
	}
	before, err := v.question.plays(ctx, c.Previous)
	if err != nil {
		return s, err
	}
	percent, ok := figures.Change(within(plays, c.Current), within(only(before, v.item), c.Previous))
	days := int(c.Previous.To.Sub(c.Previous.From) / (24 * time.Hour))
	than := fmt.Sprintf("in the %d before", v.days)
	if v.days == 0 {
		than = fmt.Sprintf("in the %d days before", days)
	}
	if first := c.Previous.From; v.days == 0 && first.Day() == 1 && v.span.From.Day() == 1 {
		than = "in " + first.Format("January")
	}
	switch {
	case !ok:
	case percent > 0:
		s.Change, s.Than = fmt.Sprintf("%s %% more", page.Count(percent)), "than "+than
	case percent < 0:
		s.Change, s.Than = fmt.Sprintf("%s %% fewer", page.Count(-percent)), "than "+than
	default:
		s.Change, s.Than = "as many", "as "+than
	}
	if ok && !c.All {
		n := int(c.Current.To.Sub(c.Current.From) / (24 * time.Hour))
		s.Note = fmt.Sprintf("Compared are %d whole days; the newest is not over.", n)
	}
	return s, nil
}

// in is the range in words.
func (v *viewer) in() string {
	last := v.span.To.AddDate(0, 0, -1)
	switch {
	case v.days != 0:
		return fmt.Sprintf("in the last %d days", v.days)
	case v.span.From.Day() == 1 && v.span.To.Equal(v.span.From.AddDate(0, 1, 0)):
		return "in " + v.span.From.Format("January 2006")
	case v.span.From.Equal(last):
		return "on " + page.Day(last, v.now)
	}
	return "from " + page.Day(v.span.From, v.now) + " to " + page.Day(last, v.now)
}

func only(plays []cut.Plays, track string) []cut.Plays {
	if track == "" {
		return plays
	}
	return slices.DeleteFunc(slices.Clone(plays), func(p cut.Plays) bool { return p.Track != track })
}

// chips say how sure the figures are.
func (v *viewer) chips(e envelope) []page.Chip {
	var list []page.Chip
	if e.ExactThrough != nil {
		through, err := time.Parse(time.DateOnly, *e.ExactThrough)
		if err == nil {
			list = append(list, page.Chip{Text: "exact to " + page.Day(through, v.now), Why: "every listen is counted once, checked against the ledger that royalties are paid from", Sure: true})
		}
	}
	switch e.Status {
	case provisional:
		list = append(list, page.Chip{Text: "newest days provisional", Why: "listens that come twice are left out as they come; the next night checks it"})
	case corrected:
		list = append(list, page.Chip{Text: "corrected", Why: "a figure of a past day has changed; what changed is listed with its cause", Sure: true})
	}
	return list
}

// listeners says how many people listened.
func listeners(s figures.Set) string {
	c := s.Count()
	switch {
	case c.Listeners == 0:
		return ""
	case c.Listeners < figures.Few:
		return fmt.Sprintf("fewer than %d listeners", figures.Few)
	case c.Exact:
		return page.Count(c.Listeners) + " listeners"
	}
	return page.Count(c.Listeners) + " listeners, give or take 1 %"
}

// chart is the line of days, weeks or months, whichever keeps it readable, with the time before behind it.
func (v *viewer) chart(ctx context.Context, plays []cut.Plays) (page.Chart, error) {
	length := v.span.To.Sub(v.span.From)
	step, label := v.courseStep(), "2 Jan"
	before := figures.Range{From: v.span.From.Add(-length), To: v.span.From}
	earlier, err := v.question.plays(ctx, before)
	if err != nil {
		return page.Chart{}, err
	}
	changed, err := v.changed(ctx)
	if err != nil {
		return page.Chart{}, err
	}
	points := figures.Series(step, v.span, v.cut.Until(), sums(plays))
	behind := figures.Series(step, before, v.cut.Until(), sums(only(earlier, v.item)))
	c := page.Chart{Name: fmt.Sprintf("Plays a %s, %s to %s", step, page.Day(v.span.From, v.now), page.Day(v.span.To.AddDate(0, 0, -1), v.now)), This: "plays", Before: fmt.Sprintf("%d days before", int(length/(24*time.Hour)))}
	c.Changes = v.frame().Base() + "/changes"
	if v.item != "" {
		c.Track = v.item
	}
	for i, p := range points {
		at := page.Point{At: p.From, Label: p.From.Format(label), Plays: p.Plays, Partial: p.To.After(v.cut.Until())}
		if i < len(behind) {
			at.Previous = behind[i].Plays
		}
		at.Last = p.To.AddDate(0, 0, -1)
		if text := changedIn(changed, p.Range, v.item); text != "" {
			at.Mark = p.From.Format(label) + ": " + text
		}
		c.Points = append(c.Points, at)
	}
	return c, nil
}

func sums(plays []cut.Plays) []figures.Sum {
	list := make([]figures.Sum, len(plays))
	for i, p := range plays {
		list[i] = figures.Sum{At: p.Day, Plays: p.Plays, Millis: p.Millis}
	}
	return list
}

// changedIn says what changed in the days of a range after they had ended, "" for nothing.
func changedIn(changed []cut.Change, r figures.Range, track string) string {
	late, other := int64(0), int64(0)
	for _, c := range changed {
		if c.Day.Before(r.From) || !c.Day.Before(r.To) || track != "" && c.Track != track {
			continue
		}
		if c.Cause == "late" {
			late += c.Plays
		} else {
			other += c.Plays
		}
	}
	switch {
	case late == 0 && other == 0:
		return ""
	case other == 0:
		return page.Signed(late) + " late"
	case late == 0:
		return page.Signed(other) + " corrected"
	}
	return page.Signed(late) + " late, " + page.Signed(other) + " corrected"
}

func query(of url.Values) string {
	if len(of) == 0 {
		return ""
	}
	return "?" + of.Encode()
}

// filledIn is a query without the fields of a form that were left empty.
func filledIn(q url.Values) string {
	for name := range q {
		if q.Get(name) == "" {
			q.Del(name)
		}
	}
	return q.Encode()
}
