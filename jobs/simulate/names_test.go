package simulate

import "testing"

func TestEveryTrackHasANameAndNoTwoArtistsShareOne(t *testing.T) {
	m := New(Options{Seed: 1, Listens: 1000})
	titles := m.Titles()
	if len(titles) != len(m.svc.tracks) {
		t.Fatalf("%d names for %d tracks", len(titles), len(m.svc.tracks))
	}
	labels := map[string]bool{}
	for i, title := range titles {
		if title.Title == "" || title.Artist == "" || (title.LabelID == "") != (title.Label == "") {
			t.Fatalf("track %+v", title)
		}
		if i > 0 && titles[i-1].TrackID >= title.TrackID {
			t.Fatalf("%s comes after %s", title.TrackID, titles[i-1].TrackID)
		}
		labels[title.LabelID] = true
	}
	if len(labels) != len(labelNames)+1 {
		t.Errorf("%d labels, with none among them", len(labels))
	}
	byName := map[string]int{}
	for n := range 5000 {
		if other, taken := byName[artistName(n)]; taken {
			t.Fatalf("artists %d and %d are both %s", other, n, artistName(n))
		}
		byName[artistName(n)] = n
	}
}
