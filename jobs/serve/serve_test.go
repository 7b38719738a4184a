package serve_test

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
)

func anyPlays(random *rand.Rand, n int) []played {
	list := make([]played, n)
	for i := range list {
		list[i] = played{
			at:     time.Date(2026, 3, 31, 10, 30, 0, 0, time.UTC).Add(-time.Duration(random.IntN(40*24)) * time.Hour),
			artist: []string{"A/1", "B"}[random.IntN(2)], track: fmt.Sprint("t", random.IntN(7)), country: []string{"DE", "SE", "FR", "BR"}[min(3, random.IntN(9))],
			device: []string{"phone", "web", "", "tv"}[random.IntN(4)], listener: 1 + random.Uint64N(40),
		}
	}
	return list
}

func TestThePartsOfEveryAnswerSumToItsTotal(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		s := newService(t)
		random := rand.New(rand.NewPCG(seed, 9))
		plays := anyPlays(random, 300)
		s.publish(plays[:200], nil)
		s.publish(plays[200:], nil)
		for _, span := range []string{"", "?days=7", "?days=60", "?from=2026-03-03&to=2026-03-20", "?from=2026-03-01&to=2026-03-31"} {
			path := func(name, more string) string {
				q := strings.TrimPrefix(span+"&"+more, "&")
				if span == "" {
					q = "?" + more
				}
				return "/v1/artists/A%2F1/" + name + strings.TrimSuffix(strings.TrimSuffix(q, "&"), "?")
			}
			summary := s.ask(path("summary", ""))
			var want int64
			for _, p := range plays {
				day := p.at.Format(time.DateOnly)
				if p.artist == "A/1" && day >= summary.From && day <= summary.To {
					want++
				}
			}
			totals := map[string]int64{"summary": summary.Plays}
			for _, step := range []string{"day", "week", "month", "hour"} {
				answer := s.ask(path("timeseries", "step="+step))
				for _, p := range answer.Points {
					totals[step] += p.Plays
				}
				if answer.Other != nil {
					totals[step] += answer.Other.Plays
				}
			}
			for _, name := range []string{"countries", "devices"} {
				answer := s.ask(path(name, ""))
				for _, p := range answer.Parts {
					totals[name] += p.Plays
				}
				totals[name+" total"] = answer.Plays
			}
			next := ""
			for pages := 0; pages == 0 || next != ""; pages++ {
				answer := s.ask(path("tracks", "limit=3&cursor="+next))
				for _, row := range answer.Tracks {
					totals["tracks"] += row.Plays
				}
				totals["tracks total"], next = answer.Plays, answer.Next
			}
			for of, got := range totals {
				if got != want {
					t.Errorf("seed %d %s: %s has %d plays, want %d", seed, span, of, got, want)
				}
			}
		}
	}
}

func TestTheSameQuestionToTheSameCutHasTheSameBytes(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.publish(anyPlays(rand.New(rand.NewPCG(1, 1)), 100), nil)
	for _, path := range []string{"summary", "timeseries?step=week", "tracks?limit=2", "countries", "devices", "changes"} {
		path = "/v1/artists/B/" + path
		_, header, first := s.get(path)
		_, _, again := s.get(path)
		if first != again {
			t.Errorf("%s: %s then %s", path, first, again)
		}
		if code, _, body := s.get(path, "If-None-Match", header.Get("ETag")); code != http.StatusNotModified || body != "" {
			t.Errorf("%s with its own tag: %d %q", path, code, body)
		}
	}
	_, header, _ := s.get("/v1/artists/B/summary")
	s.publish(anyPlays(rand.New(rand.NewPCG(2, 2)), 10), nil)
	if code, _, _ := s.get("/v1/artists/B/summary", "If-None-Match", header.Get("ETag")); code != http.StatusOK {
		t.Errorf("a new cut with the tag of the one before: %d", code)
	}
}

func TestFiguresSayHowSureTheyAre(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.publish(anyPlays(rand.New(rand.NewPCG(1, 1)), 100), map[string]string{catalog.ProvisionalDays: "2026-03-20", catalog.MarkedDays: "2026-03-10"})
	for span, want := range map[string]string{
		"from=2026-03-01&to=2026-03-09": "exact through 2026-03-09",
		"from=2026-03-01&to=2026-03-12": "provisional through 2026-03-09",
		"from=2026-03-11&to=2026-03-31": "provisional through 2026-03-19",
		"from=2026-03-31&to=2026-03-31": "provisional through nothing",
	} {
		r := s.ask("/v1/artists/B/summary?" + span)
		through := "nothing"
		if r.ExactThrough != nil {
			through = *r.ExactThrough
		}
		if got := r.Status + " through " + through; got != want {
			t.Errorf("%s is %s, want %s", span, got, want)
		}
	}
}

func TestAChangeOfADayIsTheSumOfItsCauses(t *testing.T) {
	t.Parallel()
	s := newService(t)
	noticed := time.Date(2026, 3, 30, 3, 2, 0, 0, time.UTC)
	day := time.Date(2026, 3, 17, 0, 0, 0, 0, time.UTC)
	s.commit(catalog.PlaysChanges, nil,
		[]any{day, "B", "t1", "late", noticed, int64(3), int64(90_000), int64(1)}, []any{day, "B", "t2", "late", noticed, int64(1), int64(30_000), int64(1)},
		[]any{day, "B", "t1", "corrections", noticed, int64(-2), int64(-60_000), int64(1)})
	plays := []played{}
	for i := range 10 {
		plays = append(plays, played{at: day.Add(time.Hour), artist: "B", track: "t1", country: "DE", device: "web", listener: uint64(i + 1)})
	}
	s.publish(plays, nil)
	r := s.ask("/v1/artists/B/changes?from=2026-03-01&to=2026-03-20")
	if len(r.Changes) != 1 || r.Changes[0].Before != 8 || r.Changes[0].After != 10 || len(r.Changes[0].Causes) != 2 || r.Status != "corrected" {
		t.Fatalf("%+v", r)
	}
	sum := int64(0)
	for _, c := range r.Changes[0].Causes {
		sum += c.Plays
	}
	if sum != r.Changes[0].After-r.Changes[0].Before {
		t.Errorf("causes sum to %d", sum)
	}
}

func TestFewListenersAreNotCounted(t *testing.T) {
	t.Parallel()
	s := newService(t)
	var plays []played
	for i := range 7 {
		track := "t1"
		if i < 3 {
			track = "t2"
		}
		plays = append(plays, played{at: time.Date(2026, 3, 30, 5, 0, 0, 0, time.UTC), artist: "B", track: track, country: "DE", device: "web", listener: uint64(i + 1)})
	}
	s.publish(plays, nil)
	if r := s.ask("/v1/artists/B/summary"); r.Listeners == nil || *r.Listeners != 7 {
		t.Errorf("%+v", r)
	}
	_, _, body := s.get("/v1/artists/B/tracks", "Accept", "text/csv")
	rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	if err != nil || len(rows) != 3 {
		t.Fatalf("%v %v", rows, err)
	}
	if at := slices.Index(rows[0], "listeners"); rows[1][at] != "<5" || rows[2][at] != "<5" {
		t.Errorf("%v", rows)
	}
	_, h, file := s.get("/v1/artists/B/tracks", "Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
	if file != body || h.Get("Content-Disposition") != `attachment; filename="tracks.csv"` {
		t.Errorf("a browser that follows a link gets %q as %q", file, h.Get("Content-Disposition"))
	}
}

func TestWrongQuestionsAreRefusedInASentence(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.publish(anyPlays(rand.New(rand.NewPCG(1, 1)), 100), nil)
	cursor := s.ask("/v1/artists/B/tracks?limit=1").Next
	s.publish(anyPlays(rand.New(rand.NewPCG(2, 1)), 5), nil)
	for path, want := range map[string]int{
		"summary?from=yesterday": 400, "summary?from=2026-03-09&to=2026-03-01": 400, "summary?days=0": 400, "summary?days=99999": 400,
		"summary?days=7&from=2026-03-01": 400, "summary?nothing=1": 400, "summary?days=7&days=8": 400, "timeseries?step=year": 400, "summary?%zz": 400,
		"tracks?limit=0": 400, "tracks?limit=1001": 400, "tracks?cursor=garbage": 400, "tracks?limit=1&cursor=" + cursor: 410, "summary?from=0001-01-01&to=2026-01-01": 400,
	} {
		if code, _, body := s.get("/v1/artists/B/" + path); code != want || strings.Contains(body, "goroutine") {
			t.Errorf("%s: %d %s", path, code, body)
		}
	}
}

func TestClientsHearOfANewCutOnce(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.publish(anyPlays(rand.New(rand.NewPCG(1, 1)), 20), nil)
	listen := func(known string) (next func() string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/v1/artists/B/updates", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Last-Event-ID", known)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { answer.Body.Close() }) //nolint:errcheck // read only
		lines := bufio.NewScanner(answer.Body)
		return func() string {
			for lines.Scan() {
				if id, ok := strings.CutPrefix(lines.Text(), "id: "); ok {
					return id
				}
			}
			t.Fatal(lines.Err())
			return ""
		}
	}
	next := listen("")
	first := next()
	again := listen(first) // it knows the first
	s.publish(anyPlays(rand.New(rand.NewPCG(2, 1)), 5), nil)
	if second := next(); second == first || again() != second {
		t.Errorf("the events are %s, %s", first, second)
	}
}
