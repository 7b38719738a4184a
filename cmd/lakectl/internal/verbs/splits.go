package verbs

import (
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
	"github.com/lakectl/lakectl/jobs/royalty"
	"github.com/lakectl/lakectl/jobs/royalty/terms"
)

func splitsVerb() frame.Verb {
	v := versioned[[]terms.Split, royalty.SplitSet]{
		noun: "splits", store: "apply", stores: "Store a splits file as the new version.", example: "splits.csv",
		applied: "The splits of every track that the file names are replaced; other tracks keep theirs.",
		listed:  "Lists for each track the splits of the newest file that named the track.",
		parse:   terms.ParseSplits,
		asSet:   royalty.ListSplits,
		compare: royalty.CheckSplits,
		apply:   royalty.ApplySplits,
		inForce: royalty.Splits,
		say:     saySplits,
		remove: &takeBack[royalty.SplitSet]{
			args: "TRACK...", short: "Take the splits of a track back.", example: "t1",
			long: `Stores a new version in which the track has no splits, so that its payouts are the artist's; earlier versions stay, and
other tracks keep theirs. The statements of closed months stay too: the next 'lakectl job royalties' posts the
difference to the first open month. A track that already has no splits is not stored again.`,
			check: func(track string) error {
				if track == "" {
					return usage.Errorf("give the ids of tracks", "track %q", track)
				}
				return nil
			},
			run: royalty.RemoveSplits,
		},
	}
	return frame.Verb{
		Name:  v.noun,
		Short: "Check, apply, list and take back the splits: who gets which part of a track's royalties.",
		Long: `A splits file is CSV. Parts are whole basis points: 10000 is all of it, 2500 a quarter.

  track_id,party,role,basis_points,effective_from,effective_to
  t1,label-7,master,7000,,
  t1,ana,composer,3000,,2026-03-15
  t1,ana-heirs,composer,3000,2026-03-15,

effective_from is inclusive, effective_to exclusive, both UTC dates of the listen; empty is open. On every day on which
a track has splits, they sum to 10000; a party has one part in a role at a time. The splits share every payout of the
track, to the unit. If they change inside a month, each listen uses the splits of its day. Payouts for listens of
days without splits, and for tracks without splits, go to the artist.`,
		Examples: []string{"lakectl splits check splits.csv", "lakectl splits apply splits.csv"},
		Verbs:    v.verbs(),
	}
}
