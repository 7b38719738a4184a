package royalty_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/royalty"
)

func TestDiffFoldsTheLinesThatFewerThanFivePeopleChanged(t *testing.T) {
	laketest.Long(t, "TestABatchOfDeletionsIsPostedWhenItIsLargeEnough shows four people and five")
	t.Parallel()
	a, b := users("a", 7), users("b", 7)
	l, c := closedMarch(t, onePool, append(byAll(a, "ta", "A"), byAll(b, "tb", "B")...)...)
	gone(t, l, 1, append(a[:5:5], b[0])...)
	run(t, l, royalty.Options{})
	run, err := royalty.NewestRun(t.Context(), env(l), "2026-03")
	if err != nil {
		t.Fatal(err)
	}
	newest := run.RunID
	tell := func(operator bool) (lines []string, held int64) {
		report, err := royalty.Diff(t.Context(), env(l), c.RunID, newest, 0, operator)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range report.Differences {
			switch d.Kind {
			case "line":
				lines = append(lines, d.TrackID)
			case "held":
				held += d.Listens
			default:
				if !operator {
					t.Errorf("money is shown: %+v", d)
				}
			}
		}
		return lines, held
	}
	if lines, held := tell(false); len(lines) != 1 || lines[0] != "ta" || held != -1 {
		t.Errorf("shown are %v, folded %d listens", lines, held)
	}
	if lines, held := tell(true); len(lines) != 2 || held != 0 {
		t.Errorf("an operator sees %v, folded %d listens", lines, held)
	}
}

func TestExplainFoldsTheLinesThatFewerThanFivePeopleChanged(t *testing.T) {
	laketest.Long(t, "TestABatchOfDeletionsIsPostedWhenItIsLargeEnough shows four people and five")
	t.Parallel()
	a, b := users("a", 7), users("b", 7)
	copies := append(byAll(a, "ta", "A"), byAll(b, "tb", "B")...)
	for i, user := range users("f", 3) {
		c := played(user, "ta", "A", fmt.Sprintf("03-%02d", 20+i))
		c.country = "FR"
		copies = append(copies, c)
	}
	l, _ := closedMarch(t, onePool, copies...)
	told := func(track, country string, operator bool) (listens int64, held []royalty.HeldLines) {
		t.Helper()
		s := royalty.Selection{Period: "2026-03", ArtistID: map[string]string{"ta": "A", "tb": "B"}[track], TrackID: track, Country: country}
		e, err := royalty.Explain(t.Context(), env(l), s, 100, operator)
		if err != nil {
			t.Fatal(err)
		}
		if int64(len(e.Counted)) != e.Listens {
			t.Errorf("%d listens listed, %d counted", len(e.Counted), e.Listens)
		}
		return e.Listens, e.Held
	}
	check := func(when, track, country string, operator bool, want int64, wantHeld ...royalty.HeldLines) {
		t.Helper()
		if n, held := told(track, country, operator); n != want || !slices.Equal(held, wantHeld) {
			t.Errorf("%s, %s %s, operator %v: %d listens, held %+v", when, track, country, operator, n, held)
		}
	}
	check("nobody erased", "ta", "", false, 10)
	gone(t, l, 1, "a0")
	run(t, l, royalty.Options{})
	german := royalty.HeldLines{Lines: 1, Listens: 7, QualifiedListens: 7}
	check("one person", "ta", "", false, 3, german)
	check("one person", "ta", "DE", false, 0, german)
	check("one person", "ta", "FR", false, 3)
	check("one person", "tb", "", false, 7)
	check("one person", "ta", "", true, 9)
	if !laketest.InCI() {
		return
	}
	archive(t, l, []copyOf{played("late0", "ta", "A", "03-28"), played("late1", "ta", "A", "03-29")})
	run(t, l, royalty.Options{})
	check("one person and late listens, which are posted", "ta", "", false, 3, royalty.HeldLines{Lines: 1, Listens: 9, QualifiedListens: 9})
	gone(t, l, 1, a[1:5]...)
	run(t, l, royalty.Options{})
	check("five people", "ta", "", false, 7)
}
