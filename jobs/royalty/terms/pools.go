package terms

import (
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/lakectl/lakectl/lake"
)

// Pool is money to share among the listens of a period that it covers.
type Pool struct {
	Period      string `json:"period" col:"period"`
	Country     string `json:"country" col:"country"` // "*" = any
	Tier        string `json:"tier" col:"tier"`       // "*" = any
	Currency    string `json:"currency" col:"currency"`
	AmountMinor int64  `json:"amount_minor" col:"amount_minor"`
}

var poolColumns = []string{"period", "country", "tier", "currency", "amount_minor"}

// ParsePools reads pools.csv. The whole file is refused for any mistake, with its line.
func ParsePools(r io.Reader) ([]Pool, error) {
	var pools []Pool
	lines := map[Pool]int{}    // key without the amount, to the line it is on
	var at []int               // the line of each pool
	sums := map[string]int64{} // by currency
	err := readCSV(r, "pools", poolColumns, func(line int, fields []string) error {
		p, err := parsePool(fields)
		if err != nil {
			return err
		}
		key := p
		key.AmountMinor = 0
		if first, twice := lines[key]; twice {
			return fmt.Errorf("the pool of line %d again", first)
		}
		lines[key] = line
		pools, at = append(pools, p), append(at, line)
		if !addTo(sums, p) {
			return fmt.Errorf("the pools in %s sum to more than %d minor units", p.Currency, int64(math.MaxInt64))
		}
		return nil
	})
	if err == nil {
		ids := func(p *Pool) []string { return []string{p.Tier} }
		err = refused("pools", lookalikes(pools, []string{"tier"}, ids, func(i int) int { return at[i] }))
	}
	if err != nil {
		return nil, err
	}
	return pools, nil
}

// addTo adds a pool to the sum of its currency; false when that passes 64 bits, in which every sum of money is kept.
func addTo(sums map[string]int64, p Pool) bool {
	if p.AmountMinor > math.MaxInt64-sums[p.Currency] {
		return false
	}
	sums[p.Currency] += p.AmountMinor
	return true
}

// Summable is the error of pools that in one currency sum to more than 64 bits hold.
func Summable(pools []Pool) error {
	sums := map[string]int64{}
	for _, p := range pools {
		if !addTo(sums, p) {
			return fmt.Errorf("the pools in %s of all periods sum to more than %d minor units", p.Currency, int64(math.MaxInt64))
		}
	}
	return nil
}

func parsePool(record []string) (p Pool, err error) {
	p.Period, p.Country, p.Tier, p.Currency = record[0], record[1], record[2], record[3]
	if _, err := lake.ParseMonth(p.Period); err != nil {
		return p, err
	}
	if p.Country != "*" {
		if p.Country, err = country(p.Country); err != nil {
			return p, fmt.Errorf("country: %w, or * for any", err)
		}
	}
	if p.Tier, err = name(p.Tier); err != nil {
		return p, fmt.Errorf("tier: %w, or * for any", err)
	}
	if len(p.Currency) != 3 || strings.Trim(p.Currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return p, fmt.Errorf("currency %q is not three capital letters", p.Currency)
	}
	var ok bool
	if p.AmountMinor, ok = whole(record[4], 0, math.MaxInt64); !ok {
		return p, fmt.Errorf("amount_minor %q is not a whole number of minor units from 0", record[4])
	}
	return p, nil
}
