package terms

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Track is what a track is called and whose it is, while its dates last.
type Track struct {
	TrackID    string `json:"track_id" col:"track_id"`
	Title      string `json:"title" col:"title"`
	ArtistName string `json:"artist_name" col:"artist_name"`
	LabelID    string `json:"label_id,omitempty" col:"label_id"`
	LabelName  string `json:"label_name,omitempty" col:"label_name"`
	ISRC       string `json:"isrc,omitempty" col:"isrc"`             // 12 letters and digits, upper case
	ValidFrom  string `json:"valid_from,omitempty" col:"valid_from"` // UTC date, inclusive; empty = since ever
	ValidTo    string `json:"valid_to,omitempty" col:"valid_to"`     // UTC date, exclusive; empty = for ever
}

var trackColumns = []string{"track_id", "title", "artist_name", "label_id", "label_name", "isrc", "valid_from", "valid_to"}

const maxTitleBytes = 1024

// ParseTracks reads tracks.csv. The whole file is refused for any mistake, with its line.
func ParseTracks(r io.Reader) ([]Track, error) {
	var tracks []Track
	var lines []int32 // of each track
	err := readCSV(r, "tracks", trackColumns, func(line int, fields []string) error {
		t, err := parseTrack(fields)
		tracks, lines = append(tracks, t), append(lines, int32(line))
		return err
	})
	if err == nil {
		err = refused("tracks", checkTracks(tracks, lines))
	}
	if err == nil {
		ids := func(t *Track) []string { return []string{t.TrackID, t.LabelID} }
		err = refused("tracks", lookalikes(tracks, []string{"track_id", "label_id"}, ids, func(i int) int { return int(lines[i]) }))
	}
	if err != nil {
		return nil, err
	}
	return tracks, nil
}

func parseTrack(fields []string) (t Track, err error) {
	t = Track{fields[0], fields[1], fields[2], fields[3], fields[4], "", fields[6], fields[7]}
	if _, err = name(t.TrackID); err != nil {
		return t, fmt.Errorf("track_id: %w", err)
	}
	if t.LabelID != "" {
		if _, err = name(t.LabelID); err != nil {
			return t, fmt.Errorf("label_id: %w, or nothing", err)
		}
	}
	for _, i := range []int{1, 2, 4} {
		if len(fields[i]) > maxTitleBytes || !printable(fields[i]) {
			return t, fmt.Errorf("%s: want at most %d bytes of UTF-8 without control characters", trackColumns[i], maxTitleBytes)
		}
	}
	if t.ISRC, err = isrc(fields[5]); err != nil {
		return t, err
	}
	return t, dates("valid", t.ValidFrom, t.ValidTo)
}

// isrc reads an International Standard Recording Code, written with or without dashes.
func isrc(value string) (string, error) {
	code, ascii := upperASCII(strings.ReplaceAll(value, "-", ""))
	if !ascii || (code != "" && len(code) != 12) || strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "" {
		return "", fmt.Errorf("isrc %q is not 12 letters and digits like DE-A12-26-00001", value)
	}
	return code, nil
}

// checkTracks refuses two rows of one track for the same day.
func checkTracks(tracks []Track, lines []int32) error {
	order := make([]int32, len(tracks))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		x, y := &tracks[a], &tracks[b]
		return cmp.Or(cmp.Compare(x.TrackID, y.TrackID), cmp.Compare(x.ValidFrom, y.ValidFrom), cmp.Compare(a, b))
	})
	for i := 1; i < len(order); i++ {
		a, b := tracks[order[i-1]], tracks[order[i]]
		if a.TrackID == b.TrackID && overlap(a.ValidTo, b.ValidFrom) {
			first, second := lines[order[i-1]], lines[order[i]]
			return fmt.Errorf("line %d: track %q is in line %d already for the same dates, %s", max(first, second), a.TrackID, min(first, second), since(b.ValidFrom))
		}
	}
	return nil
}
