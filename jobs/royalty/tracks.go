package royalty

import (
	"context"
	"fmt"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/royalty/terms"
	"github.com/lakectl/lakectl/lake"
)

// TrackSet are tracks: those of a file, or those known.
type TrackSet struct {
	Rows    int           `json:"rows"`   // a track has one for each time it was called something else
	Stored  bool          `json:"stored"` // by this command; false when the file says what is known already
	Tracks  []terms.Track `json:"tracks,omitempty"`
	Unheard []Unheard     `json:"unheard,omitempty"` // of the file: what it names and no listen has
}

// Tracks lists what is known of every track.
func Tracks(ctx context.Context, env jobs.Env) (TrackSet, error) {
	db, _, err := openTracks(ctx, env)
	if err != nil {
		return TrackSet{}, err
	}
	defer db.Close() //nolint:errcheck // in memory
	tracks, err := jobs.Records[terms.Track](ctx, db, "royalty/tracks_listed")
	if err != nil {
		return TrackSet{}, fmt.Errorf("read tracks: %w", err)
	}
	return TrackSet{Rows: len(tracks), Tracks: append([]terms.Track{}, tracks...)}, nil
}

// LoadTracks stores what a file says of tracks. Its rows replace those of every track it names; other tracks keep
// theirs. The table has no versions of its own, its snapshots are them: it is written anew as a whole, and not at
// all when the file says what is known.
func LoadTracks(ctx context.Context, env jobs.Env, tracks []terms.Track) (TrackSet, error) {
	set := TrackSet{Rows: len(tracks), Unheard: warnUnheard(ctx, env, namedByTracks(tracks))}
	db, base, err := openTracks(ctx, env)
	if err != nil {
		return set, err
	}
	defer db.Close() //nolint:errcheck // in memory
	err = fillApplied(ctx, db, base.Table(), "all_tracks", len(tracks), func(i int) catalog.TrackRow {
		t := tracks[i]
		return catalog.TrackRow{
			TrackID: t.TrackID, Title: t.Title, ArtistName: t.ArtistName, LabelID: t.LabelID, LabelName: t.LabelName, ISRC: t.ISRC,
			ValidFrom: dateOf(t.ValidFrom), ValidTo: dateOf(t.ValidTo),
		}
	})
	if err != nil {
		return set, err
	}
	var differ bool
	if err := db.One(ctx, "royalty/tracks_differ", nil, []any{&differ}); err != nil || !differ {
		return set, err
	}
	if err := replaceTracks(ctx, env, db, base); err != nil {
		return set, err
	}
	set.Stored = true
	return set, nil
}

// openTracks makes the relation all_tracks in a new DB.
func openTracks(ctx context.Context, env jobs.Env) (*jobs.Session, lake.Snapshot, error) {
	s, err := env.Snapshot(ctx, catalog.Tracks)
	if err != nil {
		return nil, s, err
	}
	db, err := env.Open(ctx)
	if err != nil {
		return nil, s, err
	}
	if err := db.Bind(ctx, "all_tracks", s); err != nil {
		db.Close() //nolint:errcheck // in memory
		return nil, s, err
	}
	return db, s, nil
}

// replaceTracks commits the rows of the table applied and those of other tracks in place of all files.
func replaceTracks(ctx context.Context, env jobs.Env, db *jobs.Session, base lake.Snapshot) error {
	if err := db.Run(ctx, "royalty/tracks_merged"); err != nil {
		return fmt.Errorf("merge tracks: %w", err)
	}
	files, err := db.Write(ctx, base.Table(), catalog.TracksJob, "merged_tracks")
	if err != nil {
		return err
	}
	old, err := base.Files(ctx)
	if err != nil {
		return err
	}
	deletes, err := base.DeleteFiles(ctx)
	if err != nil {
		return err
	}
	_, err = env.Lake.Commit(ctx, base.Table().Name(), lake.Commit{Job: catalog.TracksJob, Add: files, Remove: append(old, deletes...), Stage: lake.IfUnmoved(base, nil)})
	return err
}
