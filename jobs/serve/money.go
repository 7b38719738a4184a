package serve

import (
	"strconv"
	"strings"

	"golang.org/x/text/currency"

	"github.com/lakectl/lakectl/jobs/serve/page"
)

// minor is an amount in minor units of a currency. It leaves as text, for programs round large numbers.
type minor int64

func (m minor) MarshalText() ([]byte, error) { return strconv.AppendInt(nil, int64(m), 10), nil }

func (m minor) String() string { return strconv.FormatInt(int64(m), 10) }

// digits are how many a currency's minor unit has behind the point (ISO 4217); false for a currency that nobody knows.
func digits(code string) (int, bool) {
	unit, err := currency.ParseISO(code)
	if err != nil {
		return 0, false
	}
	scale, _ := currency.Standard.Rounding(unit)
	return scale, true
}

// decimal is an amount as people write it, to the last unit: 8,131.02. Of a currency that nobody knows it is the count
// of minor units.
func decimal(code string, m minor) string {
	scale, ok := digits(code)
	if !ok {
		return page.Count(int64(m)) + " minor units"
	}
	text, sign := m.String(), ""
	if text[0] == '-' {
		text, sign = text[1:], page.Minus
	}
	if scale == 0 {
		return page.Count(int64(m))
	}
	text = strings.Repeat("0", max(0, scale+1-len(text))) + text
	whole, err := strconv.ParseInt(text[:len(text)-scale], 10, 64)
	if err != nil {
		return m.String() // our own digits
	}
	return sign + page.Count(whole) + "." + text[len(text)-scale:]
}

// difference is a signed amount: +10.62.
func difference(code string, m minor) string {
	if m > 0 {
		return "+" + decimal(code, m)
	}
	return decimal(code, m)
}
