package verbs

import (
	"context"
	"errors"

	"github.com/urfave/cli/v2"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/reach"
	"github.com/lakectl/lakectl/jobs/audit"
	"github.com/lakectl/lakectl/jobs/royalty"
)

func royaltiesReproduceVerb() frame.Verb {
	return frame.Bind(frame.Verb{
		Name: "reproduce", Args: "RUN", Short: "Recompute a run from the archive and compare.",
		Long: `RUN is the id of a run, or a period, which stands for its newest run. For a closed period that is not the
statement; the first lines say which run it is. Only rows that the run had seen are used. They are counted anew without the ledger, by the rules and pools of the run. Nothing is written.
The result is same: lines and payouts are those published; or inputs_erased (code 6): deletion requests have since
removed what the run was computed from, and are listed; or different (code 5): anything else, also published payouts
that do not follow from lines and pools. Lines that came out different are named with --operator only: they may be about one person.`,
		Examples: []string{"lakectl royalties reproduce 2026-03", "lakectl --json royalties reproduce 2026-03-0a1b2c3d4e"},
		Exits:    []int{frame.ExitProof, frame.ExitGone},
		Keys:     []string{"duckdb.memory_limit", "duckdb.threads"}, Text: []frame.Teller{frame.Text(sayReproduced)},
	}, (*reproduceFlags).declare, runRoyaltiesReproduce)
}

type reproduceFlags struct {
	Operator bool
}

func (f *reproduceFlags) declare() []cli.Flag {
	return []cli.Flag{
		operatorFlag(&f.Operator),
	}
}

func runRoyaltiesReproduce(ctx context.Context, c *frame.Call, f reproduceFlags) (any, error) {
	env, closeEnv, err := reach.Reader(ctx, c)
	if err != nil {
		return nil, err
	}
	defer closeEnv()
	result, err := audit.Reproduce(ctx, env, c.Args().First())
	if result == nil {
		return nil, err
	}
	if !f.Operator {
		result.Fold()
	}
	shown := reproduced{Result: *result}
	register, err2 := royalty.ReadRegister(ctx, env)
	if err2 == nil {
		shown.Standing, err2 = register.StandingOf(result.RunID)
	}
	return shown, errors.Join(err, err2) // what was compared is shown with the failure
}

// reproduced is a run reproduced, and which of its period it is.
type reproduced struct {
	royalty.Standing
	audit.Result
}
