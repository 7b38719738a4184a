package terms_test

import (
	"strings"
	"testing"

	"github.com/lakectl/lakectl/jobs/royalty/terms"
)

func TestAMistakeInARulesFileRefusesItWholeAndNamesTheLine(t *testing.T) {
	const fine = "  - {id: fine, track_id: t1, min_ms_played: 1}\n"
	for rule, want := range map[string]string{
		"- {track_id: t1, min_ms_played: 1}":                                                "id is missing",
		"- {id: a}":                                                                         "min_ms_played is missing",
		"- {id: a, count: false, min_ms_played: 1}":                                         "no use for a threshold",
		"- {id: a, count: maybe}":                                                           "neither true nor false",
		"- {id: a, min_ms_played: -1}":                                                      "whole number of milliseconds",
		"- {id: a, min_ms_played: 1.5}":                                                     "whole number of milliseconds",
		"- {id: a, min_ms_played: 86400001}":                                                "whole number of milliseconds",
		"- {id: a, min_ms_played: 1, min_fraction: 0.12345}":                                "four places",
		"- {id: a, min_ms_played: 1, min_fraction: 1.5}":                                    "up to 1",
		"- {id: a, min_ms_played: 1, min_fraction: 0}":                                      "above 0",
		"- {id: a, min_ms_played: 1, country: Germany}":                                     "two letters",
		"- {id: a, min_ms_played: 1, effective_from: 2026-02-30}":                           "not a date",
		"- {id: a, min_ms_played: 1, effective_from: 2026-03-02, effective_to: 2026-03-02}": "not before",
		"- {id: a, min_ms_played: 1, track: t1}":                                            "unknown key",
		"- {id: a, min_ms_played: 1, min_ms_played: 2}":                                     "given twice",
		"- {id: fine, min_ms_played: 1}":                                                    "used twice",
		"- {id: a, min_ms_played: [1]}":                                                     "single value",
		"- {id: a, min_ms_played: 1, track_id: null}":                                       "single value",
		"- a":                                 "mapping",
		"- {id: \"\", min_ms_played: 1}":      "1 to 256 bytes",
		"- {id: \"a\\tb\", min_ms_played: 1}": "control characters",
		"- {id: a, min_ms_played: 1, effective_to: 0000-01-01}": "not a date",
	} {
		refuses(t, terms.ParseRules, "rules:\n"+fine+"  "+rule+"\n", "line 3", want)
	}
	for _, text := range []string{"", "rules: []", "rule:\n" + fine, "rules: {", "rules:\n" + fine + "other: 1\n", "rules:\n" + fine + "---\nrules:\n" + fine} {
		refuses(t, terms.ParseRules, text)
	}
}

func TestARuleThatOneEarlierRuleLeavesNothingIsRefused(t *testing.T) {
	for _, c := range []struct{ earlier, later, why string }{
		{"", "track_id: t1", "it is for every listen of track_id t1, and rule \"first\" before it decides every listen"},
		{"", "", "it is for every listen, and"},
		{"country: de", "country: DE, tier: free", "every listen of country DE, tier free, and rule \"first\" before it decides every listen of country DE"},
		{"device: tv, count: false", "device: tv", "device tv"},
		{"effective_from: 2026-03-01", "effective_from: 2026-03-01", "from 2026-03-01"},
		{"effective_from: 2026-03-01", "effective_from: 2026-04-01, effective_to: 2026-05-01", "from 2026-04-01, before 2026-05-01"},
		{"effective_to: 2026-03-01", "effective_to: 2026-03-01, artist_id: A", "before 2026-03-01"},
		{"tier: free, effective_from: 2026-01-01, effective_to: 2027-01-01", "tier: free, effective_from: 2026-12-31, effective_to: 2027-01-01", "2026-12-31"},
	} {
		refuses(t, terms.ParseRules, twoRules(c.earlier, c.later), "line 4", `no listen reaches rule "second"`, c.why)
	}
}

func TestRulesThatOnlyOverlapAreFine(t *testing.T) {
	for _, c := range [][2]string{
		{"track_id: t1", ""},
		{"track_id: t1", "artist_id: t1"},
		{"country: DE, tier: free", "country: DE"},
		{"country: DE", "country: FR, tier: free"},
		{"effective_from: 2026-03-01", "effective_to: 2026-03-02"},
		{"effective_from: 2026-03-02", "effective_from: 2026-03-01, effective_to: 2026-04-01"},
		{"effective_from: 2026-03-01, effective_to: 2026-03-31", "effective_from: 2026-03-01, effective_to: 2026-04-01"},
		{"effective_to: 2026-03-01", ""},
	} {
		text := twoRules(c[0], c[1])
		if rules, err := terms.ParseRules(strings.NewReader(text)); err != nil || len(rules) != 3 {
			t.Errorf("%s: got %v", text, err)
		}
	}
}

// twoRules is a file with two rules behind one that has nothing to do with them.
func twoRules(first, second string) string {
	rule := func(id, more string) string {
		if !strings.Contains(more, "count:") {
			more = strings.TrimPrefix(more+", min_ms_played: 1", ", ")
		}
		return "  - {id: " + id + ", " + more + "}\n"
	}
	return "rules:\n" + rule("other", "track_id: other") + rule("first", first) + rule("second", second)
}
