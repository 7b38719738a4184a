package verbs

import (
	"context"

	"github.com/urfave/cli/v2"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/reach"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/royalty"
)

func royaltiesDiffVerb() frame.Verb {
	return frame.Bind(frame.Verb{
		Name: "diff", Args: "RUN_A RUN_B", Short: "Explain every line in which two runs of a period differ, by cause.",
		Long: `RUN_A is the older run. A period may stand in place of a run: it means the run that it was closed with, or its newest
run while it is open. The causes: late listens, deletions, rules, pools, splits; the differences of all causes of a line
add up to the whole. Numbers are signed: what RUN_B has more than RUN_A. The statements are read from the snapshots that
the runs name. Late listens and deletions are separate causes as long as the ledger's snapshots are kept. Lines that
the erasure of fewer than five people changed, with their payouts, are summed in one row of kind held unless --operator
is given.`,
		Examples: []string{"lakectl royalties diff 2026-03-41aa0be2fc 2026-03-9c0d11e07a"},
		Exits:    []int{frame.ExitProof, frame.ExitGone},
		Text:     []frame.Teller{frame.Text(sayDiff)},
	}, (*diffFlags).declare, runRoyaltiesDiff)
}

type diffFlags struct {
	Limit    int
	Operator bool
}

func (f *diffFlags) declare() []cli.Flag {
	return []cli.Flag{
		&cli.IntFlag{Name: "limit", Usage: "print at most `N` differences; 0 for all", Value: 1000, Destination: &f.Limit}, operatorFlag(&f.Operator),
	}
}

func runRoyaltiesDiff(ctx context.Context, c *frame.Call, f diffFlags) (any, error) {
	return reach.WithReader(ctx, c, func(env jobs.Env) (royalty.DiffReport, error) {
		return royalty.Diff(ctx, env, c.Args().Get(0), c.Args().Get(1), f.Limit, f.Operator)
	})
}

// operatorFlag shows what would tell of fewer than five people what they played.
func operatorFlag(to *bool) cli.Flag {
	return &cli.BoolFlag{Name: "operator", Usage: "show lines that fewer than five people changed; for operators only", Destination: to}
}
