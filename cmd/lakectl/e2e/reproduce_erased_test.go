package e2e

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/audit"
)

func TestErasedInputsAreNamedWithTheirRequests(t *testing.T) {
	laketest.Long(t, "a history of months, TestErasedDuplicatesLeaveARunTheSame is a short one")
	t.Parallel()
	a := newAudited(t)
	a.pools("2026-03,*,*,EUR,100\n")
	a.ingest(play("gone", "u0", march), play("l1", "u1", march), play("l2", "u2", march), play("l3", "u2", march), play("l4", "u3", march), play("l5", "u4", "2026-05-01T10:00:00Z"))
	a.ingest(leave("before", "u0", "2026-06-01T00:00:00Z"))
	a.erase()
	run := a.publish("2026-03")
	a.expect(run, audit.Same)
	a.ingest(leave("r1", "u1", "2026-06-01T00:00:00Z"), leave("r2", "u2", "2026-06-01T00:00:00Z"), leave("other", "u4", "2026-06-01T00:00:00Z"))
	a.erase()
	r := a.expect(run, audit.InputsErased)
	if diff := cmp.Diff([]audit.Erased{{RequestID: "r1", Rows: 1}, {RequestID: "r2", Rows: 2}}, r.Erased); diff != "" {
		t.Error(diff)
	}
	if r.RowsRead != 4 || r.RowsNow != 1 || r.Payouts != audit.PayoutsSame {
		t.Errorf("%+v", *r)
	}
	if want := []audit.LineDifference{{ArtistID: "A", TrackID: "t", Country: "DE", Tier: "free", ListensWas: 4, ListensNow: 1, QualifiedWas: 4, QualifiedNow: 1}}; !cmp.Equal(want, r.LinesDiffer) {
		t.Errorf("%+v", r.LinesDiffer)
	}
	if r := a.expect("2026-03", audit.Same); len(r.Erased) != 0 { // what is left
		t.Errorf("%+v", *r)
	}
	a.rewrite(catalog.Listens, "SELECT * FROM now WHERE listen_id <> 'l4'") // without a request: one more than they removed
	a.expect(run, audit.Different)
	a.expect("2026-03", audit.Different) // the erasure it knew of explains nothing
}

// The copy that counted lay in another month: no copy of this month is gone, and yet its lines change.
func TestErasureInAnotherMonthExplainsTheCopyThatTookOver(t *testing.T) {
	laketest.Long(t, "a history of months, TestErasedDuplicatesLeaveARunTheSame is a short one")
	t.Parallel()
	a := newAudited(t)
	a.ingest(play("l1", "u1", "2026-02-27T10:00:00Z"), play("l1", "u2", "2026-03-01T10:00:00Z"), play("l2", "u3", "2026-03-01T10:00:00Z", "track_id", "t2"))
	run := a.publish("2026-03")
	a.ingest(leave("r1", "u1", "2026-06-01T00:00:00Z"))
	a.erase()
	r := a.expect(run, audit.InputsErased)
	if r.RowsRead != 2 || r.RowsNow != 2 || !cmp.Equal(r.Erased, []audit.Erased{{RequestID: "r1", Rows: 1}}) {
		t.Errorf("%+v", *r)
	}
	a.rewrite(catalog.Listens, "SELECT * REPLACE (CASE listen_id WHEN 'l2' THEN 1 ELSE ms_played END AS ms_played) FROM now")
	a.expect(run, audit.Different) // a copy that took over takes nothing away from a line
}

// A duplicate that is erased changes nothing that was published.
func TestErasedDuplicatesLeaveARunTheSame(t *testing.T) {
	laketest.Costly(t)
	t.Parallel()
	a := newAudited(t)
	a.ingest(play("l1", "u1", march), play("l1", "u2", march, "received_time", "2026-03-11T10:00:00Z"))
	run := a.publish("2026-03")
	a.ingest(leave("r1", "u2", "2026-06-01T00:00:00Z"))
	a.erase()
	if r := a.expect(run, audit.Same); r.RowsRead != 2 || r.RowsNow != 1 || len(r.Erased) != 1 {
		t.Errorf("%+v", *r)
	}
}

func TestTamperingIsDifferent(t *testing.T) {
	for name, tamper := range map[string]func(a *audited){
		"copies vanished":       func(a *audited) { a.rewrite(catalog.Listens, "SELECT * FROM now WHERE listen_id NOT IN ('l1', 'l2')") },
		"a copy was shortened":  func(a *audited) { a.rewrite(catalog.Listens, "SELECT * REPLACE (9 AS ms_played) FROM now") },
		"a copy went elsewhere": func(a *audited) { a.rewrite(catalog.Listens, "SELECT * REPLACE ('X' AS artist_id) FROM now") },
		"a copy was added": func(a *audited) {
			a.rewrite(catalog.Listens, "SELECT * FROM now UNION ALL SELECT * REPLACE ('x' || listen_id AS listen_id) FROM now")
		},
		"a line was changed": func(a *audited) {
			a.rewrite(catalog.RoyaltyLines, "SELECT * REPLACE (listens + 1 AS listens) FROM now")
			a.pin("lines_snapshot_id", catalog.RoyaltyLines)
		},
		"a payout was changed": func(a *audited) {
			a.rewrite(catalog.RoyaltyPayouts, "SELECT * REPLACE (amount_minor + 1 AS amount_minor) FROM now")
			a.pin("payouts_snapshot_id", catalog.RoyaltyPayouts)
		},
		"a payout vanished": func(a *audited) {
			a.rewrite(catalog.RoyaltyPayouts, "SELECT * FROM now WHERE track_id <> 't'")
			a.pin("payouts_snapshot_id", catalog.RoyaltyPayouts)
		},
		"a payout came twice": func(a *audited) {
			a.rewrite(catalog.RoyaltyPayouts, "SELECT * FROM now UNION ALL SELECT * FROM now")
			a.pin("payouts_snapshot_id", catalog.RoyaltyPayouts)
		},
		"the checksum was changed": func(a *audited) { a.rewrite(catalog.RoyaltyRuns, "SELECT * REPLACE ('0' AS checksum) FROM now") },
	} {
		t.Run(name, func(t *testing.T) {
			if name != "a payout vanished" {
				laketest.Long(t, "the others tamper with the same tables")
			}
			t.Parallel()
			a := newAudited(t)
			a.pools("2026-03,*,*,EUR,101\n")
			a.ingest(play("l1", "u1", march), play("l2", "u2", march, "track_id", "t2"))
			run := a.publish("2026-03")
			// An erasure of rows that came later hides nothing: it touches the period.
			a.ingest(play("l9", "u9", march), leave("r1", "u9", "2026-06-01T00:00:00Z"))
			a.erase()
			a.expect(run, audit.Same)
			tamper(a)
			a.expect(run, audit.Different)
		})
	}
}

// pin lets all runs name the current snapshot of a table.
func (a *audited) pin(column, table string) {
	a.Helper()
	a.rewrite(catalog.RoyaltyRuns, fmt.Sprintf("SELECT * REPLACE (%d AS %s) FROM now", a.l.Snapshot(a.T, table).ID(), column))
}
