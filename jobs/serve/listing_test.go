package serve_test

import (
	"html"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// tracksAt asks for a page of tracks and gives its titles, its text, and the addresses of the pages around.
func (s *service) tracksAt(path string) (titles []string, text, before, next string) {
	s.Helper()
	code, _, body := s.get(path, "Accept", "text/html")
	if code != http.StatusOK {
		s.Fatalf("%s is %d: %s", path, code, body)
	}
	for _, row := range regexp.MustCompile(`<th scope="row"><a [^>]*>([^<]*)</a>`).FindAllStringSubmatch(body, -1) {
		titles = append(titles, row[1])
	}
	at := func(rel string) string {
		found := regexp.MustCompile(`rel="` + rel + `" href="([^"]*)"`).FindStringSubmatch(body)
		if found == nil {
			return ""
		}
		return "/artists/A/tracks" + html.UnescapeString(found[1])
	}
	return titles, body, at("prev"), at("next")
}

// playsOf are so many plays of each track, t1 the most.
func playsOf(counts ...int) (list []played) {
	for i, n := range counts {
		for k := range n {
			list = append(list, played{time.Date(2026, 3, 20, k%24, 0, 0, 0, time.UTC), "A", "t" + string(rune('1'+i)), "SE", "phone", uint64(i*100 + k)})
		}
	}
	return list
}

func TestAPageOfAListKeepsItsPlacesAndShowsNewFigures(t *testing.T) {
	s := newService(t)
	s.publish(playsOf(9, 8, 7, 6, 5), nil)
	first, text, before, second := s.tracksAt("/artists/A/tracks?limit=2")
	if want := []string{"t1", "t2"}; !slices.Equal(first, want) || before != "" || !strings.Contains(text, "1 to 2 of 5") {
		t.Fatalf("the first page has %v, and before it %q: %s", first, before, text)
	}
	titles, text, _, third := s.tracksAt(second)
	if want := []string{"t3", "t4"}; !slices.Equal(titles, want) || !strings.Contains(text, "3 to 4 of 5") || strings.Contains(text, "Newer figures") {
		t.Fatalf("the second page has %v: %s", titles, text)
	}
	s.publish(playsOf(0, 0, 0, 0, 3), nil) // t5 is third now

	titles, text, before, _ = s.tracksAt(second)
	if want := []string{"t5", "t3"}; !slices.Equal(titles, want) || !strings.Contains(text, "Newer figures") || !strings.Contains(text, "3 to 4 of 5") {
		t.Errorf("after new figures the second page has %v: %s", titles, text)
	}
	if titles, text, _, _ := s.tracksAt(before); !slices.Equal(titles, []string{"t1", "t2"}) || strings.Contains(text, "Newer figures") {
		t.Errorf("the page before has %v", titles)
	}
	if code, _, body := s.get(strings.Replace(third, "/artists", "/v1/artists", 1)); code != http.StatusGone {
		t.Errorf("a program that goes on with an old cursor has %d: %s", code, body)
	}
}

func TestAPageBehindTheEndOfAListShowsTheLastOne(t *testing.T) {
	s := newService(t)
	plays := playsOf(9, 8, 7, 6, 5)
	for _, p := range playsOf(3, 2, 1) { // on the day after
		p.at = p.at.AddDate(0, 0, 1)
		plays = append(plays, p)
	}
	s.publish(plays, nil)
	_, _, _, second := s.tracksAt("/artists/A/tracks?limit=2&from=2026-03-20&to=2026-03-20")
	_, _, _, third := s.tracksAt(second)
	s.publish(playsOf(1), nil)
	for day, want := range map[string]struct {
		titles []string
		told   string
	}{
		"2026-03-21": {[]string{"t3"}, "3 to 3 of 3"},
		"2026-03-22": {nil, "No track was played in this time"},
	} {
		if titles, text, _, _ := s.tracksAt(strings.ReplaceAll(third, "2026-03-20", day)); !slices.Equal(titles, want.titles) || !strings.Contains(text, want.told) {
			t.Errorf("%s: the page has %v: %s", day, titles, text)
		}
	}
}
