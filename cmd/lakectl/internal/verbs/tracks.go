package verbs

import (
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/jobs/royalty"
	"github.com/lakectl/lakectl/jobs/royalty/terms"
)

func tracksVerb() frame.Verb {
	v := versioned[[]terms.Track, royalty.TrackSet]{
		noun: "tracks", store: "load", stores: "Store what a tracks file says about its tracks.", example: "tracks.csv",
		applied: "The rows of every track that the file names are replaced; other tracks keep theirs.",
		listed:  "Lists everything that is known of every track. To see some tracks, use 'lakectl sql' on the table tracks.",
		parse:   terms.ParseTracks,
		asSet: func(tracks []terms.Track) royalty.TrackSet {
			return royalty.TrackSet{Rows: len(tracks), Tracks: tracks}
		},
		compare: royalty.CheckTracks,
		apply:   royalty.LoadTracks,
		inForce: royalty.Tracks,
		say:     sayTracks,
	}
	return frame.Verb{
		Name:  v.noun,
		Short: "Check, load and list the tracks: their titles, artists and labels.",
		Long: `A tracks file is CSV; all but track_id may be empty:

  track_id,title,artist_name,label_id,label_name,isrc,valid_from,valid_to
  t1,Blue,Ana,l7,Label Seven,DE-A12-26-00001,,2026-03-15
  t1,Blue (Remastered),Ana,l7,Label Seven,DE-A12-26-00001,2026-03-15,

valid_from is inclusive, valid_to exclusive, both UTC dates; the rows of one track do not overlap. This is reference
data for statements and for queries: no amount depends on it.`,
		Examples: []string{"lakectl tracks check tracks.csv", "lakectl tracks load tracks.csv"},
		Verbs:    v.verbs(),
	}
}
