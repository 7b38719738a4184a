package capacity

import (
	"math"
	"slices"
)

// amount is a number, and what it came from.
type amount struct {
	value float64
	from  []string // names of constants, assumptions and parts of the load, sorted
	past  []string // what of it lies beyond what was measured, sorted
}

func (a amount) with(value float64, others ...amount) amount {
	sum := amount{value: value, from: slices.Clone(a.from), past: slices.Clone(a.past)}
	for _, o := range others {
		sum.from, sum.past = append(sum.from, o.from...), append(sum.past, o.past...)
	}
	slices.Sort(sum.from)
	slices.Sort(sum.past)
	sum.from, sum.past = slices.Compact(sum.from), slices.Compact(sum.past)
	return sum
}

func number(value float64) amount { return amount{value: value} }

func (a amount) times(factors ...amount) amount {
	value := a.value
	for _, f := range factors {
		value *= f.value
	}
	return a.with(value, factors...)
}

func (a amount) by(divisor amount) amount { return a.with(a.value/divisor.value, divisor) }

func (a amount) plus(more ...amount) amount {
	value := a.value
	for _, m := range more {
		value += m.value
	}
	return a.with(value, more...)
}

// whole is the amount rounded up, at least 1. What a division leaves above a whole number by rounding is none.
func (a amount) whole() amount { return a.with(max(1, math.Ceil(a.value*(1-1e-12)))) }

// least is the smallest of amounts; it comes from all of them.
func least(a amount, others ...amount) amount {
	value := a.value
	for _, o := range others {
		value = min(value, o.value)
	}
	return a.with(value, others...)
}

// beyond is what of it lies beyond what was measured, as a plan tells it: never nil.
func (a amount) beyond() []string { return append([]string{}, a.past...) }
