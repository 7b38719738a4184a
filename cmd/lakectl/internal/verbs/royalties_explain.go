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
	return frame.Bind(frame.Verb{
		Name: "explain", Short: "List the counted listens behind a royalty line, and which rule decided about each.",
		Long: `Reads the ledger as the newest run of the period saw it, or the current ledger if that snapshot has expired, and says
which of the two. For a closed period that is the newest run, not the statement. Listens that do not qualify come first. An
empty rule means that no rule matched. The sums are compared with the published lines. This is for operators: listens
are named, users are not. Lines of a closed period that fewer than five people changed since are one row, held, with
their published sums, unless --operator is given. Without --track it lists the tracks that the artist has in the
statement of the period, the most heard first.`,
		Examples: []string{
			"lakectl royalties explain --artist A1 --track t9 --period 2026-03",
			"lakectl --json royalties explain --artist A1 --track t9 --period 2026-03 --country DE --tier premium",
		},
		Exits: []int{frame.ExitProof, frame.ExitGone},
		Keys:  []string{"duckdb.memory_limit", "duckdb.threads"}, Text: []frame.Teller{frame.Text(sayExplanation), frame.Text(sayTracksHeard)},
	}, (*explainFlags).declare, runRoyaltiesExplain)
}

type explainFlags struct {
	Artist   string
	Track    frame.GivenText
	Period   string
	Country  frame.GivenText
	Tier     frame.GivenText
	Limit    int
	Operator bool
}

func (f *explainFlags) declare() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "artist", Usage: "`ID` of the artist", Destination: &f.Artist},
		&cli.GenericFlag{Name: "track", Usage: "`ID` of the track; without it the artist's tracks are listed", Destination: &f.Track},
		&cli.StringFlag{Name: "period", Usage: "the `MONTH`, like 2026-03", Destination: &f.Period},
		&cli.GenericFlag{Name: "country", Usage: "only this `CODE`", Destination: &f.Country},
		&cli.GenericFlag{Name: "tier", Usage: "only this `TIER`", Destination: &f.Tier},
		&cli.IntFlag{Name: "limit", Value: 1000, Usage: "list at most `N` listens; the sums are of all", Destination: &f.Limit},
		operatorFlag(&f.Operator),
	}
}

func runRoyaltiesExplain(ctx context.Context, c *frame.Call, f explainFlags) (any, error) {
	if err := c.NeedFlags("artist", "period"); err != nil {
		return nil, err
	}
	if err := needMonth("period", f.Period); err != nil {
		return nil, err
	}
	if f.Limit < 0 {
		return nil, usage.Errorf("give a number from 0", "--limit is %d", f.Limit)
	}
	if f.Track.Text == "" && (f.Track.Given || f.Country.Given || f.Tier.Given) {
		return nil, usage.Errorf("see "+c.Command.HelpName+" --help", "flag --track is missing")
	}
	env, closeEnv, err := reach.Reader(ctx, c)
	if err != nil {
		return nil, err
	}
	defer closeEnv()
	if !f.Track.Given {
		return frame.Result(royalty.TracksHeard(ctx, env, f.Period, f.Artist))
	}
	s := royalty.Selection{
		Period: f.Period, ArtistID: f.Artist, TrackID: f.Track.Text, Country: strings.ToUpper(f.Country.Text), Tier: f.Tier.Text,
	}
	return royalty.Explain(ctx, env, s, f.Limit, f.Operator) // what was compared is shown with the failure
}
