package royalty_test

import (
	"math"
	"testing"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/royalty"
	"github.com/lakectl/lakectl/jobs/royalty/terms"
	"github.com/lakectl/lakectl/lake"
)

func TestPoolsOfSeveralFilesThatCannotBeSummedAreRefused(t *testing.T) {
	t.Parallel()
	l := laketest.New(t)
	apply := func(period string, amount int64) error {
		_, err := royalty.ApplyPools(t.Context(), env(l), []terms.Pool{{Period: period, Country: "*", Tier: "*", Currency: "IDR", AmountMinor: amount}})
		return err
	}
	if err := apply("2026-03", math.MaxInt64); err != nil {
		t.Fatal(err)
	}
	before := l.Snapshot(t, catalog.RoyaltyPools).ID()
	if err := apply("2026-04", 1); err == nil || lake.Hint(err) == "" || l.Snapshot(t, catalog.RoyaltyPools).ID() != before {
		t.Errorf("got %v", err)
	}
	if err := apply("2026-03", math.MaxInt64-1); err != nil { // in place of the first
		t.Error(err)
	}
	if err := apply("2026-04", 1); err != nil {
		t.Error(err)
	}
}
