package duck_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"
	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
)

// Another engine gives a table another partition spec. What lakectl writes stays under its own; of the other engine's
// files it knows the partition as far as their spec and bounds tell it, and finds their rows in any case.
func TestPartitionIsThatOfAFilesOwnSpec(t *testing.T) {
	for name, c := range map[string]struct {
		change func(u *icetable.UpdateSpec)
		want   any // partition of a file of one day
	}{
		"none": {func(u *icetable.UpdateSpec) { u.RemoveField("hour_day") }, 20500},
		"hour": {func(u *icetable.UpdateSpec) { u.RemoveField("hour_day").AddField("hour", iceberg.HourTransform{}, "h") }, 20500},
		"month": {func(u *icetable.UpdateSpec) {
			u.RemoveField("hour_day").AddField("hour", iceberg.MonthTransform{}, "m")
		}, 20500},
		"identity": {func(u *icetable.UpdateSpec) { u.AddField("country", iceberg.IdentityTransform{}, "c") }, 20500},
		"bucket":   {func(u *icetable.UpdateSpec) { u.AddField("track_id", iceberg.BucketTransform{NumBuckets: 16}, "b") }, 20500},
	} {
		t.Run(name, func(t *testing.T) {
			l := laketest.New(t)
			l.Alter(t, catalog.PlaysByHour, func(tx *icetable.Transaction) error {
				u := tx.UpdateSpec(true)
				c.change(u)
				return u.Commit()
			})
			now := l.Snapshot(t, catalog.PlaysByHour).Table()
			files, err := now.WriteRows(t.Context(), "test", [][]any{play(20500, "ours"), play(20501, "ours")})
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range files {
				if f.SpecID() != 0 {
					t.Errorf("written under spec %d", f.SpecID())
				}
			}
			l.Hand(t, catalog.PlaysByHour).Replace(nil, files)
			theirs(t, l, 20500)
			theirs(t, l, 20500, 20501)
			s := l.Snapshot(t, catalog.PlaysByHour)
			live, err := s.Files(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]bool{}
			for _, f := range live {
				if f.SpecID() != 0 {
					got[fmt.Sprint(lake.PartitionValue(f))] = true
				}
			}
			if !got[fmt.Sprint(c.want)] {
				t.Errorf("partitions %v", got)
			}
			d := l.DB(t)
			if err := d.BindPartitions(t.Context(), "day", s, []any{20500}); err != nil {
				t.Fatal(err)
			}
			var tracks string
			err = d.OneText(t.Context(), "SELECT string_agg(track_id, ' ' ORDER BY track_id) FROM day", nil, []any{&tracks})
			if diff := cmp.Diff("ours theirs theirs", tracks); diff != "" || err != nil {
				t.Errorf("%v (-want +got)\n%s", err, diff)
			}
		})
	}
}

func play(day int, track string) []any {
	return []any{lake.DayStart(day).Add(10 * time.Hour), "A", track, "DE", "phone", 1, 1000}
}

// theirs appends one row a day by the library's own writer, which follows the table's newest spec.
func theirs(t *testing.T, l *laketest.Lake, days ...int) {
	t.Helper()
	l.Alter(t, catalog.PlaysByHour, func(tx *icetable.Transaction) error {
		var rows [][]any
		for _, day := range days {
			rows = append(rows, play(day, "theirs"))
		}
		batch, err := laketest.Records(l.Snapshot(t, catalog.PlaysByHour).Table(), rows)
		if err != nil {
			return err
		}
		defer batch.Release()
		return tx.Append(t.Context(), batch, nil)
	})
}
