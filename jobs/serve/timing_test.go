package serve_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// timed is one request of two kinds that are compared, and how long it took.
type timed struct {
	other bool
	took  time.Duration
}

// superiority is how often a request of one kind takes longer than one of the other, ties half (Mann and Whitney's U
// over the number of pairs): 0.5 where the kinds cannot be told apart. A few slow requests count no more than their
// rank.
func superiority(list []timed) float64 {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b timed) int { return int(a.took - b.took) })
	below, longer, others := 0.0, 0.0, 0.0
	for i := 0; i < len(list); {
		end, same, mine := i, 0.0, 0.0
		for ; end < len(list) && list[end].took == list[i].took; end++ {
			if list[end].other {
				same++
			} else {
				mine++
			}
		}
		longer += same * (below + mine/2)
		below, others, i = below+mine, others+same, end
	}
	return longer / (below * others)
}

func TestSuperiorityTellsApartWhatDiffers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		slower time.Duration
		want   float64
	}{{"same", 0, 0.5}, {"slower", time.Second, 1}, {"faster", -time.Second, 0}} {
		var list []timed
		for i := range 100 {
			list = append(list, timed{false, time.Duration(i)}, timed{true, time.Duration(i) + c.slower})
		}
		if got := superiority(list); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%s: %g, want %g", c.name, got, c.want)
		}
	}
}

// Whether an id is somebody else's or nobody's cannot be told from the answer, nor from how long it takes. Noise of the
// machine reaches both kinds alike, for they are asked in turns whose order is drawn; a bound of one in four apart from
// even holds by far more than chance allows (its standard error is 0.024) and fails where one of the kinds alone reads
// a table.
func TestAnothersIdTakesAsLongAsNobodys(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	g.own([]validity{{track: "t1", label: "L1"}, {track: "t2", label: "L2"}})
	g.publish([]played{
		{time.Date(2026, 3, 20, 0, 0, 0, 0, time.UTC), "A", "t1", "DE", "web", 1}, {time.Date(2026, 3, 20, 0, 0, 0, 0, time.UTC), "B", "t2", "DE", "web", 2},
	}, nil)
	for _, c := range []struct{ who, path, anothers, nobodys string }{
		{"artist", "/v1/artists/%s/summary", "B", "C"},
		{"label", "/v1/labels/%s/roster", "L2", "L3"},
		{"label", "/v1/labels/L1/artists/%s/summary", "B", "C"},
	} {
		random := rand.New(rand.NewPCG(1, 404))
		var list []timed
		answers := map[string]bool{}
		for i := range 580 {
			other := random.IntN(2) == 0
			path := fmt.Sprintf(c.path, map[bool]string{true: c.anothers, false: c.nobodys}[other])
			begin := time.Now()
			code, header, body := g.probe(c.who, "GET", path)
			took := time.Since(begin)
			header.Del("Date")
			if code != 404 {
				t.Fatalf("%s: %d %s", path, code, body)
			}
			if answers[fmt.Sprint(header, body)] = true; i >= 40 { // the first ones open tables for both
				list = append(list, timed{other, took})
			}
		}
		if len(answers) != 1 {
			t.Errorf("%s has %d answers: %v", c.path, len(answers), answers)
		}
		if p := superiority(list); math.Abs(p-0.5) > 0.25 {
			t.Errorf("%s: another's id takes longer than nobody's in %.0f %% of pairs, want about 50", c.path, 100*p)
		} else {
			t.Logf("%s: %.3f", c.path, p)
		}
	}
}
