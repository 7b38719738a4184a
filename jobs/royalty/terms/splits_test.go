package terms_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/jobs/royalty/terms"
)

const splitHeader = "track_id,party,role,basis_points,effective_from,effective_to\n"

func TestSplitsAreReadAsTheyAre(t *testing.T) {
	got, err := terms.ParseSplits(strings.NewReader(splitHeader + `t1,label-7,master,8000,,2026-03-15
t2,A,artist,10000,2026-01-01,2026-02-01
t1,ana,composer,2000,,
t1,label-8,master,8000,2026-03-15,
`))
	want := []terms.Split{
		{TrackID: "t1", Party: "label-7", Role: "master", BasisPoints: 8000, EffectiveTo: "2026-03-15"},
		{TrackID: "t2", Party: "A", Role: "artist", BasisPoints: 10000, EffectiveFrom: "2026-01-01", EffectiveTo: "2026-02-01"},
		{TrackID: "t1", Party: "ana", Role: "composer", BasisPoints: 2000},
		{TrackID: "t1", Party: "label-8", Role: "master", BasisPoints: 8000, EffectiveFrom: "2026-03-15"},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
}

func TestAMistakeInASplitsFileRefusesItWholeAndNamesTheLine(t *testing.T) {
	for row, want := range map[string]string{
		"t1,p,r,0,,":      "basis_points",
		"t1,p,r,-5,,":     "basis_points",
		"t1,p,r,+5,,":     "basis_points",
		"t1,p,r,5000.5,,": `"5000.5" is not a whole number from 1 to 10000`,
		"t1,p,r,10001,,":  "basis_points",
		"t1,p,r,,,":       "basis_points",
		",p,r,10000,,":    "track_id: want 1 to 256 bytes",
		"t1,,r,10000,,":   "party",
		"t1,p,,10000,,":   "role",
		"t1," + strings.Repeat("p", 257) + ",r,10000,,": "party",
		"t1,p,a\x7fb,10000,,":                           "role: want 1 to 256 bytes of text without control characters",
		"t1,p\xc3,r,10000,,":                            "party",
		"t1,p,r,10000,2026-02-30,":                      "effective_from",
		"t1,p,r,10000,,2026-3-1":                        "effective_to",
		"t1,p,r,10000,2026-03-01,2026-03-01":            "effective_from 2026-03-01 is not before effective_to 2026-03-01",
		"t1,p,r,10000,":                                 "wrong number of fields",
		"t1,\"p,r,10000,,":                              "\"",
	} {
		refuses(t, terms.ParseSplits, splitHeader+"t0,a,b,10000,,\n"+row+"\n", "line 3", want)
	}
	for header, want := range badHeaders(strings.TrimSpace(splitHeader)) {
		refuses(t, terms.ParseSplits, header+"\nt0,a,b,10000,,\n", want)
	}
	refuses(t, terms.ParseSplits, splitHeader, "no splits in the file")
}

func TestTheSplitsOfATrackSumToTheWholeWheneverThereAreAny(t *testing.T) {
	for rows, want := range map[string]string{
		"t1,a,x,9999,,\n":                                                              `line 2: the splits of track "t1" sum to 9999 basis points since ever, not to 10000`,
		"t1,a,x,6000,,\nt1,b,x,5000,,\n":                                               `line 2: the splits of track "t1" sum to 11000 basis points since ever`,
		"t0,a,x,10000,,\nt1,a,x,6000,,\nt1,b,x,4000,,2026-03-15\n":                     `line 3: the splits of track "t1" sum to 6000 basis points from 2026-03-15`,
		"t1,a,x,10000,,2026-03-15\nt1,b,x,4000,2026-03-15,\nt1,c,x,6000,2026-03-16,\n": `line 3: the splits of track "t1" sum to 4000 basis points from 2026-03-15`,
		"t1,a,x,10000,2026-03-10,2026-03-15\nt1,b,x,10000,2026-03-14,\n":               `line 2: the splits of track "t1" sum to 20000 basis points from 2026-03-14`,
	} {
		refuses(t, terms.ParseSplits, splitHeader+rows, want)
	}
	for _, rows := range []string{
		"t1,a,x,10000,2026-03-01,2026-03-02\nt1,a,x,10000,2026-03-05,\n", // in between the artist has it all
		"t1,a,x,6000,,\nt1,a,y,4000,,\n",
		"t1,b,x,4000,2026-03-15,2026-04-01\nt1,a,x,6000,2026-03-15,\nt1,a,y,10000,,2026-03-15\nt1,c,x,4000,2026-04-01,\n",
	} {
		if _, err := terms.ParseSplits(strings.NewReader(splitHeader + rows)); err != nil {
			t.Errorf("%q: %v", rows, err)
		}
	}
}

func TestAPartyHasOneSplitInARoleAtATime(t *testing.T) {
	for rows, want := range map[string]string{
		"t1,a,x,5000,,\nt1,a,x,5000,,\n":                                         `line 3: party "a" as "x" of track "t1" is in line 2 already for the same dates, since ever`,
		"t1,a,x,5000,2026-03-02,\nt1,b,x,5000,,\nt1,a,x,5000,,2026-03-03\n":      `line 4: party "a" as "x" of track "t1" is in line 2 already for the same dates, from 2026-03-02`,
		"t1,a,x,5000,2026-03-01,2026-03-03\nt1,a,x,5000,2026-03-02,2026-03-04\n": "from 2026-03-02",
	} {
		refuses(t, terms.ParseSplits, splitHeader+rows, want)
	}
}

func BenchmarkParseSplits(b *testing.B) {
	var text strings.Builder
	text.WriteString(splitHeader)
	for i := range 250_000 {
		fmt.Fprintf(&text, "track-%[1]d,label-%[2]d,master,7000,,\ntrack-%[1]d,writer-%[1]d,composer,3000,,2026-03-15\ntrack-%[1]d,heir-%[1]d,composer,1000,2026-03-15,\ntrack-%[1]d,other-%[1]d,composer,2000,2026-03-15,\n", i, i%100)
	}
	b.SetBytes(int64(text.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := terms.ParseSplits(strings.NewReader(text.String())); err != nil {
			b.Fatal(err)
		}
	}
}
