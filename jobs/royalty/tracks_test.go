package royalty_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/royalty"
	"github.com/lakectl/lakectl/jobs/royalty/terms"
)

func TestATracksFileReplacesTheTracksItNames(t *testing.T) {
	t.Parallel()
	l := laketest.New(t)
	load := func(stored bool, tracks ...terms.Track) {
		t.Helper()
		set, err := royalty.LoadTracks(t.Context(), env(l), tracks)
		if err != nil || set.Stored != stored || set.Rows != len(tracks) {
			t.Fatalf("got %+v, %v; want stored %v", set, err, stored)
		}
	}
	old := terms.Track{TrackID: "t1", Title: "Old", ArtistName: "Ana", ValidTo: "2026-03-15"}
	renamed := terms.Track{TrackID: "t1", Title: "New", ArtistName: "Ana", LabelID: "l7", LabelName: "Seven", ISRC: "DEA122600001", ValidFrom: "2026-03-15"}
	other := terms.Track{TrackID: "t0", Title: "It's; --"}
	load(true, terms.Track{TrackID: "t1"}, other)
	load(true, old, renamed)
	before := l.Snapshot(t, catalog.Tracks)
	load(false, renamed, old)
	load(false, other)
	if now := l.Snapshot(t, catalog.Tracks); now.ID() != before.ID() {
		t.Error("what is known already was written again")
	}
	if files, err := before.Files(t.Context()); err != nil || len(files) != 1 {
		t.Errorf("%d files, %v; want the table in one", len(files), err)
	}
	set, err := royalty.Tracks(t.Context(), env(l))
	if want := []terms.Track{other, old, renamed}; err != nil || !slices.Equal(set.Tracks, want) {
		t.Errorf("got %+v, %v, want %+v", set.Tracks, err, want)
	}
}

func TestManyTracksAreLoadedAndListed(t *testing.T) {
	laketest.Costly(t)
	t.Parallel()
	l := laketest.New(t)
	tracks := make([]terms.Track, 45_000) // several parts
	for i := range tracks {
		tracks[i] = terms.Track{TrackID: fmt.Sprintf("t%06d", i), Title: fmt.Sprint("Title ", i), ArtistName: "A"}
	}
	if _, err := royalty.LoadTracks(t.Context(), env(l), tracks); err != nil {
		t.Fatal(err)
	}
	tracks[7].Title = "changed"
	if set, err := royalty.LoadTracks(t.Context(), env(l), tracks[:10]); err != nil || !set.Stored {
		t.Fatalf("%+v, %v", set, err)
	}
	if set, err := royalty.Tracks(t.Context(), env(l)); err != nil || !slices.Equal(set.Tracks, tracks) {
		t.Errorf("%d tracks, %v; want all of them as loaded", len(set.Tracks), err)
	}
}
