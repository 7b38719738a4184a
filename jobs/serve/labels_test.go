package serve_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
)

// validity says that a track was a label's on the days of a span, to exclusive; nil is open.
type validity struct {
	track, label string
	from, to     *time.Time
}

// anyValidities gives each of seven tracks up to three owners one after the other, with days of nobody's between.
func anyValidities(random *rand.Rand) (list []validity) {
	for n := range 7 {
		track, at := fmt.Sprint("t", n), time.Date(2026, 2, 18, 0, 0, 0, 0, time.UTC)
		var from *time.Time
		for range random.IntN(4) {
			to := at.AddDate(0, 0, 1+random.IntN(30))
			v := validity{track: track, label: []string{"L1", "L2", ""}[random.IntN(3)], from: from, to: &to}
			if random.IntN(4) == 0 {
				v.to = nil
			}
			list = append(list, v)
			if v.to == nil {
				break
			}
			at = to.AddDate(0, 0, random.IntN(3))
			begin := at
			from = &begin
		}
	}
	return list
}

func (v validity) holds(track string, at time.Time) bool {
	return v.track == track && (v.from == nil || !at.Before(*v.from)) && (v.to == nil || at.Before(*v.to))
}

// owner is the label that a play is of, "" for nobody's.
func owner(list []validity, p played) string {
	for _, v := range list {
		if v.holds(p.track, p.at) {
			return v.label
		}
	}
	return ""
}

func (s *service) own(list []validity) {
	s.Helper()
	var rows [][]any
	for _, v := range list {
		var from, to any
		if v.from != nil {
			from = *v.from
		}
		if v.to != nil {
			to = *v.to
		}
		rows = append(rows, []any{v.track, "Title of " + v.track, "Ana", v.label, "Label " + v.label, nil, from, to})
	}
	s.commit(catalog.Tracks, nil, rows...)
}

// sumsOf asks everything that has plays of a label, or of one of its artists, and sums each.
func (s *service) sumsOf(base, span string) map[string]int64 {
	s.Helper()
	q := func(name, more string) string {
		return base + name + "?" + strings.Trim(span+"&"+more, "&")
	}
	sums := map[string]int64{"summary": s.ask(q("summary", "")).Plays}
	for _, step := range []string{"day", "week", "month"} {
		for _, p := range s.ask(q("timeseries", "step="+step)).Points {
			sums[step] += p.Plays
		}
	}
	for _, name := range []string{"countries", "devices"} {
		answer := s.ask(q(name, ""))
		sums[name+" total"] = answer.Plays
		for _, p := range answer.Parts {
			sums[name] += p.Plays
		}
	}
	next := ""
	for pages := 0; pages == 0 || next != ""; pages++ {
		answer := s.ask(q("tracks", "limit=3&cursor="+next))
		for _, row := range answer.Tracks {
			sums["tracks"] += row.Plays
		}
		sums["tracks total"], next = answer.Plays, answer.Next
	}
	return sums
}

// roster walks the pages of a label's roster and gives the plays of each artist.
func (s *service) roster(label, query string) (plays map[string]int64, order []string) {
	s.Helper()
	plays = map[string]int64{}
	next := ""
	for pages := 0; pages == 0 || next != ""; pages++ {
		_, _, body := s.get("/v1/labels/" + label + "/roster?limit=1&" + query + "&cursor=" + next)
		var answer struct {
			Artists []struct {
				ID     string `json:"artist_id"`
				Plays  int64  `json:"plays"`
				Course []int64
			}
			Next string
		}
		if err := json.Unmarshal([]byte(body), &answer); err != nil {
			s.Fatalf("%v: %s", err, body)
		}
		for _, a := range answer.Artists {
			sum := int64(0)
			for _, n := range a.Course {
				sum += n
			}
			if sum != a.Plays {
				s.Errorf("the course of %s sums to %d, not %d", a.ID, sum, a.Plays)
			}
			plays[a.ID] = a.Plays
			order = append(order, a.ID)
		}
		next = answer.Next
	}
	return plays, order
}

func TestLabelsShareAllPlaysAndCountNoneTwice(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		s := newService(t)
		random := rand.New(rand.NewPCG(seed, 12))
		owned := anyValidities(random)
		plays := anyPlays(random, 300)
		s.own(owned)
		s.hoursFrom = time.Date(2026, 3, 15, 0, 0, 0, 0, time.UTC)
		s.publish(plays[:150], nil)
		s.publish(plays[150:], nil)
		for _, span := range []string{"days=7", "days=60", "from=2026-02-25&to=2026-03-20"} {
			total := int64(0)
			r := s.ask("/v1/labels/L1/summary?" + span)
			for _, label := range []string{"L1", "L2"} {
				want, byArtist := int64(0), map[string]int64{}
				people := map[uint64]bool{}
				for _, p := range plays {
					day := p.at.Format(time.DateOnly)
					if day < r.From || day > r.To {
						continue
					}
					if owner(owned, p) == label {
						want++
						byArtist[p.artist]++
						people[p.listener] = true
					}
				}
				for of, got := range s.sumsOf("/v1/labels/"+label+"/", span) {
					if got != want {
						t.Errorf("seed %d %s: %s of %s has %d plays, want %d", seed, span, of, label, got, want)
					}
				}
				summary := s.ask("/v1/labels/" + label + "/summary?" + span)
				if n := int64(len(people)); n >= 5 && (summary.Listeners == nil || *summary.Listeners != n) || n < 5 && summary.Listeners != nil {
					t.Errorf("seed %d %s: %d listeners of %s, answered %v", seed, span, n, label, summary.Listeners)
				}
				roster, _ := s.roster(label, span)
				for artist, n := range byArtist {
					if roster[artist] != n {
						t.Errorf("seed %d %s: %s has %d plays of %s in the roster, want %d", seed, span, label, roster[artist], artist, n)
					}
					for of, got := range s.sumsOf("/v1/labels/"+label+"/artists/"+strings.ReplaceAll(artist, "/", "%2F")+"/", span) {
						if got != n {
							t.Errorf("seed %d %s: %s of %s at %s has %d plays, want %d", seed, span, of, artist, label, got, n)
						}
					}
				}
				total += want
			}
			var others, all int64
			for _, p := range plays {
				if day := p.at.Format(time.DateOnly); day >= r.From && day <= r.To {
					all++
					if owner(owned, p) == "" {
						others++
					}
				}
			}
			if total+others != all {
				t.Errorf("seed %d: %d of labels and %d of nobody, %d in all", seed, total, others, all)
			}
		}
		for _, name := range []string{"summary", "countries", "roster?sort=name", "tracks?limit=2"} {
			_, _, first := s.get("/v1/labels/L1/" + name)
			if _, _, again := s.get("/v1/labels/L1/" + name); first != again {
				t.Errorf("%s: %s then %s", name, first, again)
			}
		}
	}
}

func TestPlaysOfSharedArtistsBeforeTheHoursStandApart(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.hoursFrom = time.Date(2026, 3, 15, 0, 0, 0, 0, time.UTC)
	s.own([]validity{{track: "t1", label: "L1"}, {track: "t2", label: "L2"}})
	var plays []played
	for i := range 8 {
		at := time.Date(2026, 3, 10, 5, 0, 0, 0, time.UTC)
		if i < 6 {
			at = at.AddDate(0, 0, 10)
		}
		plays = append(plays, played{at: at, artist: "B", track: "t1", country: "DE", device: "web", listener: uint64(i + 1)},
			played{at: at, artist: "B", track: "t2", country: "SE", device: "web", listener: uint64(i + 1)})
	}
	s.publish(plays, nil)
	_, _, body := s.get("/v1/labels/L1/countries?from=2026-03-01&to=2026-03-25")
	if !strings.Contains(body, `{"key":"DE","plays":6,"ms_played":180000}`) || !strings.Contains(body, `{"key":"","not_split":true,"why":"`) || !strings.Contains(body, `"plays":2,"ms_played":60000`) || strings.Contains(body, "SE") {
		t.Error(body)
	}
	// Once the other label's track is nobody's concern, the artist's days are the label's alone.
	s.own([]validity{{track: "t3", label: "L1"}})
	s.publish([]played{{at: time.Date(2026, 3, 2, 5, 0, 0, 0, time.UTC), artist: "C", track: "t3", country: "FR", device: "tv", listener: 1}}, nil)
	if _, _, body := s.get("/v1/labels/L1/artists/C/countries?from=2026-03-01&to=2026-03-25"); strings.Contains(body, "not_split") || !strings.Contains(body, `"other":true,"plays":1`) {
		t.Error(body)
	}
}

func TestARosterIsInTheOrderThatWasAskedFor(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.commit(catalog.Tracks, nil, []any{"t1", "a", "Zoe", "L1", "", nil, nil, nil}, []any{"t2", "a", "ana", "L1", "", nil, nil, nil}, []any{"t3", "a", "Bo", "L1", "", nil, nil, nil}, []any{"t4", "a", "Cy", "L2", "", nil, nil, nil})
	var plays []played
	for artist, days := range map[string][]int{"A1": {1, 1, 1, 30, 30}, "A2": {30, 30, 30}, "A3": {1, 30}, "A4": {30}} {
		for _, d := range days { // the first of March is in the 28 days before the last week
			plays = append(plays, played{at: time.Date(2026, 3, d, 5, 0, 0, 0, time.UTC), artist: artist, track: "t" + artist[1:], country: "DE", device: "web", listener: 1})
		}
	}
	s.publish(plays, nil)
	for sort, want := range map[string][]string{"plays": {"A2", "A1", "A3"}, "name": {"A2", "A3", "A1"}, "previous": {"A1", "A3", "A2"}, "change": {"A2", "A3", "A1"}} {
		if _, got := s.roster("L1", "from=2026-03-16&to=2026-03-30&sort="+sort); !slices.Equal(got, want) {
			t.Errorf("by %s: %v, want %v", sort, got, want)
		}
	}
	if code, _, body := s.get("/v1/labels/L1/roster?sort=luck"); code != http.StatusBadRequest {
		t.Errorf("%d %s", code, body)
	}
}

func TestALabelIsToldOfItsOwnAlone(t *testing.T) {
	t.Parallel()
	s := newService(t)
	ended := time.Date(2026, 3, 20, 0, 0, 0, 0, time.UTC)
	s.own([]validity{{track: "t1", label: "L1", to: &ended}, {track: "t2", label: "L2"}})
	at := time.Date(2026, 3, 20, 0, 0, 0, 0, time.UTC)
	plays := []played{{at, "B", "t2", "DE", "web", 3}}
	for n := range uint64(6) { // enough people for an hour to be shown
		plays = append(plays, played{at.Add(-time.Hour), "A", "t1", "DE", "web", n}, played{at, "A", "t1", "DE", "web", n}, played{at.Add(time.Hour), "A", "t1", "DE", "web", n})
	}
	s.publish(plays, nil)
	if r := s.ask("/v1/labels/L1/artists/A/summary"); r.Plays != 6 {
		t.Errorf("a former track has %d plays, want the 6 before the label lost it", r.Plays)
	}
	for _, base := range []string{"/v1/labels/L1", "/v1/labels/L1/artists/A"} {
		sum := int64(0)
		for _, p := range s.points(base + "/timeseries?step=hour&from=2026-03-19&to=2026-03-21") {
			if sum += p.Plays; p.Plays > 0 && !p.From.Before(ended) {
				t.Errorf("%s has plays of a track that had been another's: %v", base, p)
			}
		}
		if sum != 6 {
			t.Errorf("the hours of %s have %d plays, want the 6 before the label lost the track", base, sum)
		}
	}
	if code, _, body := s.get("/labels/L1/tracks/t1?from=2026-03-19&to=2026-03-21"); code != http.StatusOK || !strings.Contains(body, "<b>6</b> plays ") {
		t.Errorf("the page of a former track: %d %s", code, body)
	}
	_, _, unknown := s.get("/v1/labels/L1/artists/nobody/summary")
	for _, path := range []string{"/v1/labels/L1/artists/B/summary", "/v1/labels/L1/artists/B/live", "/v1/labels/none/artists/B/tracks"} {
		code, _, body := s.get(path)
		if code != http.StatusNotFound || body != unknown {
			t.Errorf("%s: %d %s, not %s", path, code, body, unknown)
		}
	}
}
