package terms_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/jobs/royalty/terms"
)

const trackHeader = "track_id,title,artist_name,label_id,label_name,isrc,valid_from,valid_to\n"

func TestTracksAreReadAsTheyAre(t *testing.T) {
	got, err := terms.ParseTracks(strings.NewReader(trackHeader + `t1,"Hello, World",Ana,l7,Label Seven,de-a12-26-00001,,2026-03-15
t1,Hello,Ana,,,,2026-03-15,
t2,,,,,USRC17607839,,
`))
	want := []terms.Track{
		{TrackID: "t1", Title: "Hello, World", ArtistName: "Ana", LabelID: "l7", LabelName: "Label Seven", ISRC: "DEA122600001", ValidTo: "2026-03-15"},
		{TrackID: "t1", Title: "Hello", ArtistName: "Ana", ValidFrom: "2026-03-15"},
		{TrackID: "t2", ISRC: "USRC17607839"},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
}

func TestAMistakeInATracksFileRefusesItWholeAndNamesTheLine(t *testing.T) {
	for row, want := range map[string]string{
		",a,b,,,,,":                                   "track_id: want 1 to 256 bytes",
		strings.Repeat("t", 257) + ",a,b,,,,,":        "track_id",
		"t1," + strings.Repeat("a", 1025) + ",b,,,,,": "title: want at most 1024 bytes",
		"t1,a\xff,b,,,,,":                             "title",
		"t1,a,b\x1b[31m,,,,,":                         "artist_name: want at most 1024 bytes of UTF-8 without control characters",
		"t1,a,b,l\x00,,,,":                            "label_id",
		"t1,a,b,l,\x00,,,":                            "label_name",
		"t1,a,b,,,DEA12260000,,":                      `isrc "DEA12260000" is not 12 letters and digits`,
		"t1,a,b,,,DEA1226 0001,,":                     "isrc",
		"t1,a,b,,,,2026-3-1,":                         "valid_from",
		"t1,a,b,,,,,today":                            "valid_to",
		"t1,a,b,,,,2026-03-02,2026-03-01":             "valid_from 2026-03-02 is not before valid_to 2026-03-01",
		"t1,a,b,,,,":                                  "wrong number of fields",
		"t0,a,b,,,,,":                                 `track "t0" is in line 2 already for the same dates, since ever`,
		"t0,a,b,,,,2026-03-14,":                       `track "t0" is in line 2 already for the same dates, from 2026-03-14`,
	} {
		refuses(t, terms.ParseTracks, trackHeader+"t0,a,b,,,,,2026-03-15\n"+row+"\n", "line 3", want)
	}
	for header, want := range badHeaders(strings.TrimSpace(trackHeader)) {
		refuses(t, terms.ParseTracks, header+"\nt0,a,b,,,,,\n", want)
	}
	refuses(t, terms.ParseTracks, trackHeader, "no tracks in the file")
}
