package royalty

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
)

// Name is what a track is called.
type Name struct{ Title, Artist string }

// NamesOf is what tracks were called at the end of a period, by id; tracks that nobody named are not in it.
func NamesOf(ctx context.Context, env jobs.Env, period string, trackIDs []string) (map[string]Name, error) {
	names := map[string]Name{}
	s, err := env.Snapshot(ctx, catalog.Tracks)
	if err != nil || s.ID() == 0 || len(trackIDs) == 0 {
		return names, err
	}
	db, _, err := openTracks(ctx, env)
	if err != nil {
		return nil, err
	}
	defer db.Close() //nolint:errcheck // in memory
	var id string
	var name Name
	err = db.Each(ctx, "royalty/tracks_named", []any{strings.Join(trackIDs, "\x1f"), period}, []any{&id, &name.Title, &name.Artist}, func() error {
		names[id] = name
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("names of tracks: %w", err)
	}
	return names, nil
}

// HeardTrack is one track of an artist in a statement, over all countries and tiers.
type HeardTrack struct {
	TrackID          string `json:"track_id"`
	Title            string `json:"title"` // "" = nobody said
	Listens          int64  `json:"listens"`
	QualifiedListens int64  `json:"qualified_listens"`
}

// ArtistTracks are the tracks of an artist in the statement of a period, the most heard first.
type ArtistTracks struct {
	RunID string `json:"run_id"`
	Standing
	Period           string       `json:"period"`
	ArtistID         string       `json:"artist_id"`
	Listens          int64        `json:"listens"`
	QualifiedListens int64        `json:"qualified_listens"`
	Tracks           []HeardTrack `json:"tracks"`
}

// TracksHeard sums the lines of an artist by track, as the statement of a period has them (see [Show]).
func TracksHeard(ctx context.Context, env jobs.Env, period, artistID string) (ArtistTracks, error) {
	st, err := Show(ctx, env, period)
	if err != nil {
		return ArtistTracks{}, err
	}
	a := ArtistTracks{RunID: st.Run.RunID, Standing: st.Standing, Period: period, ArtistID: artistID}
	at := map[string]int{}
	var ids []string
	for _, l := range st.Lines {
		if l.ArtistID != artistID {
			continue
		}
		i, known := at[l.TrackID]
		if !known {
			i = len(a.Tracks)
			at[l.TrackID] = i
			ids = append(ids, l.TrackID)
			a.Tracks = append(a.Tracks, HeardTrack{TrackID: l.TrackID})
		}
		a.Tracks[i].Listens += l.Listens
		a.Tracks[i].QualifiedListens += l.QualifiedListens
		a.Listens += l.Listens
		a.QualifiedListens += l.QualifiedListens
	}
	names, err := NamesOf(ctx, env, period, ids)
	for i := range a.Tracks {
		a.Tracks[i].Title = names[a.Tracks[i].TrackID].Title
	}
	slices.SortStableFunc(a.Tracks, func(x, y HeardTrack) int {
		return cmp.Or(cmp.Compare(y.Listens, x.Listens), strings.Compare(x.TrackID, y.TrackID))
	})
	return a, err
}
