package terms_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/royalty/terms"
)

const poolHeader = "period,country,tier,currency,amount_minor\n"

func TestAnIDWithABlankAtAnEdgeIsRefusedInEveryFile(t *testing.T) {
	for _, blank := range []string{" ", "\u00a0", "\u3000", "\u200b", "\ufeff", "\u2060", "\u00ad", "\u202e", "\u3164", "\u2800", "\ufe0f"} {
		for _, id := range []string{"t1" + blank, blank + "t1", blank} {
			quoted := `"` + id + `"`
			refuses(t, terms.ParseSplits, splitHeader+quoted+",a,x,10000,,\n", "line 2", "track_id", "blank")
			refuses(t, terms.ParseSplits, splitHeader+"t1,"+quoted+",x,10000,,\n", "line 2", "party", "blank")
			refuses(t, terms.ParseSplits, splitHeader+"t1,a,"+quoted+",10000,,\n", "line 2", "role", "blank")
			refuses(t, terms.ParsePools, poolHeader+"2026-03,*,"+quoted+",EUR,1\n", "line 2", "tier", "blank")
			refuses(t, terms.ParseTracks, trackHeader+quoted+",a,b,,,,,\n", "line 2", "track_id", "blank")
			refuses(t, terms.ParseTracks, trackHeader+"t1,a,b,"+quoted+",,,,\n", "line 2", "label_id", "blank")
			for _, key := range []string{"id", "track_id", "artist_id", "tier", "device"} {
				refuses(t, terms.ParseRules, "rules:\n- {id: a, min_ms_played: 1}\n- {"+key+": "+fmt.Sprintf("%+q", id)+", min_ms_played: 1}\n", "line 3", key, "blank")
			}
		}
	}
}

func TestTwoIDsOfAFileThatDifferOnlyInBlanksAreRefused(t *testing.T) {
	for _, pair := range [][2]string{{"t 1", "t\u00a01"}, {"t 1", "t  1"}, {"t1", "t\u200b1"}, {"t\u200c1", "t\u200d1"}, {"t\ufeff1", "t1"}} {
		a, b := pair[0], pair[1]
		refuses(t, terms.ParseSplits, splitHeader+a+",p,x,10000,,\nz,p,x,10000,,\n"+b+",p,x,10000,,\n", "line 4", "of line 2 differ only in blanks")
		refuses(t, terms.ParseSplits, splitHeader+"t,"+a+",x,5000,,\nt,"+b+",x,5000,,\n", "line 3", "party")
		refuses(t, terms.ParsePools, poolHeader+"2026-03,*,"+a+",EUR,1\n2026-03,*,"+b+",EUR,1\n", "line 3", "tier")
		refuses(t, terms.ParseTracks, trackHeader+"x,a,b,"+a+",,,,\ny,a,b,"+b+",,,,\n", "line 3", "label_id")
		refuses(t, terms.ParseRules, fmt.Sprintf("rules:\n- {id: a, track_id: %+q, count: false}\n- {id: b, track_id: %+q, count: false}\n", a, b), "line 3", "track_id")
	}
	// The same id again, ids that differ in more, and the same text in other columns are no slip.
	if _, err := terms.ParseSplits(strings.NewReader(splitHeader + "t 1,t\u00a01,x,5000,,\nt 1,p,x,5000,,\nt1,p,x,10000,,\n")); err != nil {
		t.Error(err)
	}
}

func TestCountriesAndISRCsAreASCII(t *testing.T) {
	for _, country := range []string{"ıt", "ſe", "ﬁ", "ＤＥ", "D\u0301", "ß", "\u212az"} {
		refuses(t, terms.ParsePools, poolHeader+"2026-04,"+country+",*,EUR,1\n", "line 2", "two letters from A to Z")
		refuses(t, terms.ParseRules, "rules:\n- {id: a, country: "+country+", min_ms_played: 1}\n", "line 2", "two letters from A to Z")
	}
	for _, isrc := range []string{"DEA12260000ı", "ſEA122600001", "DE-A12-26-0000１"} {
		refuses(t, terms.ParseTracks, trackHeader+"t1,x,A,l,L,"+isrc+",,\n", "line 2", "isrc")
	}
}

func TestPoolsThatNoStatementCanSumAreRefused(t *testing.T) {
	refuses(t, terms.ParsePools, poolHeader+"2026-03,*,*,IDR,9223372036854775807\n2026-03,DE,*,IDR,1\n", "line 3", "the pools in IDR sum to more than 9223372036854775807")
	refuses(t, terms.ParsePools, poolHeader+"2026-03,*,*,IDR,9223372036854775807\n2026-04,*,*,IDR,9223372036854775807\n", "line 3", "IDR")
	pools, err := terms.ParsePools(strings.NewReader(poolHeader + "2026-03,*,*,IDR,9223372036854775806\n2026-03,DE,*,IDR,1\n2026-03,*,*,EUR,9223372036854775807\n"))
	if err != nil || terms.Summable(pools) != nil {
		t.Errorf("%v, %v", err, terms.Summable(pools))
	}
	if err := terms.Summable(append(pools, terms.Pool{Period: "2027-01", Currency: "EUR", AmountMinor: 1})); err == nil {
		t.Error("a sum beyond 64 bits passed")
	}
}

func TestWhatSpreadsheetsDoToCSVIsTakenOrNamed(t *testing.T) {
	row := "2026-03,*,*,EUR,1\n"
	for _, text := range []string{
		poolHeader + row + ",,,,\n,,,,\n", poolHeader + ",,,,\n" + row, "sep=,\n" + poolHeader + row, "\ufeffSEP=,\r\n" + poolHeader + row,
		poolHeader + row + ",,\n", poolHeader + row + ",,,,,,,\n",
	} {
		if pools, err := terms.ParsePools(strings.NewReader(text)); err != nil || len(pools) != 1 {
			t.Errorf("%q: %v, %v", text, pools, err)
		}
	}
	refuses(t, terms.ParsePools, "sep=,\n"+poolHeader+row+"2026-3,*,*,EUR,1\n", "line 4")
	refuses(t, terms.ParsePools, poolHeader+",,,,\n", "no pools in the file")
	for _, separator := range []string{";", "\t", "|"} {
		name := map[string]string{";": "semicolons", "\t": "tabs", "|": "bars"}[separator]
		refuses(t, terms.ParsePools, strings.ReplaceAll(poolHeader+row, ",", separator), "line 1", "separated by "+name)
	}
	refuses(t, terms.ParsePools, "sep=;\n"+strings.ReplaceAll(poolHeader+row, ",", ";"), `"sep=;"`, "save the file with commas")
	for _, big := range []bool{true, false} {
		for _, mark := range []string{"\ufeff", ""} {
			var text []byte
			for _, u := range utf16.Encode([]rune(mark + poolHeader + row)) {
				if big {
					text = append(text, byte(u>>8), byte(u))
				} else {
					text = append(text, byte(u), byte(u>>8))
				}
			}
			refuses(t, terms.ParsePools, string(text), "line 1: the file is UTF-16; save it as CSV UTF-8")
		}
	}
}

func TestRulesThatAProgramWroteAsJSONAreRead(t *testing.T) {
	for text, want := range map[string]string{
		`{"rules":[{"id":"a","track_id":"\ud83d\ude00","min_ms_played":1}]}`:                                                "\U0001F600",
		"\ufeff{\n\t\"rules\": [\n\t\t{\"id\": \"a\", \"track_id\": \"\\u00e9\\/\\\\ud83d\", \"min_ms_played\": 1}\n\t]\n}": `é/\ud83d`,
		"{\"rules\":[{\"id\":\"a\",\"track_id\":\"x\u2028y\",\"min_ms_played\":1}]}":                                        "x\u2028y",
	} {
		rules, err := terms.ParseRules(strings.NewReader(text))
		if err != nil || len(rules) != 1 || rules[0].TrackID != want {
			t.Errorf("%s: %+v, %v, want track %q", text, rules, err, want)
		}
	}
	refuses(t, terms.ParseRules, "{\"rules\":[\n{\"id\":\"a\",\"track_id\":\"\\ud83d\",\"min_ms_played\":1}]}", "line")
}

func TestARulesFileOfAnotherShapeIsRefusedInItsOwnWords(t *testing.T) {
	for text, want := range map[string]string{
		"- {id: a, min_ms_played: 1}\n": "line 1: a rules file is a mapping with the key rules and a list of rules, and this is a list",
		"[{\"id\":\"a\"}]":              "line 1",
		"\nhello\n":                     "line 2: a rules file is a mapping with the key rules and a list of rules, and this is a single value",
		"rules: 5\n":                    "line 1: rules: want a list, and this is a single value",
		"\nrules: {a: 1}\n":             "line 2: rules: want a list, and this is a mapping",
		"# x\nrulez: []\n":              `line 2: unknown key "rulez"`,
		"rules: [{id: a, count: false}]\nrules: [{id: b, count: false}]\n": "line 2: key rules is given twice",
		"rules:\n- 5\n": "line 2: a rule is a mapping",
		"rules:\n":      "no rules in the file",
		"rules: []\n":   "no rules in the file",
		"# nothing\n":   "no rules in the file",
	} {
		refuses(t, terms.ParseRules, text, want)
		if _, err := terms.ParseRules(strings.NewReader(text)); strings.Contains(err.Error(), "yaml.") || strings.Contains(err.Error(), "struct") {
			t.Errorf("%q: a type of the program in %v", text, err)
		}
	}
}

// covers tells whether e decides all that r matches.
func covers(e, r terms.Rule) bool {
	for _, s := range [][2]string{{e.TrackID, r.TrackID}, {e.ArtistID, r.ArtistID}, {e.Country, r.Country}, {e.Tier, r.Tier}, {e.Device, r.Device}} {
		if s[0] != "" && s[0] != s[1] {
			return false
		}
	}
	return (e.EffectiveFrom == "" || r.EffectiveFrom != "" && e.EffectiveFrom <= r.EffectiveFrom) &&
		(e.EffectiveTo == "" || r.EffectiveTo != "" && e.EffectiveTo >= r.EffectiveTo)
}

func TestWhichRulesAreReachedIsWhatComparingAllOfThemSays(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	days := make([]string, 12)
	for i := range days {
		days[i] = fmt.Sprintf("2026-04-%02d", i+1)
	}
	refused, kept := 0, 0
	for range laketest.Times(3000, 500) {
		var reached []terms.Rule
		var text strings.Builder
		text.WriteString("rules:\n")
		for n := range r.IntN(14) {
			maybe := func(values ...string) string { return values[r.IntN(len(values))] }
			rule := terms.Rule{
				ID: fmt.Sprint("r", n), TrackID: maybe("", "", "a", "b"), ArtistID: maybe("", "", "A"), Country: maybe("", "DE"), Tier: maybe("", "", "free"),
				Device: maybe("", "", "tv"), EffectiveFrom: maybe("", days[r.IntN(6)]), EffectiveTo: maybe("", days[6+r.IntN(6)]), Counts: true, MinMsPlayed: 1,
			}
			line := "- {id: " + rule.ID + ", min_ms_played: 1"
			for key, value := range map[string]string{
				"track_id": rule.TrackID, "artist_id": rule.ArtistID, "country": rule.Country, "tier": rule.Tier, "device": rule.Device,
				"effective_from": rule.EffectiveFrom, "effective_to": rule.EffectiveTo,
			} {
				if value != "" {
					line += ", " + key + ": " + value
				}
			}
			with := text.String() + line + "}\n"
			_, err := terms.ParseRules(strings.NewReader(with))
			if i := slices.IndexFunc(reached, func(e terms.Rule) bool { return covers(e, rule) }); i >= 0 {
				refused++
				if err == nil || !strings.Contains(err.Error(), "and rule \""+reached[i].ID+"\" before it") {
					t.Fatalf("%s\ngot %v, want the last one refused for %s", with, err, reached[i].ID)
				}
				continue
			}
			if err != nil {
				t.Fatalf("%s\n%v", with, err)
			}
			kept++
			reached = append(reached, rule)
			text.WriteString(line + "}\n")
		}
	}
	if refused < 500 || kept < 500 {
		t.Errorf("%d refused, %d kept: too few to tell", refused, kept)
	}
}

func TestTenThousandRulesAreCheckedAtOnce(t *testing.T) {
	for name, rule := range map[string]func(i int) string{
		"a track each": func(i int) string { return fmt.Sprintf("{id: r%d, track_id: t%d, min_ms_played: 1}", i, i) },
		"a day each of one": func(i int) string {
			day := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, i)
			return fmt.Sprintf("{id: r%d, device: tv, min_ms_played: 1, effective_from: %s, effective_to: %s}", i, day.Format(time.DateOnly), day.AddDate(0, 0, 1).Format(time.DateOnly))
		},
	} {
		var text strings.Builder
		text.WriteString("rules:\n")
		for i := range 10_000 {
			text.WriteString("- " + rule(i) + "\n")
		}
		begin := time.Now()
		rules, err := terms.ParseRules(strings.NewReader(text.String()))
		if err != nil || len(rules) != 10_000 {
			t.Fatalf("%s: %d rules, %v", name, len(rules), err)
		}
		terms.InPeriod(rules, "2026-03")
		if took := time.Since(begin); took > 5*time.Second { // about 0.1 s
			t.Errorf("%s: %s", name, took)
		}
	}
}
