package catalog

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lakectl/lakectl/lake"
)

// ParseDays reads a list of UTC days, as [MarkedDays] and [ProvisionalDays] are: 2026-03-01,2026-03-04..2026-03-09. The
// days are values of Iceberg's day transform.
func ParseDays(text string) (map[int]bool, error) {
	set := map[int]bool{}
	for part := range strings.SplitSeq(text, ",") {
		if part == "" {
			continue
		}
		first, last, several := strings.Cut(part, "..")
		if !several {
			last = first
		}
		from, err := time.Parse(time.DateOnly, first)
		if err != nil {
			return nil, fmt.Errorf("list of days %q: %w", text, err)
		}
		to, err := time.Parse(time.DateOnly, last)
		if err != nil {
			return nil, fmt.Errorf("list of days %q: %w", text, err)
		}
		for day := lake.Day(from); day <= lake.Day(to); day++ {
			set[day] = true
		}
	}
	return set, nil
}

// DayRanges writes what [ParseDays] reads, with days that follow each other as first..last: there may be years of them.
func DayRanges(days map[int]bool) string {
	var list []string
	sorted := slices.Sorted(maps.Keys(days))
	for at := 0; at < len(sorted); {
		end := at
		for end+1 < len(sorted) && sorted[end+1] == sorted[end]+1 {
			end++
		}
		part := lake.DayStart(sorted[at]).Format(time.DateOnly)
		if end > at {
			part += ".." + lake.DayStart(sorted[end]).Format(time.DateOnly)
		}
		list = append(list, part)
		at = end + 1
	}
	return strings.Join(list, ",")
}

// noDays is what [MovedDays] says where nothing moved: an empty property is none.
const noDays = "none"

// MovedDaysText is the value of [MovedDays].
func MovedDaysText(days map[int]bool) string { return cmp.Or(DayRanges(days), noDays) }

// MovedDaysOf reads [MovedDays] of one snapshot; false where it does not say.
func MovedDaysOf(s lake.Snapshot) (days map[int]bool, says bool, err error) {
	switch text := s.Property(MovedDays); text {
	case "":
		return nil, false, nil
	case noDays:
		return nil, true, nil
	default:
		if days, err = ParseDays(text); err != nil {
			err = fmt.Errorf("%s in the summary of %s snapshot %d: %w", MovedDays, s.Table().Name(), s.ID(), err)
		}
		return days, true, err
	}
}
