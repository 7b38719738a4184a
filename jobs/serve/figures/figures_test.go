package figures

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// set is a set of listeners by number, hashed as well mixed as the tables' are.
func set(t *testing.T, k int, listeners ...int) Set {
	t.Helper()
	hashes := make([]uint64, len(listeners))
	for i, l := range listeners {
		hashes[i] = mix(uint64(l))
	}
	slices.Sort(hashes)
	hashes = slices.Compact(hashes)
	raw := []byte{}
	for _, h := range hashes[:min(k, len(hashes))] {
		raw = binary.BigEndian.AppendUint64(raw, h)
	}
	s, err := ParseSet(raw, k)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// mix is the finalizer of SplitMix64: it spreads numbers over 64 bits.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func upTo(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

func TestListenersAreCountedExactlyBelowK(t *testing.T) {
	const k = 1024
	for _, n := range []int{0, 1, 4, 5, 999, k - 1} {
		if got := set(t, k, upTo(n)...).Count(); got != (Count{int64(n), true}) {
			t.Errorf("%d listeners count as %+v", n, got)
		}
	}
	if got := set(t, k, upTo(k)...).Count(); got.Exact {
		t.Errorf("a full set says it is exact: %+v", got)
	}
}

func TestAMillionListenersAreCountedWithinOnePercent(t *testing.T) {
	const n, days = 1_000_000, 7
	parts := make([][]int, days)
	for l := range n {
		parts[l%days] = append(parts[l%days], l)
		parts[(l+1)%days] = append(parts[(l+1)%days], l) // everybody listens on two days
	}
	sets := make([]Set, days)
	for i, p := range parts {
		sets[i] = set(t, 65_536, p...)
	}
	got := Unite(sets...).Count()
	if off := math.Abs(float64(got.Listeners)-n) / n; got.Exact || off > 0.01 {
		t.Errorf("counted %+v, %.2f %% off", got, 100*off)
	}
}

func TestUnionsDoNotDependOnOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	for range 50 {
		sets := make([]Set, 2+random.IntN(5))
		for i := range sets {
			list := make([]int, random.IntN(40))
			for j := range list {
				list[j] = random.IntN(60)
			}
			sets[i] = set(t, 16, list...)
		}
		once := Unite(sets...)
		random.Shuffle(len(sets), func(i, j int) { sets[i], sets[j] = sets[j], sets[i] })
		chained := sets[0]
		for _, s := range sets[1:] {
			chained = Unite(chained, s)
		}
		if string(once.Bytes()) != string(chained.Bytes()) {
			t.Fatalf("united at once %x, one after the other %x", once.Bytes(), chained.Bytes())
		}
	}
}

func TestBytesThatAreNoSetAreRefused(t *testing.T) {
	for name, raw := range map[string][]byte{
		"cut":       make([]byte, 7),
		"too many":  make([]byte, 8*6),
		"twice":     make([]byte, 16),
		"unordered": append(binary.BigEndian.AppendUint64(nil, 9), make([]byte, 8)...),
	} {
		if _, err := ParseSet(raw, 5); err == nil {
			t.Errorf("%s: taken for a set", name)
		}
	}
}

func TestSmallCellsGoToOther(t *testing.T) {
	for _, c := range []struct {
		name  string
		cells []Cell
		want  []string
	}{
		{"none is small", []Cell{{Key: "DE", Plays: 9, Listeners: set(t, 5, 1, 2, 3, 4, 5)}, {Key: "SE", Plays: 11, Listeners: set(t, 5, 6, 7, 8, 9, 10)}}, []string{"SE 11", "DE 9"}},
		{"two small ones are five people", []Cell{
			{Key: "DE", Plays: 90, Listeners: set(t, 5, upTo(9)...)}, {Key: "SE", Plays: 3, Listeners: set(t, 5, 11, 12, 13)}, {Key: "FR", Plays: 2, Listeners: set(t, 5, 21, 22)},
		}, []string{"DE 90", "other 5"}},
		{"one alone takes the next with it", []Cell{
			{Key: "DE", Plays: 90, Listeners: set(t, 5, upTo(9)...)}, {Key: "SE", Plays: 30, Listeners: set(t, 5, 11, 12, 13, 14, 15)}, {Key: "FR", Plays: 2, Listeners: set(t, 5, 21, 22)},
		}, []string{"DE 90", "other 32"}},
		{"two small ones of the same few people take the next", []Cell{
			{Key: "DE", Plays: 90, Listeners: set(t, 5, upTo(9)...)}, {Key: "SE", Plays: 3, Listeners: set(t, 5, 1, 2)}, {Key: "FR", Plays: 2, Listeners: set(t, 5, 1, 2)},
		}, []string{"other 95"}},
		{"one cell that is all", []Cell{{Key: "DE", Plays: 2, Listeners: set(t, 5, 1)}}, []string{"other 2"}},
		{"rows of one key are one cell", []Cell{{Key: "DE", Plays: 2, Listeners: set(t, 5, 1, 2, 3)}, {Key: "DE", Plays: 3, Listeners: set(t, 5, 3, 4, 5)}}, []string{"DE 5"}},
		{"nothing", nil, nil},
	} {
		var got []string
		for _, cell := range Breakdown(c.cells) {
			name := cell.Key
			if name == Other {
				name = "other"
			}
			got = append(got, fmt.Sprintf("%s %d", name, cell.Plays))
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestBreakdownsKeepTheirSumAndShowNoFewPeople(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		var cells []Cell
		var plays int64
		for i := range random.IntN(8) {
			people := make([]int, 1+random.IntN(7))
			for j := range people {
				people[j] = random.IntN(30)
			}
			c := Cell{Key: fmt.Sprint(i), Plays: int64(len(people) + random.IntN(5)), Millis: random.Int64N(1e6), Listeners: set(t, 5, people...)}
			plays += c.Plays
			cells = append(cells, c)
		}
		var shown int64
		list := Breakdown(slices.Clone(cells))
		hidden := len(merged(cells)) - len(list)
		for i, c := range list {
			shown += c.Plays
			switch {
			case c.Key != Other && c.Listeners.IsFew():
				t.Fatalf("cell %s of %d listeners is shown", c.Key, c.Listeners.Count().Listeners)
			case c.Key == Other && i != len(list)-1:
				t.Fatal("other is not last")
			case c.Key == Other && len(list) > 1 && (hidden == 0 || c.Listeners.IsFew()):
				t.Fatalf("other is %d cells and %d listeners beside shown cells", hidden+1, c.Listeners.Count().Listeners)
			}
		}
		if shown != plays {
			t.Fatalf("parts sum to %d, total is %d", shown, plays)
		}
	}
}

func date(text string) time.Time {
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return at
}

func TestSeriesHaveAPointAStepAndSumToTheRange(t *testing.T) {
	r := Range{From: date("2026-02-26"), To: date("2026-03-11")}
	var sums []Sum
	for d := r.From.AddDate(0, 0, -2); d.Before(r.To.AddDate(0, 0, 2)); d = d.AddDate(0, 0, 1) {
		sums = append(sums, Sum{At: d, Plays: 10, Millis: 1000})
	}
	for _, c := range []struct {
		step Step
		want []string
	}{
		{Week, []string{"02-26 40 part", "03-02 70 whole", "03-09 20 part"}},
		{Month, []string{"02-26 30 part", "03-01 100 part"}},
	} {
		var got []string
		for _, p := range Series(c.step, r, date("2026-03-10"), sums) {
			whole := "part"
			if p.Whole {
				whole = "whole"
			}
			got = append(got, fmt.Sprintf("%s %d %s", p.From.Format("01-02"), p.Plays, whole))
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.step, diff)
		}
	}
	days := Series(Day, r, date("2026-03-10"), sums)
	if n := len(days); n != 13 || !days[11].Whole || days[12].Whole {
		t.Errorf("%d days, whole before the newest %t, newest %t", n, days[n-2].Whole, days[n-1].Whole)
	}
}

func TestComparisonsAreOfDaysThatAreOver(t *testing.T) {
	for _, c := range []struct{ name, from, to, until, want string }{
		{"28 days that are over", "2026-03-04", "2026-04-01", "2026-04-02", "03-04..04-01 with 02-04..03-04 all"},
		{"28 days with today", "2026-03-04", "2026-04-01", "2026-03-31", "03-04..03-31 with 02-05..03-04"},
		{"a month with a shorter one", "2026-03-01", "2026-04-01", "2026-05-01", "03-01..04-01 with 02-01..03-01 all"},
		{"a month that is not over", "2026-03-01", "2026-04-01", "2026-03-15", "03-01..03-15 with 02-01..02-15"},
		{"its last day is missing, the month before has no such day", "2026-03-01", "2026-04-01", "2026-03-31", "03-01..03-31 with 02-01..03-01"},
		{"two months", "2026-03-01", "2026-05-01", "2026-05-01", "03-01..05-01 with 01-01..03-01 all"},
		{"only today", "2026-03-31", "2026-04-01", "2026-03-31", ""},
	} {
		until := date(c.until).Add(5 * time.Hour)
		got := Compare(Range{date(c.from), date(c.to)}, until)
		text := ""
		if got != (Comparison{}) {
			const f = "01-02"
			text = fmt.Sprintf("%s..%s with %s..%s", got.Current.From.Format(f), got.Current.To.Format(f), got.Previous.From.Format(f), got.Previous.To.Format(f))
			if got.All {
				text += " all"
			}
		}
		if text != c.want {
			t.Errorf("%s: %q, want %q", c.name, text, c.want)
		}
	}
}

func TestChangeIsRoundedToWholePercent(t *testing.T) {
	for _, c := range []struct{ now, before, want int64 }{
		{114, 100, 14}, {97, 100, -3}, {1005, 1000, 1}, {995, 1000, -1}, {1004, 1000, 0}, {0, 7, -100}, {1, 3, -67}, {math.MaxInt64, 1 << 62, 100},
	} {
		if got, ok := Change(c.now, c.before); !ok || got != c.want {
			t.Errorf("from %d to %d is %d %%, want %d", c.before, c.now, got, c.want)
		}
	}
	if _, ok := Change(5, 0); ok {
		t.Error("a change from nothing has a percentage")
	}
}
