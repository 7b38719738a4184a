package terms

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lakectl/lakectl/lake"
)

// Pool is money to share among the listens of a period that it covers.
type Pool struct {
	Period      string `json:"period"`
	Country     string `json:"country"` // "*" = any
	Tier        string `json:"tier"`    // "*" = any
	Currency    string `json:"currency"`
	AmountMinor int64  `json:"amount_minor"`
}

var poolColumns = []string{"period", "country", "tier", "currency", "amount_minor"}

// ParsePools reads pools.csv. The whole file is refused for any mistake, with its line.
func ParsePools(r io.Reader) ([]Pool, error) {
	c := csv.NewReader(r)
	c.FieldsPerRecord = len(poolColumns)
	header, err := c.Read()
	if err != nil || !slices.Equal(header, poolColumns) {
		return nil, badPools(fmt.Errorf("line 1: the header is not %s", strings.Join(poolColumns, ",")))
	}
	var pools []Pool
	lines := map[Pool]int{} // key without the amount, to the line it is on
	for {
		record, err := c.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, badPools(err) // csv names the line
		}
		line, _ := c.FieldPos(0)
		p, err := parsePool(record)
		if err != nil {
			return nil, badPools(fmt.Errorf("line %d: %w", line, err))
		}
		key := p
		key.AmountMinor = 0
		if first, twice := lines[key]; twice {
			return nil, badPools(fmt.Errorf("line %d: the pool of line %d again", line, first))
		}
		lines[key] = line
		pools = append(pools, p)
	}
	if len(pools) == 0 {
		return nil, badPools(errors.New("no pools in the file"))
	}
	return pools, nil
}

func badPools(err error) error {
	return lake.WithHint(fmt.Errorf("pools: %w", err), "correct the file and check it with 'lakectl pools check FILE'; nothing was stored")
}

func parsePool(record []string) (p Pool, err error) {
	p.Period, p.Country, p.Tier, p.Currency = record[0], record[1], record[2], record[3]
	if !IsPeriod(p.Period) {
		return p, fmt.Errorf("period %q is not a month like 2026-03", p.Period)
	}
	if p.Country != "*" {
		if p.Country, err = country(p.Country); err != nil {
			return p, fmt.Errorf("country: %w, or * for any", err)
		}
	}
	if p.Tier == "" || len(p.Tier) > 256 {
		return p, errors.New("tier: want 1 to 256 bytes, or * for any")
	}
	if len(p.Currency) != 3 || strings.Trim(p.Currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return p, fmt.Errorf("currency %q is not three capital letters", p.Currency)
	}
	p.AmountMinor, err = strconv.ParseInt(record[4], 10, 64)
	if err != nil || p.AmountMinor < 0 {
		return p, fmt.Errorf("amount_minor %q is not a whole number of minor units from 0", record[4])
	}
	return p, nil
}

// IsPeriod tells whether s is a month like 2026-03.
func IsPeriod(s string) bool {
	_, err := time.Parse("2006-01", s)
	return err == nil
}
