package terms_test

import (
	"strings"
	"testing"

	"github.com/lakectl/lakectl/jobs/royalty/terms"
)

func TestAMistakeInAPoolsFileRefusesItWholeAndNamesTheLine(t *testing.T) {
	const columns = "period,country,tier,currency,amount_minor"
	for row, want := range map[string]string{
		"2026-3,*,*,EUR,1":                     "not a month",
		"2026-03,Germany,*,EUR,1":              "two letters",
		"2026-03,DE,,EUR,1":                    "tier",
		"2026-03,DE,*,eur,1":                   "three capital letters",
		"2026-03,DE,*,EUR,1.5":                 "whole number",
		"2026-03,DE,*,EUR,-1":                  "whole number",
		"2026-03,DE,*,EUR,9223372036854775808": "whole number",
		"2026-03,*,*,EUR,2":                    "line 2 again",
		"2026-03,DE,*,EUR":                     "wrong number of fields",
		"2026-03,DE,*,EUR,+1":                  "whole number",
		"2026-03,DE,a\x01b,EUR,1":              "control characters",
		"2026-03,DE,\xff,EUR,1":                "tier",
	} {
		refuses(t, terms.ParsePools, columns+"\n2026-03,*,*,EUR,1\n"+row+"\n", "line 3", want)
	}
	for header, want := range badHeaders(columns) {
		refuses(t, terms.ParsePools, header+"\n2026-03,*,*,EUR,1\n", want)
	}
	refuses(t, terms.ParsePools, columns+"\n", "no pools in the file")
}

func TestAFileFromASpreadsheetIsRead(t *testing.T) {
	pools, err := terms.ParsePools(strings.NewReader("\uFEFFperiod,country,tier,currency,amount_minor\r\n2026-03,de,\"a, b\",EUR,7\r\n"))
	if want := (terms.Pool{Period: "2026-03", Country: "DE", Tier: "a, b", Currency: "EUR", AmountMinor: 7}); err != nil || len(pools) != 1 || pools[0] != want {
		t.Errorf("got %+v, %v", pools, err)
	}
}
