package frame

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func samplePage(p Page, rows int) string {
	p.Say("%s of nothing that anybody could need", CountOf(int64(rows), "entry"))
	var cells [][]Cell
	for i := range rows {
		cells = append(cells, []Cell{Word(fmt.Sprint("id", i)), Number(int64(1000 * i)), Word(""), Word("a long remark")})
	}
	p.LongTable("entries", []Column{{"id", 0}, {"count", 0}, {"empty", 1}, {"remark", 2}}, cells)
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
	if diff := cmp.Diff(narrow, samplePage(Page{width: 24, rows: PageRows}, 2)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	const wide = `2 entries of nothing that anybody could need

entries
id   count  remark
id0      0  a long remark
id1  1,000  a long remark
`
	if diff := cmp.Diff(wide, samplePage(Page{width: 24, rows: PageRows, Wide: true}, 2)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestALongTableEndsWhereItIsAskedTo(t *testing.T) {
	for name, c := range map[string]struct {
		page  Page
		rows  int
		title string
	}{
		"nobody asks":    {Page{width: 100, rows: PageRows}, PageRows, "entries (the first 20 of 30)"},
		"--limit 25":     {Page{width: 100, rows: 25}, 25, "entries (the first 25 of 30)"},
		"--limit 50":     {Page{width: 100, rows: 50}, 30, "entries"},
		"--limit 0: all": {Page{width: 100, rows: -1}, 30, "entries"},
		"--wide":         {Page{width: 100, rows: PageRows, Wide: true}, 30, "entries"},
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
		if got := Span(d); got != want {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
}
