package serve

import (
	"cmp"
	"context"
	"net/http"
	"strings"

	"github.com/lakectl/lakectl/jobs/serve/page"
)

// firstArtists is how much of the roster the overview has.
const firstArtists = 10

func (v *viewer) roster(ctx context.Context) (any, error) {
	list, err := v.question.roster(ctx)
	if err != nil {
		return nil, err
	}
	r := page.Roster{Frame: v.frame(), Rows: v.rosterRows(list), Count: int64(list.Count), Sort: v.sort, Paging: v.paging(v.pageQuery)}
	for _, s := range []page.Sort{{Name: "Artist", By: "name"}, {Name: "Plays", By: "plays"}, {Name: "Before", By: "previous"}, {Name: "Change", By: "change"}} {
		s.URL = v.sortQuery(s.By)
		r.Sorts = append(r.Sorts, s)
	}
	return r, nil
}

// sortQuery asks for the same range in another order.
func (v *viewer) sortQuery(by string) string {
	q := v.sameRange()
	q.Set("sort", by)
	return query(q)
}

func (v *viewer) rosterRows(list roster) []page.ArtistRow {
	rows := make([]page.ArtistRow, len(list.Artists))
	for i, a := range list.Artists {
		rows[i] = page.ArtistRow{
			ID: a.ArtistID, Name: cmp.Or(a.Name, a.ArtistID), Plays: a.Plays, Before: a.Previous, Change: signedPercent(a.Percent), Spark: a.Course,
			URL: (page.Frame{Kind: "label", ID: v.of.id, Artist: a.ArtistID}).Base() + v.rangeQuery(),
		}
	}
	return rows
}

func lowerFirst(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToLower(text[:1]) + text[1:]
}

// mostFound is how many artists and labels a search lists.
const mostFound = 50

// find is the first page of whoever may see everything: a search over artists and labels.
func (h *Handler) find(w http.ResponseWriter, r *http.Request) {
	c, err := h.newest(r.Context())
	if err != nil {
		h.fail(w, r, err)
		return
	}
	artists, err := c.Artists(r.Context())
	if err != nil {
		h.fail(w, r, err)
		return
	}
	f := page.Find{Query: strings.TrimSpace(r.URL.Query().Get("q")), Known: int64(artists.Count()), NoNames: !c.Names.Loaded()}
	found, count := artists.Search(f.Query, mostFound)
	f.Count = int64(count)
	for _, one := range found {
		kind := "artist"
		if one.Label {
			kind = "label"
		}
		f.Found = append(f.Found, page.Found{Kind: kind, ID: one.ID, Name: one.Text(), URL: (page.Frame{Kind: kind, ID: one.ID}).Base()})
	}
	h.write(w, r, f)
}
