package erase

import (
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake/listen"
)

// Copies with an odd offset go, those with an even one stay.
func TestWindowsAreExactToTheMicrosecond(t *testing.T) {
	f := newFixture(t)
	f.request(
		ask{n: 1, id: "closed", user: "closed-user", received: "2026-03-20 00:00:00", from: "2026-03-01 00:00:00", to: "2026-03-10 12:00:00"},
		ask{n: 2, id: "open", user: "open-user", received: "2026-03-15 23:50:00", from: "2026-03-01 00:00:00"},
		ask{n: 3, id: "ever", user: "ever-user", received: "2026-03-15 12:00:00"},
		ask{n: 4, id: "late-to", user: "late-to-user", received: "2026-03-15 12:00:00", from: "2026-03-01 00:00:00", to: "2026-03-15 12:00:00.000001"},
		ask{n: 5, id: "to-now", user: "to-now-user", received: "2026-03-15 12:00:00", from: "2026-03-01 00:00:00", to: "2026-03-15 12:00:00"},
	)
	f.ingest(
		-1,
		play(2, "c2", "closed-user", "2026-02-28 23:59:59.999999"),
		play(1, "c1", "closed-user", "2026-03-01 00:00:00"),
		play(3, "c3", "closed-user", "2026-03-10 11:59:59.999999").arrived("2026-03-25 00:00:00"),
		play(4, "c4", "closed-user", "2026-03-10 12:00:00").arrived("2026-03-10 11:00:00"),

		play(12, "o2", "open-user", "2026-02-28 23:59:59.999999"),
		play(11, "o1", "open-user", "2026-03-15 23:49:59.999999").arrived("2026-03-20 00:00:00"),
		play(14, "o4", "open-user", "2026-03-15 23:50:00").arrived("2026-03-15 23:50:00.000001"),
		play(13, "o3", "open-user", "2026-03-16 00:20:00").arrived("2026-03-15 23:50:00"), // a clock that ran ahead
		play(16, "o6", "open-user", "2026-03-16 00:20:00").arrived("2026-03-15 23:50:00.000001"),

		play(21, "e1", "ever-user", "1999-12-31 23:59:59"),
		play(23, "e3", "ever-user", "2026-03-15 11:59:59.999999"),
		play(22, "e2", "ever-user", "2026-03-15 12:00:00").arrived("2026-03-15 12:00:01"),

		play(31, "l1", "late-to-user", "2026-03-15 12:30:00").arrived("2026-03-15 12:00:00"),
		play(32, "l2", "late-to-user", "2026-03-15 12:00:00").arrived("2026-03-15 12:00:00.000001"),
		play(41, "t1", "to-now-user", "2026-03-15 11:59:59.999999"),
		play(42, "t2", "to-now-user", "2026-03-15 12:30:00").arrived("2026-03-15 12:00:00"), // the end was named

		play(50, "x0", "other-user", "2026-03-05 10:00:00"),
		play(52, "x2", "closed-use", "2026-03-05 10:00:00"),
		play(54, "x4", "closed-user2", "2026-03-05 10:00:00"),
	)
	f.delete()
	equal(t, "listens", f.left(catalog.Listens), []int64{2, 4, 12, 14, 16, 22, 32, 42, 50, 52, 54})
	equal(t, "log", f.log(), []string{
		"closed@1 located 2 0 0 0 2026-03-01,2026-03-10 2026-03",
		"open@2 located 2 0 0 0 2026-03-15,2026-03-16 2026-03",
		"ever@3 located 2 0 0 0 1999-12-31,2026-03-15 1999-12,2026-03",
		"late-to@4 located 1 0 0 0 2026-03-15 2026-03",
		"to-now@5 located 1 0 0 0 2026-03-15 2026-03",
		"closed@1 rows_deleted 2 0 0 0 2026-03-01,2026-03-10 2026-03",
		"open@2 rows_deleted 2 0 0 0 2026-03-15,2026-03-16 2026-03",
		"ever@3 rows_deleted 2 0 0 0 1999-12-31,2026-03-15 1999-12,2026-03",
		"late-to@4 rows_deleted 1 0 0 0 2026-03-15 2026-03",
		"to-now@5 rows_deleted 1 0 0 0 2026-03-15 2026-03",
	})
}

func TestRowsGoInAllFourTablesAndOtherUsersStay(t *testing.T) {
	f := fourTables(t)
	r := f.delete()
	equal(t, "listens", f.left(catalog.Listens), []int64{2, 4, 6})
	equal(t, "quarantine", f.left(catalog.Quarantine), []int64{104, 105})
	equal(t, "duplicates", f.left(catalog.Duplicates), []int64{4})
	equal(t, "ledger", f.left(catalog.ListensCounted), []int64{6})
	equal(t, "report", r, Report{
		Requests: 1, Rows: Counts{Listens: 3, Quarantine: 3, Counted: 2, Duplicates: 1},
		Days: []string{"2026-03-01", "2026-03-05", "2026-03-06", "2026-04-02"}, Periods: []string{"2026-03", "2026-04"},
	})
}

// fourTables has a request for everything of user-1 up to 20 March, and rows of that user in all tables:
//
//	listen a: 1 counts, 3 is its duplicate, both of user-1; 4, another user's copy of it, lies in April
//	listen b: 5 counts
//	listen c: 6 is another user's
//	2 is user-1's after the request
func fourTables(t testing.TB) *fixture { return newFixture(t).fourTables() }

func (f *fixture) fourTables() *fixture {
	a1 := play(1, "a", "user-1", "2026-03-05 10:00:00")
	a3 := play(3, "a", "user-1", "2026-03-06 10:00:00")
	a4 := play(4, "a", "user-2", "2026-04-02 10:00:00")
	b5 := play(5, "b", "user-1", "2026-03-01 10:00:00")
	c6 := play(6, "c", "user-2", "2026-03-07 10:00:00")
	f.ingest(-1, a1, a3, a4)
	f.ingest(-1, play(2, "d", "user-1", "2026-03-21 00:00:00"), b5, c6)
	f.royalties([]copyOf{a1, b5, c6}, []copyOf{a3, a4})
	day := at("2026-03-05 00:00:00")
	var zero time.Time
	f.refused(101, "user-1", day, at("2026-03-25 00:00:00"))  // by event time
	f.refused(102, "user-1", at("2026-03-21 00:00:00"), day)  // received before the request
	f.refused(103, "user-1", zero, day)                       // by received time
	f.refused(104, "user-1", zero, at("2026-03-25 00:00:00")) // after the request
	f.refused(105, "user-2", day, day)                        // another user
	f.request(ask{n: 1, id: "r1", user: "user-1", received: "2026-03-20 00:00:00"})
	return f
}

func TestRetriedRequestIsAnotherRowAndChangesNothing(t *testing.T) {
	f := fourTables(t)
	f.delete()
	before := f.left(catalog.Listens)
	f.request(ask{n: 7, id: "r1", user: "user-1", received: "2026-03-20 00:00:05"})
	r := f.delete()
	equal(t, "listens", f.left(catalog.Listens), before)
	equal(t, "report", r, Report{Requests: 1})
	equal(t, "log", f.log()[2:], []string{"r1@7 located 0 0 0 0 - -", "r1@7 rows_deleted 0 0 0 0 - -"})
}

func TestRowThatTwoRequestsCoverCountsForTheFirst(t *testing.T) {
	f := newFixture(t)
	f.ingest(-1, play(1, "a", "user-1", "2026-03-05 10:00:00"), play(2, "b", "user-1", "2026-03-11 10:00:00"))
	f.request(
		ask{n: 9, id: "second", user: "user-1", received: "2026-03-20 00:00:00"},
		ask{n: 3, id: "first", user: "user-1", received: "2026-03-20 00:00:00", to: "2026-03-10 00:00:00"},
	)
	f.delete()
	equal(t, "log", f.log()[2:], []string{
		"first@3 rows_deleted 1 0 0 0 2026-03-05 2026-03",
		"second@9 rows_deleted 1 0 0 0 2026-03-05,2026-03-11 2026-03",
	})
}

func TestRequestWhoseUserWasWipedStillBinds(t *testing.T) {
	f := newFixture(t)
	f.request(ask{n: 1, id: "r1", user: "user-1", received: "2026-03-20 00:00:00", wiped: true})
	f.ingest(-1, play(1, "a", "user-1", "2026-03-05 10:00:00"), play(2, "b", "user-2", "2026-03-05 10:00:00"))
	f.refused(3, "user-1", at("2026-03-05 10:00:00"), at("2026-03-05 10:00:00"))
	f.refused(4, "user-3", at("2026-03-05 10:00:00"), at("2026-03-05 10:00:00"))
	f.delete()
	equal(t, "listens", f.left(catalog.Listens), []int64{2})
	equal(t, "quarantine", f.left(catalog.Quarantine), []int64{4})
}

func TestLedgerRowOfAWipedUserGoesWhenTheArchiveHasNoneLeft(t *testing.T) {
	f := newFixture(t)
	f.royalties([]copyOf{play(1, "a", "user-1", "2026-03-05 10:00:00"), play(2, "b", "user-2", "2026-03-05 10:00:00")}, nil)
	f.request(ask{n: 1, id: "r1", user: "user-1", received: "2026-03-20 00:00:00", wiped: true})
	f.delete()
	equal(t, "ledger", f.left(catalog.ListensCounted), []int64{2})
	equal(t, "log", f.log(), []string{"r1@1 located 0 0 0 1 2026-03-05 2026-03", "r1@1 rows_deleted 0 0 0 1 2026-03-05 2026-03"})
}

func TestRequestThatMatchesNothingGoesThroughItsStates(t *testing.T) {
	f := newFixture(t)
	f.request(ask{n: 1, id: "r1", user: "nobody", received: "2026-03-20 00:00:00"})
	f.delete()
	confirmed, err := Confirm(t.Context(), f.job(f.Lake))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "confirmed", confirmed, Report{Requests: 1})
	equal(t, "log", f.log(), []string{"r1@1 located 0 0 0 0 - -", "r1@1 rows_deleted 0 0 0 0 - -", "r1@1 recomputed 0 0 0 0 - -"})
}

func TestRunningAgainWritesNothing(t *testing.T) {
	f := fourTables(t)
	f.delete()
	heads := f.heads()
	equal(t, "report", f.delete(), Report{})
	equal(t, "heads", f.heads(), heads)
}

func TestRefusedRecordThatComesLaterGoesToo(t *testing.T) {
	f := fourTables(t)
	f.delete()
	f.refused(110, "user-1", at("2026-03-05 10:00:00"), at("2026-03-26 00:00:00"))
	days := []string{"2026-03-01", "2026-03-05", "2026-03-06", "2026-04-02"} // nothing has recomputed them yet
	equal(t, "report", f.delete(), Report{Requests: 1, Rows: Counts{Quarantine: 1}, Days: days, Periods: []string{"2026-03", "2026-04"}})
	equal(t, "quarantine", f.left(catalog.Quarantine), []int64{104, 105})
}

func TestRefusedRecordWithoutAnyTimeLiesInEveryWindowOfItsUser(t *testing.T) {
	f := newFixture(t)
	d := jobs.NewSession(f.DB(t), nil)
	if err := d.Run(t.Context(), "erase/relations"); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		"INSERT INTO wanted VALUES (0, 'user-1', 10, 20, false, 30, true, true), (1, 'user-2', -9223372036854775808, 30, true, 30, true, true)",
		`CREATE VIEW copies AS SELECT 'f' AS _file, unnest([1, 2, 3]) AS _pos, unnest(['user-1', 'user-2', 'user-3']) AS user_id,
			NULL::TIMESTAMPTZ AS event_time, NULL::TIMESTAMPTZ AS received_time`,
	} {
		if err := d.ExecText(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Run(t.Context(), "erase/find_quarantine", "quarantine"); err != nil {
		t.Fatal(err)
	}
	var pos int64
	var hit []int64
	if err := d.EachText(t.Context(), "SELECT _pos FROM hits ORDER BY 1", nil, []any{&pos}, func() error { hit = append(hit, pos); return nil }); err != nil {
		t.Fatal(err)
	}
	equal(t, "rows", hit, []int64{1, 2})
}

// The rule is written twice, for a row in Go and for many in SQL.
func TestStatementAgreesWithTheWindowOfTheEvent(t *testing.T) {
	f := newFixture(t)
	d := jobs.NewSession(f.DB(t), nil)
	if err := d.Run(t.Context(), "erase/relations"); err != nil {
		t.Fatal(err)
	}
	const statement = "SELECT covers(?::BIGINT, ?::BIGINT, ?::BIGINT, ?::BIGINT, ?::BOOLEAN, ?::BIGINT)"
	from, to := int64(10), int64(20)
	for _, ask := range []listen.Deletion{
		{ReceivedTime: 30, From: &from, To: &to},
		{ReceivedTime: 20, From: &from, To: &to},
		{ReceivedTime: 15, From: &from, To: &to},
		{ReceivedTime: 30, To: &to},
		{ReceivedTime: 30, From: &from},
		{ReceivedTime: 30},
	} {
		w := ask.Window()
		for event := int64(5); event < 40; event++ {
			for received := int64(5); received < 40; received += 5 {
				var got bool
				args := []any{event, received, w.From, w.To, w.UpToRequest, w.ReceivedTime}
				if err := d.OneText(t.Context(), statement, args, []any{&got}); err != nil {
					t.Fatal(err)
				}
				if want := w.Covers(event, received); got != want {
					t.Fatalf("window %+v, event %d, received %d: SQL says %v, Go says %v", w, event, received, got, want)
				}
			}
		}
	}
}
