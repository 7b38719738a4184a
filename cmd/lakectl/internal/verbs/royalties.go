package verbs

import (
	"context"

	"github.com/urfave/cli/v2"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/reach"
	"github.com/lakectl/lakectl/jobs/royalty"
)

func royaltiesVerb() frame.Verb {
	return frame.Verb{
		Name:     "royalties",
		Short:    "Read the published royalties, and prove and explain them.",
		Examples: []string{"lakectl royalties show 2026-03"},
		Verbs: []frame.Verb{frame.Bind(frame.Verb{
			Name: "show", Args: "[PERIOD|RUN]", Short: "Show the statement of a period or run; without an argument, list all runs.",
			Long: `PERIOD stands for one run: the run that it was closed with, or its newest run while it is open. The first lines name the
run shown and the newest run. To see a run made after the close, give its id. The statement is read from the
snapshots that the run named when it was published. Amounts are minor units of the pool's currency. The checksum is
SHA-256 over the sorted lines.`,
			Examples: []string{"lakectl royalties show", "lakectl royalties show --lines 2026-03", "lakectl --json royalties show 2026-03"},
			Exits:    []int{frame.ExitProof, frame.ExitGone},
			Text:     []frame.Teller{frame.Text(sayRuns), frame.Text(sayStatement)},
		}, (*showFlags).declare, runRoyaltiesShow), royaltiesExportVerb(), royaltiesDiffVerb(), royaltiesReproduceVerb(), royaltiesExplainVerb()},
	}
}

// runRow is one run in the list of runs.
type runRow struct {
	RunID            string `json:"run_id"`
	Period           string `json:"period"`
	Cause            string `json:"cause"`
	FinishedAt       string `json:"finished_at"`
	Listens          int64  `json:"listens"`
	QualifiedListens int64  `json:"qualified_listens"`
	Duplicates       int64  `json:"duplicates"`
	Checksum         string `json:"checksum"`
}

type showFlags struct {
	Lines bool
}

func (f *showFlags) declare() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "lines", Usage: "with the lines, not only the payouts", Destination: &f.Lines},
	}
}

func runRoyaltiesShow(ctx context.Context, c *frame.Call, f showFlags) (any, error) {
	env, closeEnv, err := reach.Reader(ctx, c)
	if err != nil {
		return nil, err
	}
	defer closeEnv()
	if c.Args().Present() {
		st, err := royalty.Show(ctx, env, c.Args().First())
		if err != nil || c.JSON {
			return frame.Result(st, err)
		}
		shown := shownStatement{Statement: st, withLines: f.Lines}
		shown.names, err = royalty.NamesOf(ctx, env, st.Run.Period, shown.tracks(c.Wide))
		return frame.Result(shown, err)
	}
	runs, err := royalty.Runs(ctx, env)
	rows := make([]runRow, len(runs))
	for i, r := range runs {
		rows[i] = runRow{r.RunID, r.Period, r.Cause, r.FinishedAt.UTC().Format(frame.TimeLayout), r.Listens, r.QualifiedListens, r.Duplicates, r.Checksum}
	}
	return frame.Result(rows, err)
}
