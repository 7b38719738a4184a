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
		Short:    "See where each deletion request is, and what it will take.",
		Long:     "Requests arrive on the topic and are carried out by 'lakectl job deletions'. No user id is ever shown.",
		Examples: []string{"lakectl deletions list", "lakectl deletions plan"},
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
			{
				Name: "plan", Args: "[REQUEST]", Short: "Say what the next 'lakectl job deletions' will delete, or one request alone.", Exits: []int{frame.ExitProof},
				Long: `Searches as the job does and touches nothing. Of each table: files and row groups that hold the rows, bytes of these
files, rows, bytes of the rows, and how many bytes would be written for each that goes if the files were rewritten. Of
each request: rows, days and periods. A row that several requests cover counts for the first.`,
				Examples: []string{"lakectl deletions plan", "lakectl deletions plan r-17"}, Keys: []string{"duckdb.memory_limit", "duckdb.threads"},
				Text: []frame.Teller{frame.Text(sayForeseen)}, Run: runDeletionsPlan,
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

func runDeletionsPlan(ctx context.Context, c *frame.Call) (any, error) {
	return reach.WithEnv(ctx, c, func(env jobs.Env) (erase.Forecast, error) { return erase.Foresee(ctx, env, c.Args().First()) })
}
