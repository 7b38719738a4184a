package erase

import (
	"context"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/duck"
	"github.com/lakectl/lakectl/lake/listen"
	"github.com/lakectl/lakectl/lake/trino"
)

// fixture is a lake whose tables a test fills by hand, in the name of the jobs that would.
type fixture struct {
	*laketest.Lake
	t      testing.TB
	leaves catalog.Sequences // requests that the commits of ingest say to have left alone
	trino  *trino.Client     // nil: DuckDB searches
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	return &fixture{t: t, Lake: laketest.New(t)}
}

// job is the environment of a run on l, the fixture's lake or a faulty view of it. The clock stands still.
func (f *fixture) job(l *laketest.Lake) jobs.Env {
	return jobs.Env{
		Lake: l.Lake, Duck: l.Duck, Trino: f.trino, Log: slog.New(slog.DiscardHandler), SubjectKey: listen.Key{1, 2, 3},
		Now: func() time.Time { return at("2026-04-01 00:00:00") }, Progress: func(string) {},
		Erasure: jobs.Erasure{Deadline: 30 * 24 * time.Hour},
	}
}

func at(text string) time.Time {
	when, err := time.Parse("2006-01-02 15:04:05.999999", text)
	if err != nil {
		panic(err)
	}
	return when
}

// copyOf is one archived copy. n is its source offset and the name it has in tests.
type copyOf struct {
	n               int
	listen, user    string
	event, received time.Time
}

func play(n int, listen, user, event string) copyOf {
	return copyOf{n: n, listen: listen, user: user, event: at(event), received: at(event)}
}

func (c copyOf) arrived(when string) copyOf {
	c.received = at(when)
	return c
}

func (f *fixture) commit(table, job string, rows [][]any, summary map[string]string) lake.Snapshot {
	f.t.Helper()
	tbl, err := f.Table(context.Background(), table)
	if err != nil {
		f.t.Fatal(err)
	}
	files, err := tbl.WriteRows(context.Background(), job, rows)
	if err != nil {
		f.t.Fatal(err)
	}
	anyBase := func(lake.Snapshot) (map[string]string, error) { return summary, nil }
	s, err := f.Commit(context.Background(), table, lake.Commit{Job: job, Add: files, Stage: anyBase})
	if err != nil {
		f.t.Fatal(err)
	}
	return s
}

// ingest appends copies in one commit. through is the sequence of requests it was filtered against, -1 for a
// commit that does not say.
func (f *fixture) ingest(through int64, copies ...copyOf) lake.Snapshot {
	f.t.Helper()
	var rows [][]any
	for _, c := range copies {
		rows = append(rows, []any{
			c.listen, c.user, "t1", "A", "phone", c.event, 1000, nil, "DE", "free", nil, nil, c.received, nil, "listens", 0, c.n,
		})
	}
	summary := map[string]string{}
	if through >= 0 {
		summary[catalog.RequestsThrough] = strconv.FormatInt(through, 10)
	}
	if f.leaves != nil {
		summary[catalog.RequestsPassed] = f.leaves.String()
	}
	return f.commit(catalog.Listens, "ingest", rows, summary)
}

// refused is a quarantined record. A zero time is one that could not be read.
func (f *fixture) refused(n int, user string, event, received time.Time) {
	f.t.Helper()
	row := []any{[]byte("?"), "invalid_field", nil, nil, user, nil, "listens", 0, n}
	if !event.IsZero() {
		row[5] = event
	}
	if !received.IsZero() {
		row[3] = received
	}
	f.commit(catalog.Quarantine, "ingest", [][]any{row}, nil)
}

// ask is a request by a user, received at a time, for [from, to); "" for an open end.
type ask struct {
	n        int
	id, user string
	received string
	from, to string
	wiped    bool // the user id is gone, the subject is left
}

func (f *fixture) request(asks ...ask) lake.Snapshot {
	f.t.Helper()
	var rows [][]any
	for _, a := range asks {
		row := []any{a.id, f.job(f.Lake).SubjectKey.Subject(a.user).String(), a.user, at(a.received), at(a.received), nil, nil, nil, "listens", 0, a.n}
		if a.from != "" {
			row[5] = at(a.from)
		}
		if a.to != "" {
			row[6] = at(a.to)
		}
		if a.wiped {
			row[2] = nil
		}
		rows = append(rows, row)
	}
	return f.commit(catalog.DeletionRequests, "ingest", rows, nil)
}

func covers(s lake.Snapshot) map[string]string {
	return map[string]string{lake.StateKey(catalog.CoversListens): strconv.FormatInt(s.ID(), 10)}
}

// royalties commits ledger rows as that job does: duplicates first, both saying which archive they cover.
func (f *fixture) royalties(counted, duplicates []copyOf) lake.Snapshot {
	f.t.Helper()
	state := covers(f.Snapshot(f.t, catalog.Listens))
	var rows [][]any
	for _, c := range duplicates {
		rows = append(rows, []any{c.listen, c.user, c.event, c.received, "listens", 0, c.n, c.event, "", false, false})
	}
	f.commit(catalog.Duplicates, catalog.RoyaltiesJob, rows, state)
	rows = nil
	for _, c := range counted {
		rows = append(rows, []any{c.listen, c.user, "t1", "A", "phone", c.event, 1000, nil, "DE", "free", c.received, "listens", 0, c.n})
	}
	return f.commit(catalog.ListensCounted, catalog.RoyaltiesJob, rows, state)
}

// published writes a run of a period over the ledger as it is now.
func (f *fixture) published(period string) {
	f.t.Helper()
	ledger := f.Snapshot(f.t, catalog.ListensCounted).ID()
	fields := f.Snapshot(f.t, catalog.RoyaltyRuns).Schema().Fields()
	row := make([]any, len(fields))
	for i, field := range fields {
		switch field.Name {
		case "period":
			row[i] = period
		case "ledger_snapshot_id":
			row[i] = ledger
		}
	}
	f.commit(catalog.RoyaltyRuns, catalog.RoyaltiesJob, [][]any{row}, nil)
}

// judged lets royalty_runs say that every period was judged over the ledger as it is now.
func (f *fixture) judged() {
	f.t.Helper()
	ledger := f.Snapshot(f.t, catalog.ListensCounted).ID()
	f.commit(catalog.RoyaltyRuns, catalog.RoyaltiesJob, nil, map[string]string{lake.StateKey(catalog.CoversLedger): strconv.FormatInt(ledger, 10)})
}

// rollup lets the dashboard say that it has read the log, with days still to rewrite.
func (f *fixture) rollup(marked ...string) {
	f.t.Helper()
	for _, table := range catalog.Compared {
		f.rolledUp(table, marked...)
	}
}

// rolledUp lets one table of it say so.
func (f *fixture) rolledUp(table string, marked ...string) {
	f.t.Helper()
	f.commit(table, "rollup", nil, map[string]string{
		lake.StateKey(catalog.CoversDeletionLog): strconv.FormatInt(f.Snapshot(f.t, catalog.DeletionLog).ID(), 10),
		lake.StateKey(catalog.MarkedDays):        strings.Join(marked, ","),
	})
}

func (f *fixture) delete() Report {
	f.t.Helper()
	r, err := Delete(context.Background(), f.job(f.Lake))
	if err != nil {
		f.t.Fatal(err)
	}
	return r
}

// query reads one column of a statement over the view rows, a table as it is now.
func query[T any](f *fixture, table, text string) []T {
	f.t.Helper()
	d, err := duck.Open(context.Background(), f.Duck)
	if err != nil {
		f.t.Fatal(err)
	}
	defer d.Close() //nolint:errcheck // in memory
	if err := d.Bind(context.Background(), "rows", f.Snapshot(f.t, table)); err != nil {
		f.t.Fatal(err)
	}
	var all []T
	var v T
	if err := d.EachText(context.Background(), text, nil, []any{&v}, func() error { all = append(all, v); return nil }); err != nil {
		f.t.Fatal(err)
	}
	return all
}

// left lists the source offsets of the rows that a table shows.
func (f *fixture) left(table string) []int64 {
	f.t.Helper()
	return query[int64](f, table, "SELECT source_offset FROM rows ORDER BY 1")
}

// log lists what the log says: id, position, state, counts, days, periods.
func (f *fixture) log() []string {
	f.t.Helper()
	return query[string](f, catalog.DeletionLog, `SELECT concat_ws(' ', request_id || '@' || source_offset, state, listens, quarantine,
		listens_duplicates, listens_counted, coalesce(days, '-'), coalesce(periods, '-')) FROM rows ORDER BY rows.at, source_offset`)
}

// heads are the snapshots of all tables: equal heads, nothing written.
func (f *fixture) heads() map[string]int64 {
	f.t.Helper()
	heads := map[string]int64{}
	for _, spec := range catalog.Specs() {
		heads[spec.Name] = f.Snapshot(f.t, spec.Name).ID()
	}
	return heads
}

func equal(t testing.TB, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%s (-want +got)\n%s", what, diff)
	}
}
