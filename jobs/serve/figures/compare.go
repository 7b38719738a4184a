package figures

import (
	"math/big"
	"time"
)

// Comparison is a part of a range, and the time before it that it is compared with. Both are over and begin and end
// with a UTC day. Both are empty where the range has no day that is over.
type Comparison struct {
	Current, Previous Range
	// All: Current is the range as it was asked for. Otherwise days at its end are not over yet.
	All bool
}

// Compare finds what a range of whole days is compared with: whole calendar months with as many before them, a month
// that is not over with as many days from the begin of the one before, anything else with as many days right before it.
// until is the instant up to which the tables are filled.
func Compare(r Range, until time.Time) Comparison {
	c := Comparison{Current: r, All: true}
	if over := Day.Start(until); r.To.After(over) {
		c.Current.To, c.All = over, false
	}
	if !c.Current.To.After(c.Current.From) {
		return Comparison{}
	}
	if months, ok := wholeMonths(r); ok {
		c.Previous.From = r.From.AddDate(0, -months, 0)
		c.Previous.To = r.From
		if !c.All {
			c.Previous.To = alike(c.Current, c.Previous)
		}
		return c
	}
	days := int(c.Current.To.Sub(c.Current.From) / (24 * time.Hour))
	c.Previous = Range{From: c.Current.From.AddDate(0, 0, -days), To: c.Current.From}
	return c
}

// wholeMonths counts the calendar months that a range is made of.
func wholeMonths(r Range) (months int, ok bool) {
	at := r.From
	if !Month.Start(at).Equal(at) {
		return 0, false
	}
	for at.Before(r.To) {
		at = Month.Next(at)
		months++
	}
	return months, at.Equal(r.To) && months > 0
}

// alike ends the previous range after as many days as the current one has. A month with fewer days than are over of the
// current one is compared whole.
func alike(current, previous Range) time.Time {
	end := previous.From.Add(current.To.Sub(current.From))
	if end.After(previous.To) {
		return previous.To
	}
	return end
}

// Change is how many percent current is above previous, rounded to the nearest, halves away from 0; negative is below.
// ok is false where nothing was played before.
func Change(current, previous int64) (percent int64, ok bool) {
	if previous <= 0 {
		return 0, false
	}
	// (2*100*(current-previous) + sign*previous) / (2*previous), cut towards 0, in integers of any size.
	n := new(big.Int).Mul(big.NewInt(200), new(big.Int).Sub(big.NewInt(current), big.NewInt(previous)))
	half := big.NewInt(previous)
	if n.Sign() < 0 {
		half.Neg(half)
	}
	n.Add(n, half)
	return n.Quo(n, new(big.Int).Mul(big.NewInt(2), big.NewInt(previous))).Int64(), true
}
