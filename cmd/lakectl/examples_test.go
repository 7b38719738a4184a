package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

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

// What the example says about an erased listener.
var eraseExample = []string{
	`(?m)^r-17 +requested +3 +2 +1 +1 +2 +2026-03$`, // what will go
	`(?m)^purged: 1 of 1 due request$`,
	`(?m)^nothing is left of 1 request: \d+ files of [\d,]+ bytes were decoded$`,
	`(?m)^opening: it covers the request at offset 1 of partition 0 of file:`,
	`(?m)^refused with code 5$`,                                                         // the altered certificate
	`(?m)^6 records: 2 listens archived, 0 deletion requests, 1 refused, 3 suppressed$`, // what came again
	`(?m)^user_id +listens\nann-4711 +4$`,
}

func TestExampleOfARoyaltyCloseRuns(t *testing.T) {
	runExample(t, "royalty-close/close.sh", closeExample)
}

func TestExampleOfAnErasureRuns(t *testing.T) { runExample(t, "erasure/erase.sh", eraseExample) }

// The page shows one plan as it is printed; with -update it is written anew.
func TestExampleOfAPlanIsWhatThePlanSays(t *testing.T) {
	const page = "../../examples/capacity/README.md"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```sh\nlakectl (.*?)\n```\n\n```text\n(.*?)```").FindSubmatchIndex(text)
	if blocks == nil {
		t.Fatal("no command with what it prints is on the page")
	}
	c := exec.CommandContext(t.Context(), "lakectl", strings.Fields(string(text[blocks[2]:blocks[3]]))...)
	c.Dir = t.TempDir()
	got, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(page, slices.Concat(text[:blocks[4]], got, text[blocks[5]:]), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(text[blocks[4]:blocks[5]]), string(got)); diff != "" {
		t.Error(diff)
	}
}

// runExample runs a script of the examples and looks for lines in what it prints.
func runExample(t *testing.T, name string, lines []string) {
	t.Helper()
	laketest.Long(t, "the scripts run its commands")
	script, err := filepath.Abs(filepath.Join("../../examples", name))
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), "sh", script)
	c.Dir = t.TempDir()
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range lines {
		if !regexp.MustCompile(want).Match(out) {
			t.Errorf("no line %s in\n%s", want, out)
		}
	}
}
