package royalty_test

import (
	"errors"
	"testing"

	"github.com/lakectl/lakectl/jobs/royalty"
	"github.com/lakectl/lakectl/lake"
)

func TestDiffFoldsTheLinesThatFewerThanFivePeopleChanged(t *testing.T) {
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

func TestExplainIsHeldWhileDifferencesWait(t *testing.T) {
	t.Parallel()
	l, _ := closedMarch(t, onePool, byAll(users("a", 7), "ta", "A")...)
	s := royalty.Selection{Period: "2026-03", ArtistID: "A", TrackID: "ta"}
	if _, err := royalty.Explain(t.Context(), env(l), s, 1, false); err != nil {
		t.Fatal(err)
	}
	gone(t, l, 1, "a0")
	run(t, l, royalty.Options{})
	if e, err := royalty.Explain(t.Context(), env(l), s, 1, false); e != nil || !errors.Is(err, royalty.ErrHeld) || lake.Hint(err) == "" {
		t.Errorf("one person's difference: %+v, %v", e, err)
	}
	if e, err := royalty.Explain(t.Context(), env(l), s, 1, true); err != nil || e.Listens != 6 {
		t.Errorf("an operator: %+v, %v", e, err)
	}
}
