package sql_test

import (
	"path/filepath"
	"regexp"
	"testing"

	"github.com/lakectl/lakectl/sql"
)

// roundsTime are functions of Trino that round to milliseconds: the last half of one of a month counts in the next.
var roundsTime = regexp.MustCompile(`(?i)\b(date_format|format_datetime)\b`)

func TestNoStatementForTrinoRoundsTimes(t *testing.T) {
	paths, err := filepath.Glob("*/*.trino.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		name := filepath.ToSlash(path[:len(path)-len(".sql")])
		if found := roundsTime.FindString(parse(sql.Text(name)).text); found != "" {
			t.Errorf("%s: %s rounds to milliseconds; take days and months by date, date_trunc or year and month", path, found)
		}
	}
}

func TestTheRuleAgainstRoundedTimesFindsThem(t *testing.T) {
	for text, want := range map[string]bool{
		"SELECT date_format(event_time, '%Y-%m') FROM listens":                    true,
		"SELECT count(*),\n  FORMAT_DATETIME (event_time, 'yyyy') FROM listens":   true,
		"SELECT date_trunc('month', event_time) -- not date_format\nFROM listens": false,
		"SELECT my_date_formats FROM listens":                                     false,
	} {
		if got := roundsTime.MatchString(parse(text).text); got != want {
			t.Errorf("%q: found %t, want %t", text, got, want)
		}
	}
}
