package catalog_test

import (
	"maps"
	"math/rand/v2"
	"testing"

	"github.com/lakectl/lakectl/catalog"
)

func TestDaysComeBackFromTheirRanges(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		days := map[int]bool{}
		for range random.IntN(30) {
			days[20_000+random.IntN(40)] = true
		}
		back, err := catalog.ParseDays(catalog.DayRanges(days))
		if err != nil || !maps.Equal(days, back) {
			t.Fatalf("%s: %v %v", catalog.DayRanges(days), back, err)
		}
	}
	for _, bad := range []string{"march", "2026-03-01..", "2026-03-01..x", "..2026-03-01"} {
		if _, err := catalog.ParseDays(bad); err == nil {
			t.Errorf("%q is a list of days", bad)
		}
	}
}
