package page

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io"
	"net/url"
	"strconv"
	"sync"
	"time"
)

//go:embed templates/*.html
var templateFiles embed.FS

// views are made when the first page is written: most commands write none.
var views = sync.OnceValue(func() map[string]*template.Template {
	return parse("overview", "tracks", "track", "audience", "statements", "account", "changes", "roster", "export", "find", "notice")
})

func parse(names ...string) map[string]*template.Template {
	functions := template.FuncMap{
		"count": Count, "signed": Signed, "asset": AssetURL, "percent": percent, "clock": clock, "day": func(at time.Time) string { return at.Format("2 January 2006") },
		"iso": func(at time.Time) string { return at.Format(time.DateOnly) }, "minute": func(at time.Time) string { return at.UTC().Format("15:04") },
		"fixed": func(x float64) string { return strconv.FormatFloat(x, 'f', 1, 64) },
	}
	all := map[string]*template.Template{}
	for _, name := range names {
		all[name] = template.Must(template.New("").Funcs(functions).ParseFS(templateFiles, "templates/layout.html", "templates/parts.html", "templates/"+name+".html"))
	}
	return all
}

// Render writes a view as a page.
func Render(w io.Writer, view any) error {
	name := ""
	switch view.(type) {
	case Overview:
		name = "overview"
	case Tracks:
		name = "tracks"
	case Track:
		name = "track"
	case Audience:
		name = "audience"
	case Statements:
		name = "statements"
	case Account:
		name = "account"
	case Changes:
		name = "changes"
	case Roster:
		name = "roster"
	case Export:
		name = "export"
	case Find:
		name = "find"
	case Notice:
		name = "notice"
	default:
		return fmt.Errorf("no page for %T", view)
	}
	var page bytes.Buffer
	if err := views()[name].ExecuteTemplate(&page, "layout", view); err != nil {
		return fmt.Errorf("page %s: %w", name, err)
	}
	_, err := page.WriteTo(w)
	return err
}

// escape is an id as one element of a path. Ids may hold anything that a listen's may.
func escape(id string) string { return url.PathEscape(id) }

// query asks for the same range again.
func (r Range) query() string {
	q := url.Values{}
	switch {
	case r.Days != 0 && r.Days != standardDays:
		q.Set("days", strconv.Itoa(r.Days))
	case r.Days == 0 && !r.From.IsZero():
		q.Set("from", r.From.Format(time.DateOnly))
		q.Set("to", r.To.Format(time.DateOnly))
	}
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}

// standardDays is what a page shows when nothing is asked for.
const standardDays = 28

// Query asks for the same range again, for a template.
func (r Range) Query() string { return r.query() }

// Choices are the ranges that a page offers.
func (r Range) Choices() []Tab {
	var list []Tab
	for _, days := range []int{7, standardDays, 90, 365} {
		name := fmt.Sprintf("%d days", days)
		if days == 365 {
			name = "12 months"
		}
		list = append(list, Tab{name, "?days=" + strconv.Itoa(days), r.Days == days})
	}
	return list
}
