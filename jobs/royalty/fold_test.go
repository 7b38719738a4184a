package royalty_test

import (
	"testing"

	"github.com/lakectl/lakectl/jobs/royalty"
)

func TestDiffFoldsTheLinesThatFewerThanFivePeopleChanged(t *testing.T) {
	t.Parallel()
	a, b := users("a", 7), users("b", 7)
	l, c := closedMarch(t, onePool, append(byAll(a, "ta", "A"), byAll(b, "tb", "B")...)...)
	gone(t, l, 1, append(a[:5:5], b[0])...)
	run(t, l, royalty.Options{})
	newest := shown(t, l, "2026-03").Run.RunID
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
