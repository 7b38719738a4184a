package terms_test

import (
	"fmt"
	"strings"

	"github.com/lakectl/lakectl/jobs/royalty/terms"
)

// A file is read whole, or refused with the line that is wrong.
func ExampleParsePools() {
	const header = "period,country,tier,currency,amount_minor\n"
	pools, err := terms.ParsePools(strings.NewReader(header + "2026-03,*,*,EUR,100000\n2026-03,DE,premium,EUR,25000\n"))
	fmt.Println(len(pools), err)
	_, err = terms.ParsePools(strings.NewReader(header + "2026-03,*,*,EUR,10.5\n"))
	fmt.Println(err)
	// Output:
	// 2 <nil>
	// pools: line 2: amount_minor "10.5" is not a whole number of minor units from 0
}

// Rules are an ordered list; the first that matches a listen decides.
func ExampleParseRules() {
	rules, err := terms.ParseRules(strings.NewReader(`
rules:
  - {id: no-tv, device: tv, count: false}
  - {id: default, min_ms_played: 30000}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range rules {
		fmt.Println(r.ID, r.Counts, r.MinMsPlayed)
	}
	// Output:
	// no-tv false 0
	// default true 30000
}
