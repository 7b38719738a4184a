package verbs

import (
	"context"
	"os/user"

	"github.com/urfave/cli/v2"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/reach"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/royalty"
	"github.com/lakectl/lakectl/lake"
)

func periodVerb() frame.Verb {
	return frame.Verb{
		Name:  "period",
		Short: "Close a month's royalties and see where each stands.",
		Long: `A closed period keeps its statement: the published snapshots get the tag royalty-YYYY-MM-v1. Later listens still
change its lines, and the difference of each line is posted to the first open period after it, in royalty_adjustments:
published + adjustments = current, checked by every run. Differences that deletions cause wait until they are about at
least five people.`,
		Examples: []string{"lakectl period status", "lakectl period close 2026-03"},
		Verbs: []frame.Verb{
			frame.Bind(frame.Verb{
				Name: "close", Args: "MONTH", Short: "Make the published royalties of a month its statement.",
				Long: `Refuses and says why if the month has not ended, archived rows of it are not in the ledger, an input changed since it was
published, or deletion requests are not carried out. --force closes all the same and records that.
'lakectl ingest status' tells how far the topic has been read. A month without pools, or money that nobody earned, is
named but not refused. Closing a closed month only makes the tags that are missing.`,
				Examples: []string{"lakectl period close 2026-03", "lakectl period close --by ann --force 2026-03"},
				Exits:    []int{frame.ExitFenced, frame.ExitProof},
				Text:     []frame.Teller{frame.Text(sayClose)},
			}, (*closeFlags).declare, runPeriodClose),
			{
				Name: "status", Short: "List the periods: open, closed or restated, and what is pending.", Exits: []int{frame.ExitProof},
				Long:     "pending says why the next 'lakectl job royalties' will recompute the period. Nothing is changed.",
				Examples: []string{"lakectl period status", "lakectl --json period status"},
				Text:     []frame.Teller{frame.Text(sayPeriods)},
				Run: func(ctx context.Context, c *frame.Call) (any, error) {
					return reach.WithReader(ctx, c, func(env jobs.Env) ([]royalty.PeriodStatus, error) { return royalty.Status(ctx, env) })
				},
			},
		},
	}
}

type closeFlags struct {
	By    string
	Force bool
}

func (f *closeFlags) declare() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "by", Usage: "the `NAME` to put on record (default: the user of this system)", Destination: &f.By},
		&cli.BoolFlag{Name: "force", Usage: "close although something is missing", Destination: &f.Force},
	}
}

func runPeriodClose(ctx context.Context, c *frame.Call, f closeFlags) (any, error) {
	period, by := c.Args().First(), f.By
	if _, err := lake.ParseMonth(period); err != nil {
		return nil, usage.Errorf("give a month like 2026-03", "period %q", period)
	}
	if by == "" {
		if u, err := user.Current(); err == nil {
			by = u.Username
		}
	}
	return reach.WithEnv(ctx, c, func(env jobs.Env) (royalty.CloseReport, error) {
		return royalty.Close(ctx, env, period, royalty.CloseOptions{By: by, Force: f.Force})
	})
}
