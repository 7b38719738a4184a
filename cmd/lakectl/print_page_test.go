package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func samplePage(p page, rows int) string {
	p.say("%s of nothing that anybody could need", countOf(int64(rows), "entry"))
	var cells [][]cell
	for i := range rows {
		cells = append(cells, []cell{word(fmt.Sprint("id", i)), number(int64(1000 * i)), word(""), word("a long remark")})
	}
	p.longTable("entries", []column{{"id", 0}, {"count", 0}, {"empty", 1}, {"remark", 2}}, cells)
	p.end()
	return p.String()
}

func TestAPageLeavesOutWhatDoesNotFitAndSaysSo(t *testing.T) {
	const narrow = `2 entries of nothing
  that anybody could
  need

entries
id   count
id0      0
id1  1,000

--wide shows more:
  remark
`
	if diff := cmp.Diff(narrow, samplePage(page{width: 24, rows: pageRows}, 2)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	const wide = `2 entries of nothing that anybody could need

entries
id   count  remark
id0      0  a long remark
id1  1,000  a long remark
`
	if diff := cmp.Diff(wide, samplePage(page{width: 24, rows: pageRows, wide: true}, 2)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestALongTableEndsWhereItIsAskedTo(t *testing.T) {
	for name, c := range map[string]struct {
		page  page
		rows  int
		title string
	}{
		"nobody asks":    {page{width: 100, rows: pageRows}, pageRows, "entries (the first 20 of 30)"},
		"--limit 25":     {page{width: 100, rows: 25}, 25, "entries (the first 25 of 30)"},
		"--limit 50":     {page{width: 100, rows: 50}, 30, "entries"},
		"--limit 0: all": {page{width: 100, rows: -1}, 30, "entries"},
		"--wide":         {page{width: 100, rows: pageRows, wide: true}, 30, "entries"},
	} {
		got := samplePage(c.page, 30)
		if n := strings.Count(got, "a long remark"); n != c.rows || !strings.Contains(got, "\n"+c.title+"\n") {
			t.Errorf("%s: %d rows, want %d below %q\n%s", name, n, c.rows, c.title, got)
		}
	}
}

func TestDurationsAreSaidInTheirUnit(t *testing.T) {
	for d, want := range map[time.Duration]string{
		8760 * time.Hour:        "365 days",
		60 * time.Hour:          "2.5 days",
		24 * time.Hour:          "24 hours",
		time.Hour:               "1 hour",
		5 * time.Minute:         "5 minutes",
		150 * time.Second:       "2m30s",
		90 * time.Second:        "90 s",
		1234 * time.Millisecond: "1.23 s",
	} {
		if got := span(d); got != want {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
}
