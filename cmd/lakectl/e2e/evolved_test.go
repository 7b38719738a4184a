package e2e

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"
	gocmp "github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/duck"
)

// evolution is what another engine does to the layout of a table between the jobs, the nth time.
type evolution func(t *testing.T, l *laketest.Lake, table string, columns []lake.Column, nth int)

var evolutions = map[string]evolution{
	"columns": func(t *testing.T, l *laketest.Lake, table string, columns []lake.Column, nth int) {
		l.Alter(t, table, func(tx *icetable.Transaction) error {
			u := tx.UpdateSchema(true, true)
			note, tags := fmt.Sprint("note_", nth), &iceberg.ListType{ElementID: 99, Element: iceberg.PrimitiveTypes.String}
			u.AddColumn([]string{note}, iceberg.DecimalTypeOf(10, 2), "", false, nil).MoveFirst([]string{note})
			u.AddColumn([]string{fmt.Sprint("tags_", nth)}, tags, "", false, nil)
			u.MoveFirst([]string{columns[len(columns)-1].Field.Name})
			for i, c := range columns {
				name := []string{c.Field.Name}
				if c.Field.Type.Equals(iceberg.PrimitiveTypes.Int32) {
					u.UpdateColumn(name, icetable.ColumnUpdate{FieldType: iceberg.Optional[iceberg.Type]{Val: iceberg.PrimitiveTypes.Int64, Valid: true}})
				}
				if (i+nth)%2 == 0 {
					u.RenameColumn(name, fmt.Sprintf("%s %d", c.Name, nth))
				}
			}
			return u.Commit()
		})
	},
	"partitions": func(t *testing.T, l *laketest.Lake, table string, columns []lake.Column, nth int) {
		theirs := theirSpec(t, l, table)
		first := columns[0].Name
		at := slices.IndexFunc(columns, func(c lake.Column) bool { return c.Field.Type.Equals(iceberg.PrimitiveTypes.TimestampTz) })
		l.Hand(t, table).Respec(func(u *icetable.UpdateSpec) {
			for _, f := range theirs.Fields() {
				u.RemoveField(f.Name)
			}
			switch {
			case nth == 0 && at >= 0:
				u.AddField(columns[at].Name, iceberg.HourTransform{}, "hourly")
			case nth == 1 && at >= 0:
				u.AddField(columns[at].Name, iceberg.MonthTransform{}, "monthly").AddField(first, iceberg.BucketTransform{NumBuckets: 4}, "bucket")
			case nth < 2:
				u.AddField(first, iceberg.BucketTransform{NumBuckets: 4 << nth}, fmt.Sprint("bucket_", nth))
			}
		})
	},
}

// theirSpec is the partition spec that other engines write a table under.
func theirSpec(t *testing.T, l *laketest.Lake, table string) iceberg.PartitionSpec {
	t.Helper()
	now, err := l.Catalog.Ice.LoadTable(t.Context(), []string{l.Namespace(), table})
	if err != nil {
		t.Fatal(err)
	}
	return now.Spec()
}

// Another engine changes columns and partitions of every table between the jobs, and writes rows of its own under what
// it made. Every table then holds the rows that it holds without all that.
func TestJobsGiveTheSameWhateverTheLayoutOfTheTables(t *testing.T) {
	laketest.Long(t, "all jobs on evolved tables")
	t.Parallel()
	want := life(t, func(*laketest.Lake, int) {})
	for _, table := range []string{catalog.Listens, catalog.Quarantine, catalog.DeletionRequests, catalog.Adjustments, catalog.RoyaltyShares} {
		if len(want[table]) == 0 {
			t.Errorf("no rows in %s", table)
		}
	}
	for _, row := range want[catalog.Listens] {
		if erased.MatchString(row) {
			t.Errorf("a row that a request covers: %s", row)
		}
	}
	for name, evolve := range evolutions {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := life(t, func(l *laketest.Lake, nth int) {
				for _, spec := range catalog.Specs() {
					evolve(t, l, spec.Name, l.Snapshot(t, spec.Name).Table().Columns(), nth)
				}
			})
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Errorf("(-untouched +evolved)\n%s", diff)
			}
		})
	}
}

// erased finds the rows that the requests of a life cover.
var erased = regexp.MustCompile("user_id=u5 |user_id=u[124] .* event_time=2026-03-12 ")

// life is that of a lake: terms, deliveries, requests, closed months, and between them what another engine does. The
// rows of all tables come back.
func life(t *testing.T, evolve func(l *laketest.Lake, nth int)) map[string][]string {
	t.Helper()
	l := newLakeDir(t, false)
	l.write("lakehouse.yaml", fmt.Sprintf("catalog: {uri: %[1]s/catalog.db, warehouse: %[1]s/warehouse}\nduckdb: {temp_directory: %[1]s/tmp}\nretention: {archive_snapshots: 1s}\n", l.dir))
	own := openLake(l)
	hand := own.Hand(t, catalog.Listens)

	l.run(nil, "rules", "apply", l.write("rules.yaml", "rules:\n  - {id: default, min_ms_played: 30000}\n"))
	l.run(nil, "pools", "apply", l.write("pools.csv", "period,country,tier,currency,amount_minor\n2026-03,*,*,EUR,100003\n"))
	l.run(nil, "splits", "apply", l.write("splits.csv", "track_id,party,role,basis_points,effective_from,effective_to\nt1,ann,writer,7000,,\nt1,bob,artist,3000,,\n"))
	l.run(nil, "tracks", "load", l.write("tracks.csv", "track_id,title,artist_name,label_id,label_name,isrc,valid_from,valid_to\nt1,One,Ana,l1,Label,DEA122600001,,\n"))
	l.ingest(append(plays("a", 12, "2026-03-10"), leave("r1", "u6", "2026-03-12T00:00:00Z"), `{"type":"listen","received_time":"2026-03-10T00:00:00Z"}`), "first")
	l.jobs()

	evolve(own, 0)
	hand.Append(others("b", 4, 10)...)
	hand.Append(others("c", 4, 11)...)
	l.run(nil, "rules", "apply", l.write("rules.yaml", "rules:\n  - {id: short, tier: free, min_ms_played: 40000}\n  - {id: default, min_ms_played: 30000}\n"))
	l.run(nil, "splits", "apply", l.write("splits.csv", "track_id,party,role,basis_points,effective_from,effective_to\nt2,cem,writer,10000,,\n"))
	l.run(nil, "tracks", "load", l.write("tracks.csv", "track_id,title,artist_name,label_id,label_name,isrc,valid_from,valid_to\nt2,Two,Ben,l1,Label,,,\n"))
	l.ingest(append(append(plays("d", 12, "2026-03-11"), plays("a", 3, "2026-03-10")...), leaveDay("r2", "u2"),
		play("ahead", "u3", "2026-03-11T10:00:00Z", "received_time", "2026-03-11T08:00:00Z")), "second")
	l.jobs()
	l.run(nil, "period", "close", "--force", "2026-03")

	evolve(own, 1)
	hand.Append(append(others("e", 4, 11), others("f", 4, 30)...)...) // of several days in one file, under some specs
	l.ingest(append(append(plays("g", 8, "2026-03-12"), plays("h", 8, "2026-04-01")...), leaveDay("r3", "u4")), "late")
	l.run(nil, "pools", "apply", l.write("pools.csv", "period,country,tier,currency,amount_minor\n2026-04,*,*,EUR,997\n"))

	evolve(own, 2)
	hand.Append(append(others("i", 4, 11), others("j", 4, 31)...)...)
	l.run(nil, "job", "maintain")
	l.ingest(append(plays("k", 4, "2026-03-13"), leaveDay("r4", "u1"), leave("r5", "u5", "2026-04-20T00:00:00Z")), "last")
	l.jobs()
	l.run(nil, "job", "rollup", "--true-up")
	l.run(nil, "job", "royalties", "--full")
	l.run(nil, "royalties", "reproduce", "2026-03")
	return everything(t, own)
}

// leaveDay is a request for one day of March.
func leaveDay(request, user string) string {
	return strings.TrimSuffix(leave(request, user, "2026-03-20T00:00:00Z"), "}") + `,"from":"2026-03-12T00:00:00Z","to":"2026-03-13T00:00:00Z"}`
}

// plays are listens of a day by seven users.
func plays(prefix string, n int, day string) []string {
	lines := make([]string, n)
	for i := range lines {
		lines[i] = play(fmt.Sprint(prefix, i), fmt.Sprint("u", i%7), fmt.Sprintf("%sT%02d:30:00Z", day, i), "track_id", fmt.Sprint("t", i%3), "ms_played", 20_000+5000*i, "track_ms", 60_000)
	}
	return lines
}

// others are rows of listens that another engine has, of a day from March 1 on, by the users that requests name.
func others(prefix string, n, day int) [][]any {
	rows := make([][]any, n)
	for i := range rows {
		at := time.Date(2026, 3, 1+day, 5*i, 0, 0, 0, time.UTC)
		rows[i] = []any{
			fmt.Sprint(prefix, i), fmt.Sprint("u", []int{1, 2, 4, 5}[i%4]), "t1", "A", "phone", at, 45_000, 60_000, "DE", "free", nil, nil, at, nil, "backfill", 0, 100*day + i,
		}
	}
	return rows
}

// everything is what the jobs see of all tables, without times of the runs and what is made up anew by each.
func everything(t *testing.T, l *laketest.Lake) map[string][]string {
	t.Helper()
	d, all := l.DB(t), map[string][]string{}
	for _, spec := range catalog.Specs() {
		if spec.Name == catalog.ErasedFiles { // how rows lie in files is what an evolution changes
			continue
		}
		s := l.Snapshot(t, spec.Name)
		if err := d.Bind(t.Context(), "seen", s); err != nil {
			t.Fatal(err)
		}
		var parts []string
		for _, c := range s.Table().Columns() {
			value := duck.Ident(c.Name)
			if c.Name == "listeners" { // hashes under the key of the lake
				value = "octet_length(" + value + ")"
			}
			if !madeUp(c.Name) {
				parts = append(parts, fmt.Sprintf("'%s=' || coalesce(CAST(%s AS VARCHAR), '-')", c.Name, value))
			}
		}
		var row string
		err := d.EachText(t.Context(), "SELECT concat_ws(' ', "+strings.Join(parts, ", ")+") FROM seen ORDER BY 1", nil, []any{&row}, func() error {
			if spec.Name == catalog.DeletionLog && strings.Contains(row, "state=purged ") { // some layouts block a purge
				return nil
			}
			all[spec.Name] = append(all[spec.Name], row)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func madeUp(column string) bool {
	for _, end := range []string{"_at", "run_id", "snapshot_id", "_sequence", "subject", "code_version"} {
		if strings.HasSuffix(column, end) {
			return column != "requested_at"
		}
	}
	return slices.Contains([]string{"at", "positions", "pinned", "subjects_through", "replays"}, column)
}
