package verbs

import (
	"context"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/reach"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/erase"
)

func deletionsVerb() frame.Verb {
	return frame.Verb{
		Name:     "deletions",
		Short:    "See where each deletion request is.",
		Long:     "Requests arrive on the topic and are carried out by 'lakectl job deletions'. No user id is ever shown.",
		Examples: []string{"lakectl deletions list"},
		Verbs: []frame.Verb{
			{
				Name: "list", Short: "List the requests with their state.", Exits: []int{frame.ExitProof},
				Long: `The states: requested, nothing is done yet; located, its rows are known; rows_deleted, its rows are gone from the tables;
recomputed, everything derived from its rows is recomputed too.`,
				Examples: []string{"lakectl deletions list"}, Text: []frame.Teller{frame.Text(sayRequests)}, Run: runDeletionsList,
			},
			{
				Name: "show", Args: "REQUEST", Short: "Show every recorded step of one request.", Exits: []int{frame.ExitProof},
				Long:     "A request that was sent twice has two rows; each is carried out.",
				Examples: []string{"lakectl deletions show r-17"}, Text: []frame.Teller{frame.Text(sayRequest)}, Run: runDeletionsShow,
			},
		},
	}
}

func runDeletionsList(ctx context.Context, c *frame.Call) (any, error) {
	return reach.WithReader(ctx, c, func(env jobs.Env) ([]erase.Request, error) { return erase.List(ctx, env) })
}

func runDeletionsShow(ctx context.Context, c *frame.Call) (any, error) {
	return reach.WithReader(ctx, c, func(env jobs.Env) (erase.RequestDetail, error) { return erase.Show(ctx, env, c.Args().First()) })
}
