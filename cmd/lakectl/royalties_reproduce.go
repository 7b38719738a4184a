package main

import (
	"context"

	"github.com/urfave/cli/v2"

	"github.com/lakectl/lakectl/jobs/audit"
)

func royaltiesReproduceVerb() verb {
	return verb{
		Name: "reproduce", Args: "RUN", Short: "Recompute a run from the archive and compare.",
		Long: `RUN is the id of a run, or a period for its newest run. The archive is cut where the run saw its end, whatever came
in since, and counted anew without the ledger, by the rules and pools of the run. Nothing is written.
same: lines and payouts are those published. inputs_erased (code 6): deletion requests have since removed what
the run was computed from; they are listed. different (code 5): anything else, also published payouts that do
not follow from lines and pools. Lines that came out different are named with --operator only: they may be about one person.`,
		Examples: []string{"lakectl royalties reproduce 2026-03", "lakectl --json royalties reproduce 2026-03-0a1b2c3d4e"},
		Exits:    []int{exitProof, exitGone},
		Flags:    []cli.Flag{operatorFlag()},
		Keys:     []string{"duckdb.memory_limit", "duckdb.threads"}, Run: runRoyaltiesReproduce,
	}
}

func runRoyaltiesReproduce(ctx context.Context, c *call) (any, error) {
	env, closeEnv, err := openReader(ctx, c)
	if err != nil {
		return nil, err
	}
	defer closeEnv()
	result, err := audit.Reproduce(ctx, env, c.Args().First())
	if result != nil && !c.Bool("operator") {
		result.Fold()
	}
	return result, err // what was compared is shown with the failure
}
