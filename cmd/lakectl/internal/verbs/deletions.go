package verbs

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/reach"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
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
recomputed, everything derived from its rows is recomputed too; purged, no file that held its rows is left. withdrawn, an operator took it back. deadline is
erasure.deadline after the request's arrival; misses says why a request is not purged by then if nothing changes. What keeps the files of
recomputed requests is what the last 'lakectl job deletions' found: a tag, a branch, a hold, another engine's snapshot, orphans or a staging table until a time.`,
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
			deletionsVerifyVerb(),
			deletionsOpeningVerb(),
			deletionsForgetVerb(),
			frame.Bind(frame.Verb{
				Name: "hold", Args: "REQUEST", Short: "Keep a request from being carried out, whatever its deadline.",
				Long: `For a legal hold. Nothing is deleted for the request, and listens that it covers are archived, until it is released.
Where its rows are gone from the tables already, the files that held them stay. The reason is shown to operators by
'lakectl deletions list', and nowhere else. A hold is of one request: another one by the same listener is carried out.`,
				Examples: []string{"lakectl deletions hold r-17 --reason 'case 4711'"}, Text: []frame.Teller{frame.Text(sayRequestDecided)},
			}, (*reasonFlags).declare, runDeletionsHold),
			{
				Name: "release", Args: "REQUEST", Short: "End a hold: the request is carried out by the next 'lakectl job deletions'.",
				Long:     "Listens that came while it was held are searched for, too.",
				Examples: []string{"lakectl deletions release r-17"}, Text: []frame.Teller{frame.Text(sayRequestDecided)}, Run: runDeletionsRelease,
			},
			frame.Bind(frame.Verb{
				Name: "withdraw", Args: "REQUEST", Short: "Take a request back for good, before anything is done for it.",
				Long: `A mistaken request can be taken back while it is in the state requested; deletions.delay leaves time for it. Retries
of it that come later are withdrawn with it; a request that says something else is another one, and binds.`,
				Examples: []string{"lakectl deletions withdraw r-17 --reason 'asked by mistake'"}, Text: []frame.Teller{frame.Text(sayRequestDecided)},
			}, (*reasonFlags).declare, runDeletionsWithdraw),
			deletionsExportVerb(),
			deletionsReapplyVerb(),
		},
	}
}

func runDeletionsList(ctx context.Context, c *frame.Call) (any, error) {
	return reach.With(ctx, c, reach.ReaderBehind, func(env jobs.Env) ([]erase.Request, error) { return erase.List(ctx, env) })
}

func runDeletionsShow(ctx context.Context, c *frame.Call) (any, error) {
	return reach.With(ctx, c, reach.ReaderBehind, func(env jobs.Env) (erase.RequestDetail, error) { return erase.Show(ctx, env, c.Args().First()) })
}

func runDeletionsPlan(ctx context.Context, c *frame.Call) (any, error) {
	return reach.With(ctx, c, reach.EnvBehind, func(env jobs.Env) (erase.Forecast, error) { return erase.Foresee(ctx, env, c.Args().First()) })
}

type reasonFlags struct {
	Reason string
}

func (f *reasonFlags) declare() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "reason", Usage: "why, in your own `WORDS`: shown to operators only", Destination: &f.Reason},
	}
}

// mostReason is how many bytes a reason may have.
const mostReason = 256

func (f reasonFlags) check() error {
	switch {
	case strings.TrimSpace(f.Reason) == "":
		return usage.Errorf("add --reason 'WORDS'", "no reason is given")
	case len(f.Reason) > mostReason || !utf8.ValidString(f.Reason) || strings.ContainsFunc(f.Reason, unicode.IsControl):
		return usage.Errorf("shorten it, and name what says more", "a reason has at most %d bytes of text in one line", mostReason)
	}
	return nil
}

func runDeletionsHold(ctx context.Context, c *frame.Call, f reasonFlags) (any, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	return reach.With(ctx, c, reach.EnvBehind, func(env jobs.Env) (erase.Decided, error) {
		return erase.Hold(ctx, env, c.Args().First(), f.Reason)
	})
}

func runDeletionsRelease(ctx context.Context, c *frame.Call) (any, error) {
	return reach.With(ctx, c, reach.EnvBehind, func(env jobs.Env) (erase.Decided, error) { return erase.Release(ctx, env, c.Args().First()) })
}

func runDeletionsWithdraw(ctx context.Context, c *frame.Call, f reasonFlags) (any, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	return reach.With(ctx, c, reach.EnvBehind, func(env jobs.Env) (erase.Decided, error) {
		return erase.Withdraw(ctx, env, c.Args().First(), f.Reason)
	})
}
