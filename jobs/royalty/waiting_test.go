package royalty_test

import (
	"testing"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/royalty"
)

// waits tells whether differences of a closed period wait, by its newest run.
func waits(t *testing.T, l *laketest.Lake, period string) bool {
	t.Helper()
	r, err := royalty.NewestRun(t.Context(), env(l), period)
	if err != nil {
		t.Fatal(err)
	}
	return r.ClosedVersion > 0 && r.SettledRunID != r.RunID
}

// changedBy are the months in which a line comes out different without a user: a listen of theirs counted there, and no
// copy that is judged alike counts in its line in its place; or such a copy of another line counts now.
func changedBy(copies []copyOf, user string) map[string]bool {
	months := map[string]bool{}
	left := winners(without(copies, user))
	for id, c := range winners(copies) {
		if c.user != user {
			continue
		}
		heir, there := left[id]
		alike := heir
		alike.user, alike.event, alike.received, alike.offset = c.user, c.event, c.received, c.offset
		if there && alike == c && heir.event.Format("2006-01-02") == c.event.Format("2006-01-02") {
			continue
		}
		months[c.event.Format("2006-01")] = true
		if there {
			months[heir.event.Format("2006-01")] = true
		}
	}
	return months
}

// checkWaiting holds what is posted of a period of which something waits against itself: every payout is shared to the
// unit, and nothing that waits is in the table.
func (p *past) checkWaiting(t *testing.T, c royalty.Closing) {
	t.Helper()
	d := p.DB(t)
	if err := d.Bind(t.Context(), "adjustments", p.Snapshot(t, catalog.Adjustments)); err != nil {
		t.Fatal(err)
	}
	var unshared, pending int64
	text := `SELECT count(*) FROM (
		SELECT artist_id, track_id, country, tier, currency FROM adjustments WHERE origin_period = $1 AND kind IN ('payout', 'share')
		GROUP BY ALL HAVING coalesce(sum(amount_minor) FILTER (WHERE kind = 'payout'), 0) <> coalesce(sum(amount_minor) FILTER (WHERE kind = 'share'), 0))`
	if err := d.OneText(t.Context(), text, []any{c.Period}, []any{&unshared}); err != nil {
		t.Fatal(err)
	}
	if err := d.OneText(t.Context(), "SELECT count(*) FROM adjustments WHERE posted_period = 'pending'", nil, []any{&pending}); err != nil {
		t.Fatal(err)
	}
	if unshared > 0 || pending > 0 {
		t.Errorf("of %s %d payouts were posted that are not shared, and %d rows wait in the table", c.Period, unshared, pending)
	}
}
