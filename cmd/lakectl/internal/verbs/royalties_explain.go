package verbs

import (
	"context"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/reach"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
	"github.com/lakectl/lakectl/jobs/royalty"
)

func royaltiesExplainVerb() frame.Verb {
	return frame.Verb{
		Name: "explain", Short: "List the counted listens behind a royalty line, and which rule decided about each.",
		Long: `Reads the ledger as the newest run of the period saw it, or the current ledger if that snapshot has expired, and says
which of the two. The newest run of a closed period restates its statement. Listens that do not qualify come first. An
empty rule means that no rule matched. The sums are compared with the published lines. This is for operators: listens
are named, users are not. Lines of a closed period that fewer than five people changed since are one row, held, with
what was published of them, unless --operator is given. Without --track it lists the tracks that the artist has in the
statement of the period, the most heard first.`,
		Examples: []string{
			"lakectl royalties explain --artist A1 --track t9 --period 2026-03",
			"lakectl --json royalties explain --artist A1 --track t9 --period 2026-03 --country DE --tier premium",
		},
		Exits: []int{frame.ExitProof, frame.ExitGone},
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "artist", Usage: "`ID` of the artist"},
			&cli.StringFlag{Name: "track", Usage: "`ID` of the track; without it the artist's tracks are listed"},
			&cli.StringFlag{Name: "period", Usage: "the `MONTH`, like 2026-03"},
			&cli.StringFlag{Name: "country", Usage: "only this `CODE`"},
			&cli.StringFlag{Name: "tier", Usage: "only this `TIER`"},
			&cli.IntFlag{Name: "limit", Value: 1000, Usage: "list at most `N` listens; the sums are of all"},
			operatorFlag(),
		},
		Keys: []string{"duckdb.memory_limit", "duckdb.threads"}, Text: []frame.Teller{frame.Text(sayExplanation), frame.Text(sayTracksHeard)}, Run: runRoyaltiesExplain,
	}
}

func runRoyaltiesExplain(ctx context.Context, c *frame.Call) (any, error) {
	if err := c.NeedFlags("artist", "period"); err != nil {
		return nil, err
	}
	if err := c.NeedMonth("period"); err != nil {
		return nil, err
	}
	if n := c.Int("limit"); n < 0 {
		return nil, usage.Errorf("give a number from 0", "--limit is %d", n)
	}
	if c.String("track") == "" && (c.IsSet("track") || c.IsSet("country") || c.IsSet("tier")) {
		return nil, usage.Errorf("see "+c.Command.HelpName+" --help", "flag --track is missing")
	}
	env, closeEnv, err := reach.Reader(ctx, c)
	if err != nil {
		return nil, err
	}
	defer closeEnv()
	if !c.IsSet("track") {
		return frame.Result(royalty.TracksHeard(ctx, env, c.String("period"), c.String("artist")))
	}
	s := royalty.Selection{
		Period: c.String("period"), ArtistID: c.String("artist"), TrackID: c.String("track"), Country: strings.ToUpper(c.String("country")), Tier: c.String("tier"),
	}
	return royalty.Explain(ctx, env, s, c.Int("limit"), c.Bool("operator")) // what was compared is shown with the failure
}
