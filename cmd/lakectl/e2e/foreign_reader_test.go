package e2e

import (
	"fmt"
	"testing"

	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"
	gocmp "github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
)

// Whatever partition spec another engine has given listens by the time rows are archived, its filters find them.
func TestAnotherEngineFindsByItsFiltersWhatWasArchivedUnderAnyOfItsSpecs(t *testing.T) {
	t.Parallel()
	laketest.Engine(t, "READERS_PYTHON")
	l := newLakeDir(t, false)
	own := openLake(l)
	for day, change := range []func(u *icetable.UpdateSpec){
		func(*icetable.UpdateSpec) {},
		func(u *icetable.UpdateSpec) {
			u.RemoveField("event_time_day").AddField("event_time", iceberg.MonthTransform{}, "monthly")
		},
		func(u *icetable.UpdateSpec) {
			u.RemoveField("monthly").AddField("event_time", iceberg.HourTransform{}, "hourly")
		},
		func(u *icetable.UpdateSpec) {
			u.RemoveField("hourly").AddField("user_id", iceberg.BucketTransform{NumBuckets: 16}, "bucket")
		},
		func(u *icetable.UpdateSpec) {
			u.RemoveField("bucket").AddField("country", iceberg.IdentityTransform{}, "theirs")
		},
		func(u *icetable.UpdateSpec) { u.RemoveField("theirs") },
	} {
		if day > 0 {
			own.Hand(t, catalog.Listens).Respec(change)
		}
		l.ingest(plays(fmt.Sprint("l", day, "-"), 6, fmt.Sprintf("2026-03-%d", 10+day)), fmt.Sprint("day ", day))
	}
	filters := []string{"user_id == 'u1'", "country == 'DE'", "listen_id != ''"}
	want := "6\n36\n36\n"
	for day := range 6 {
		filters = append(filters, fmt.Sprintf("event_time >= '2026-03-%dT00:00:00+00:00' and event_time < '2026-03-%dT00:00:00+00:00'", 10+day, 11+day))
		want += "6\n"
	}
	if diff := gocmp.Diff(want, laketest.Foreign(t, l.dir, append([]string{"count", catalog.Listens}, filters...)...)); diff != "" {
		t.Errorf("%s (-want +got)\n%s", filters, diff)
	}
}
