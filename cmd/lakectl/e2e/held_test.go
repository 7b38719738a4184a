package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/audit"
	"github.com/lakectl/lakectl/jobs/query"
	"github.com/lakectl/lakectl/jobs/royalty"
	"github.com/lakectl/lakectl/jobs/royalty/statement"
)

// close closes a period and returns its statement.
func (a *audited) close(period string) royalty.Closing {
	a.Helper()
	report, err := royalty.Close(a.Context(), a.env, period, royalty.CloseOptions{By: "ann"})
	a.check(err)
	return report.Closing
}

// export writes the statements of a period and returns their rows that say something of March in another month.
func (a *audited) export(period, by string) (there bool, corrections []string) {
	a.Helper()
	report, err := statement.Export(a.Context(), a.env, statement.Options{Run: period, By: by, Format: "csv", Dir: filepath.Join(a.l.Dir, "out"), Sender: "x"})
	a.check(err)
	files, err := filepath.Glob(filepath.Join(report.Folder, "*.csv"))
	a.check(err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		a.check(err)
		for line := range strings.Lines(string(text)) {
			if strings.Contains(line, ",adjustment,2026-03,") {
				corrections = append(corrections, line)
			}
		}
	}
	return report.AlreadyThere, corrections
}

// under counts and sums a statement over the tables of a tag.
func (a *audited) under(tag, table, text string) (n int64) {
	a.Helper()
	tables, err := query.Cut(a.Context(), a.env, tag, []string{table})
	a.check(err)
	d := a.l.DB(a.T)
	a.check(d.Bind(a.Context(), "t", tables[0]))
	a.check(d.OneText(a.Context(), text, nil, []any{&n}))
	return n
}

// A person's erasure waits for others: neither the statements nor what is under tags made since tell of it, and the
// runs are proved. Once it is of five people they all do.
func TestABatchThatWaitsIsInNoStatementAndUnderNoTag(t *testing.T) {
	laketest.Long(t, "the tests of royalty show what waits, those of statement what is posted")
	t.Parallel()
	a := newAudited(t)
	a.pools("2026-03,*,*,EUR,7000\n2026-04,*,*,EUR,400\n2026-05,*,*,EUR,500\n")
	var lines []string
	for i := range 6 {
		lines = append(lines, play(fmt.Sprint("a", i), fmt.Sprint("u", i), march), play(fmt.Sprint("b", i), fmt.Sprint("o", i), march, "artist_id", "B", "track_id", "tb"))
	}
	a.ingest(append(lines, play("c", "c", "2026-04-10T10:00:00Z"), play("d", "c", "2026-05-10T10:00:00Z"))...)
	a.publish("2026-03")
	closed := a.close("2026-03")
	for _, by := range []string{"artist", "party"} {
		a.export("2026-03", by)
	}
	payouts := func() int64 {
		return a.under(closed.Tag, catalog.RoyaltyPayouts, "SELECT coalesce(sum(amount_minor * qualified_listens), 0)::BIGINT FROM t WHERE period = '2026-03'")
	}
	paid := payouts()

	a.ingest(leave("r0", "u0", "2026-06-01T00:00:00Z"))
	a.erase()
	a.expect("2026-03", audit.Same) // the newest run
	a.expect(closed.RunID, audit.InputsErased)
	april := a.close("2026-04")
	for _, by := range []string{"artist", "party"} {
		if there, _ := a.export("2026-03", by); !there {
			t.Errorf("the statements by %s were written again", by)
		}
		if _, corrections := a.export("2026-04", by); len(corrections) > 0 {
			t.Errorf("by %s one person's erasure is exported: %v", by, corrections)
		}
	}
	if n := a.under(april.Tag, catalog.Adjustments, "SELECT count(*) FROM t"); n != 0 {
		t.Errorf("%d rows of what waits are under %s", n, april.Tag)
	}

	for i := range 4 {
		a.ingest(leave(fmt.Sprint("r", i+1), fmt.Sprint("u", i+1), "2026-06-01T00:00:00Z"))
	}
	a.erase()
	a.expect("2026-03", audit.Same)
	for _, by := range []string{"artist", "party"} {
		if there, _ := a.export("2026-03", by); !there {
			t.Errorf("the statements by %s were written again", by)
		}
		if _, corrections := a.export("2026-05", by); len(corrections) == 0 {
			t.Errorf("by %s five people's erasure is not exported", by)
		}
	}
	if payouts() != paid || a.under(april.Tag, catalog.Adjustments, "SELECT count(*) FROM t") != 0 {
		t.Error("what is under the tags of closed statements changed")
	}
	may := a.close("2026-05")
	if n := a.under(may.Tag, catalog.Adjustments, "SELECT sum(listens)::BIGINT FROM t WHERE kind = 'line' AND origin_period = '2026-03'"); n != -5 {
		t.Errorf("%d listens were taken off under %s", n, may.Tag)
	}
}
