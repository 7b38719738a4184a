package main

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/lakectl/lakectl/catalog/laketest"
)

// What the example says about a closed month: the line, and what must stand in it.
var closeExample = []string{
	`(?m)^2026-03 +first run +7 +no$`,                          // the dry run
	`(?m)^by ann at .*; tag royalty-2026-03-v1 on \d+ tables$`, // the close
	`(?m)^2026-03 +restated +2026-03-\w+ +\w+ +10 +0$`,         // the status
	`(?m)^2026-04 +line +late listens +2 +NULL$`,               // the adjustments
	`(?m)^2026-04 +payout +late listens +NULL +0$`,             // money only moves between tracks
	`(?m)^2026-04 +share +late listens +NULL +0$`,
	`(?m)^listens_as_published\n +6$`, // the statement under its tag
	`(?m)^same: 2026-03-\w+ recomputes to \w{16} from 9 rows$`,
	`(?m)^m5 .* no +default +1$`,             // refused, and by which rule
	`(?m),label-north.csv,EUR,120000,11428,`, // April's statement, with the correction of March
}

func TestExampleOfARoyaltyCloseRuns(t *testing.T) {
	laketest.Long(t, "the scripts run its commands")
	script, err := filepath.Abs("../../examples/royalty-close/close.sh")
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), "sh", script)
	c.Dir = t.TempDir()
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range closeExample {
		if !regexp.MustCompile(want).Match(out) {
			t.Errorf("no line %s in\n%s", want, out)
		}
	}
}
