package terms

import (
	"cmp"
	"fmt"
	"io"
	"slices"
)

// Split is the part of a track's royalties that one party gets in one role, while its dates last.
type Split struct {
	TrackID       string `json:"track_id" col:"track_id"`
	Party         string `json:"party" col:"party"`
	Role          string `json:"role" col:"role"`
	BasisPoints   int64  `json:"basis_points" col:"basis_points"`               // of 10,000
	EffectiveFrom string `json:"effective_from,omitempty" col:"effective_from"` // UTC date, inclusive; empty = since ever
	EffectiveTo   string `json:"effective_to,omitempty" col:"effective_to"`     // UTC date, exclusive; empty = for ever
}

// AllBasisPoints is what the splits of a track sum to at any instant that one of them covers.
const AllBasisPoints = 10_000

var splitColumns = []string{"track_id", "party", "role", "basis_points", "effective_from", "effective_to"}

// ParseSplits reads splits.csv. The whole file is refused for any mistake, with its line.
func ParseSplits(r io.Reader) ([]Split, error) {
	var splits []Split
	var lines []int32 // of each split
	err := readCSV(r, "splits", splitColumns, func(line int, fields []string) error {
		s, err := parseSplit(fields)
		splits, lines = append(splits, s), append(lines, int32(line))
		return err
	})
	if err == nil {
		err = refused("splits", checkSplits(splits, lines))
	}
	if err == nil {
		ids := func(s *Split) []string { return []string{s.TrackID, s.Party, s.Role} }
		err = refused("splits", lookalikes(splits, splitColumns, ids, func(i int) int { return int(lines[i]) }))
	}
	if err != nil {
		return nil, err
	}
	return splits, nil
}

func parseSplit(fields []string) (s Split, err error) {
	for i, into := range []*string{&s.TrackID, &s.Party, &s.Role} {
		if *into, err = name(fields[i]); err != nil {
			return s, fmt.Errorf("%s: %w", splitColumns[i], err)
		}
	}
	var ok bool
	if s.BasisPoints, ok = whole(fields[3], 1, AllBasisPoints); !ok {
		return s, fmt.Errorf("basis_points %q is not a whole number from 1 to %d", fields[3], AllBasisPoints)
	}
	s.EffectiveFrom, s.EffectiveTo = fields[4], fields[5]
	return s, dates("effective", s.EffectiveFrom, s.EffectiveTo)
}

// checkSplits holds the splits of each track against one another.
func checkSplits(splits []Split, lines []int32) error {
	order := make([]int32, len(splits))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		x, y := &splits[a], &splits[b]
		return cmp.Or(cmp.Compare(x.TrackID, y.TrackID), cmp.Compare(x.Party, y.Party), cmp.Compare(x.Role, y.Role),
			cmp.Compare(x.EffectiveFrom, y.EffectiveFrom), cmp.Compare(a, b))
	})
	for start, end := 0, 0; start < len(order); start = end {
		for end = start; end < len(order) && splits[order[end]].TrackID == splits[order[start]].TrackID; end++ {
		}
		if err := checkTrack(splits, order[start:end], lines); err != nil {
			return err
		}
	}
	return nil
}

// checkTrack looks at the splits of one track, sorted by party, role and begin.
func checkTrack(splits []Split, track []int32, lines []int32) error {
	for i := 1; i < len(track); i++ {
		a, b := splits[track[i-1]], splits[track[i]]
		if a.Party == b.Party && a.Role == b.Role && overlap(a.EffectiveTo, b.EffectiveFrom) {
			first, second := lines[track[i-1]], lines[track[i]]
			return fmt.Errorf("line %d: party %q as %q of track %q is in line %d already for the same dates, %s",
				max(first, second), b.Party, b.Role, b.TrackID, min(first, second), since(b.EffectiveFrom))
		}
	}
	if from, sum, ok := offBalance(splits, track); !ok {
		line := int32(0)
		for _, i := range track {
			if s := splits[i]; s.EffectiveFrom <= from && overlap(s.EffectiveTo, from) && (line == 0 || lines[i] < line) {
				line = lines[i]
			}
		}
		return fmt.Errorf("line %d: the splits of track %q sum to %d basis points %s, not to %d", line, splits[track[0]].TrackID, sum, since(from), AllBasisPoints)
	}
	return nil
}

// offBalance finds the first date from which the splits of a track that cover it do not sum to the whole.
func offBalance(splits []Split, track []int32) (from string, sum int64, ok bool) {
	type step struct {
		at     string
		points int64
		rows   int
	}
	steps := make([]step, 0, 2*len(track))
	for _, i := range track {
		s := splits[i]
		steps = append(steps, step{s.EffectiveFrom, s.BasisPoints, 1})
		if s.EffectiveTo != "" {
			steps = append(steps, step{s.EffectiveTo, -s.BasisPoints, -1})
		}
	}
	slices.SortFunc(steps, func(a, b step) int { return cmp.Compare(a.at, b.at) })
	rows := 0
	for i, s := range steps {
		sum, rows = sum+s.points, rows+s.rows
		last := i+1 == len(steps) || steps[i+1].at != s.at
		if last && rows > 0 && sum != AllBasisPoints {
			return s.at, sum, false
		}
	}
	return "", 0, true
}
