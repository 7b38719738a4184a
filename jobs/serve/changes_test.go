package serve_test

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
)

// amounts are the figure before and after, and the sum of the causes.
func (s *service) amounts(c changed) (before, after, sum int64) {
	s.Helper()
	whole := func(text string) int64 {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			s.Fatalf("%+v: %v", c, err)
		}
		return n
	}
	if c.Kind == "statement" {
		before, after = whole(c.Was), whole(c.Is)
	} else {
		before, after = c.Before, c.After
	}
	for _, why := range c.Causes {
		if c.Kind == "statement" {
			sum += whole(why.Minor)
		} else {
			sum += why.Plays
		}
	}
	return before, after, sum
}

// allChanges reads all pages.
func (s *service) allChanges(base, query string) (list []changed) {
	s.Helper()
	next := ""
	for pages := 0; pages == 0 || next != ""; pages++ {
		r := s.ask(base + "changes?" + query + "&limit=7&cursor=" + url.QueryEscape(next))
		list, next = append(list, r.Changes...), r.Next
	}
	return list
}

func TestCausesSumToChangesAndChangesChainUpToTheFigure(t *testing.T) {
	t.Parallel()
	l := newLedgers(t, 8)
	random := rand.New(rand.NewPCG(8, 8))
	var rows [][]any
	for range 120 {
		day := time.Date(2026, 3, 20+random.IntN(10), 0, 0, 0, 0, time.UTC)
		noticed := day.AddDate(0, 0, 2+random.IntN(4)).Add(time.Duration(random.IntN(24*60)) * time.Minute)
		cause := []string{"late", "corrections"}[random.IntN(2)]
		rows = append(rows, []any{day, "B", fmt.Sprint("t", random.IntN(3)), cause, noticed, random.Int64N(20) - 7, int64(1000), int64(1)})
	}
	l.commit(catalog.PlaysChanges, nil, rows...)
	l.publish(anyPlays(random, 200), nil)
	const base, query = "/v1/artists/B/", "from=2026-03-01&to=2026-03-31"
	for _, track := range []string{"", "t0", "t2"} {
		only := query
		if track != "" {
			only += "&track=" + track
		}
		shown := map[string]int64{}
		if track == "" {
			for _, p := range l.points(base + "timeseries?step=day&" + query) {
				shown[p.From.Format(time.DateOnly)] = p.Plays
			}
			for _, a := range l.paid(base + "statements/2026-03").Amounts {
				n, err := strconv.ParseInt(a.Now, 10, 64)
				if err != nil {
					t.Fatal(err)
				}
				shown["2026-03"+a.Currency] = n
			}
		}
		list := l.allChanges(base, only)
		if len(list) < 12 {
			t.Fatalf("%d changes of %q", len(list), track)
		}
		if !slices.IsSortedFunc(list, func(a, b changed) int {
			return b.Noticed.Truncate(24 * time.Hour).Compare(a.Noticed.Truncate(24 * time.Hour))
		}) {
			t.Error("not sorted by the day of notice")
		}
		next := map[string]int64{} // what the change after this one finds
		kinds := map[string]int{}
		for _, c := range list {
			key := c.Day + c.Period + c.Currency
			before, after, sum := l.amounts(c)
			if after-before != sum {
				t.Errorf("%+v: causes sum to %d, the difference is %d", c, sum, after-before)
			}
			want, follows := next[key]
			if !follows && track == "" {
				want, follows = shown[key], true
			}
			if follows && after != want {
				t.Errorf("%+v leaves %d, the next finds %d", c, after, want)
			}
			next[key] = before
			kinds[c.Kind]++
		}
		if kinds["day"] == 0 || kinds["statement"] == 0 {
			t.Errorf("changes of %q: %v", track, kinds)
		}
	}
	var late int64
	for _, r := range rows {
		if r[2] == "t2" && r[3] == "late" {
			late += r[5].(int64)
		}
	}
	for _, c := range l.allChanges(base, query+"&track=t2") {
		for _, why := range c.Causes {
			if why.Cause == "late" {
				late -= why.Plays
			}
		}
	}
	if late != 0 {
		t.Errorf("%d late plays of a track are not in its changes", late)
	}
}

func TestChangesThatCancelAreNoAnswerAndBreakNoChain(t *testing.T) {
	t.Parallel()
	s := newService(t)
	day := time.Date(2026, 3, 17, 0, 0, 0, 0, time.UTC)
	var rows [][]any
	part := func(noticed int, track, cause string, plays, seconds int64) {
		rows = append(rows, []any{day, "B", track, cause, day.AddDate(0, 0, noticed).Add(time.Hour), plays, seconds * 1000, int64(1)})
	}
	part(2, "t1", "late", 3, 90)
	part(3, "t1", "late", 1, 30) // cancels by another cause
	part(3, "t1", "corrections", -1, -30)
	part(4, "t1", "corrections", 2, 60) // cancels by another track, but for who asks for one
	part(4, "t2", "corrections", -2, -60)
	part(5, "t1", "late", 1, 30) // one cause of two cancels
	part(5, "t1", "corrections", -1, -30)
	part(5, "t2", "corrections", 1, 30)
	part(6, "t1", "corrections", 0, -10) // of time alone
	s.commit(catalog.PlaysChanges, nil, rows...)
	plays := []played{}
	for i := range 10 {
		plays = append(plays, played{at: day.Add(time.Hour), artist: "B", track: "t1", country: "DE", device: "web", listener: uint64(i + 1)})
	}
	s.publish(plays, nil)
	for track, want := range map[string][]string{
		"":   {"23 10 10 corrections 0", "22 9 10 late 1", "19 6 9 late 3"},
		"t1": {"23 10 10 corrections 0", "21 8 10 corrections 2", "19 5 8 late 3"},
		"t2": {"22 -1 0 corrections 1", "21 1 -1 corrections -2"},
	} {
		query := "from=2026-03-01&to=2026-03-31"
		if track != "" {
			query += "&track=" + track
		}
		var got []string
		for _, c := range s.allChanges("/v1/artists/B/", query) {
			line := fmt.Sprint(c.Noticed.Day(), " ", c.Before, " ", c.After)
			for _, why := range c.Causes {
				line += fmt.Sprint(" ", why.Cause, " ", why.Plays)
			}
			got = append(got, line)
		}
		if !slices.Equal(got, want) {
			t.Errorf("changes of %q: %q, want %q", track, got, want)
		}
	}
}

func TestFiguresThatNothingMovedAreExactNotCorrected(t *testing.T) {
	t.Parallel()
	s := newService(t)
	day := time.Date(2026, 3, 17, 0, 0, 0, 0, time.UTC)
	row := func(on int, track, cause string, plays int64) []any {
		return []any{day.AddDate(0, 0, on), "B", track, cause, day.AddDate(0, 0, 9), plays, plays * 1000, int64(1)}
	}
	s.commit(catalog.PlaysChanges, nil,
		row(0, "t1", "late", 1), row(0, "t1", "corrections", -1), row(1, "t1", "late", 1), row(1, "t2", "corrections", -1))
	s.publish([]played{{at: day, artist: "B", track: "t1", country: "DE", device: "web", listener: 1}}, nil)
	for on, want := range []string{"exact", "corrected"} {
		at := day.AddDate(0, 0, on).Format(time.DateOnly)
		if r := s.ask("/v1/artists/B/changes?from=" + at + "&to=" + at); r.Status != want || len(r.Changes) != 0 {
			t.Errorf("%s: %s with %d changes, want %s with none", at, r.Status, len(r.Changes), want)
		}
	}
}
