package terms

import "strings"

// covers tells whether every listen that other matches is matched by r as well.
func (r Rule) covers(other Rule) bool {
	theirs := other.pairs()
	for i, s := range r.pairs() {
		if s[1] != "" && s != theirs[i] {
			return false
		}
	}
	from := r.EffectiveFrom == "" || (other.EffectiveFrom != "" && r.EffectiveFrom <= other.EffectiveFrom)
	to := r.EffectiveTo == "" || (other.EffectiveTo != "" && r.EffectiveTo >= other.EffectiveTo)
	return from && to
}

// reach says in words which listens the rule matches.
func (r Rule) reach() string {
	var parts []string
	for _, s := range r.pairs() {
		if s[1] != "" {
			parts = append(parts, s[0]+" "+s[1])
		}
	}
	if r.EffectiveFrom != "" {
		parts = append(parts, "from "+r.EffectiveFrom)
	}
	if r.EffectiveTo != "" {
		parts = append(parts, "before "+r.EffectiveTo)
	}
	if len(parts) == 0 {
		return "every listen"
	}
	return "every listen of " + strings.Join(parts, ", ")
}

// InPeriod gives the rules as they bear on the listens of one UTC month: rules whose dates do not touch it are
// gone, dates that lie outside it are open, ids are blank because an id decides nothing, and so is every rule
// that one before it leaves nothing to decide. Rule sets with equal results judge every listen of the month
// alike, so a period need not be judged again when a new version changes other months only.
func InPeriod(rules []Rule, period string) []Rule {
	var bearing []Rule
	var earlier coverage
	for _, r := range rules {
		if !touches(r.EffectiveFrom, r.EffectiveTo, period) {
			continue
		}
		r.ID = ""
		r.EffectiveFrom, r.EffectiveTo = clip(r.EffectiveFrom, r.EffectiveTo, period)
		if earlier.covers(r) {
			continue
		}
		earlier.add(r)
		bearing = append(bearing, r)
	}
	return bearing
}

// touches tells whether the dates [from, to) have a day in the month. Dates are text of one length, so they
// compare as text, a month with the first seven bytes of a date.
func touches(from, to, period string) bool {
	return (from == "" || from[:len(period)] <= period) && (to == "" || to > period+"-01")
}

// clip opens the bounds that exclude no day of a month which the dates touch.
func clip(from, to, period string) (string, string) {
	if from <= period+"-01" {
		from = ""
	}
	if to != "" && to[:len(period)] > period {
		to = ""
	}
	return from, to
}
