package verbs

import (
	"context"

	"github.com/urfave/cli/v2"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/reach"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/chain"
	"github.com/lakectl/lakectl/jobs/purge"
	"github.com/lakectl/lakectl/jobs/rollup"
	"github.com/lakectl/lakectl/jobs/royalty"
)

func jobVerb() frame.Verb {
	return frame.Verb{
		Name:     "job",
		Short:    "Run one of the jobs that keep the derived tables.",
		Long:     "Every job can be killed at any time and run again; with nothing new it commits nothing.",
		Examples: []string{"lakectl job royalties"},
		Verbs: []frame.Verb{
			frame.Bind(frame.Verb{
				Name: "rollup", Short: "Bring the dashboard's tables up to date.",
				Long: `Adds the new rows of the archive as sums: plays_by_hour for the newest days (retention.hours), and for ever
plays_by_day, audience_by_day and listeners_by_day. Of the copies of a listen that come within 48 hours the first counts,
by what this machine remembers in rollup.state_directory; that folder may be lost at any time. Later copies count until
their day is compared with what counts: days that late rows or deletions touched, and with --true-up every day. What
differs is written anew, and plays_changes says what changed in days that had ended, and why. --true-up brings the
ledger up to date first, with --engine trino by the Trino of trino.url; days are compared by DuckDB either way.`,
				Examples: []string{"lakectl job rollup", "lakectl job rollup --true-up"}, Exits: []int{frame.ExitPartial, frame.ExitFenced, frame.ExitProof},
				Keys: []string{"engine", "duckdb.memory_limit", "duckdb.threads"}, Text: []frame.Teller{frame.Text(sayRollup)},
			}, (*rollupFlags).declare, runRollup),
			frame.Bind(frame.Verb{
				Name: "royalties", Short: "Count each listen once and share out the pools of every period whose inputs changed.",
				Long: `Reads only what was added to the archive since the last run. --full recounts every published period from the archive
alone, without the ledger, and ends with code 5 if a line differs. The differences of a closed period are posted to an
open one (see 'lakectl period --help'). unheard lists ids that rules, pools and splits name and that no counted listen of
a published month has. With --engine trino the Trino of trino.url reads the archive and the ledger; lakectl commits. Where
Trino is lost the code is 3, and the same command goes on.`,
				Examples: []string{"lakectl job royalties", "lakectl job royalties --dry-run", "lakectl job royalties --full"}, Exits: []int{frame.ExitPartial, frame.ExitFenced, frame.ExitProof},
				Keys: []string{"engine", "duckdb.memory_limit", "duckdb.threads"}, Text: []frame.Teller{frame.Text(sayForecast), frame.Text(sayRoyalties)},
			}, (*royaltiesFlags).declare, runRoyalties),
			frame.Bind(frame.Verb{
				Name: "deletions", Short: "Carry every open deletion request forward.",
				Long: `Deletes the rows that the requests cover from listens, quarantine and the ledger, recomputes the periods and days
they touched, and records each step in deletion_log. Royalties and dashboard follow the archive either way; with
--only-open nothing is done where no request is open. A listen that arrives later is kept out by ingest. Bytes of
deleted rows stay in files and old snapshots for retention.archive_snapshots, or until --purge-now; then the files are
rewritten without them, and every snapshot that reaches the old ones expires. What keeps a request from being purged is
printed with the command that helps. With --engine trino the Trino of trino.url finds the rows of open requests in
listens and the ledger; lakectl deletes them.`,
				Examples: []string{"lakectl job deletions", "lakectl job deletions --purge-now", "lakectl deletions list"}, Exits: []int{frame.ExitPartial, frame.ExitFenced, frame.ExitProof},
				Keys: []string{"engine", "duckdb.memory_limit", "duckdb.threads"}, Text: []frame.Teller{frame.Text(sayDeletions)},
			}, (*deletionsFlags).declare, runDeletions),
			maintainVerb(),
		},
	}
}

type rollupFlags struct {
	TrueUp bool
}

func (f *rollupFlags) declare() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "true-up", Usage: "rewrite every day that differs from what counts", Destination: &f.TrueUp},
	}
}

func runRollup(ctx context.Context, c *frame.Call, f rollupFlags) (any, error) {
	return reach.WithEnv(ctx, c, func(env jobs.Env) (rollup.Report, error) {
		o := rollupOptions(c)
		o.TrueUp = f.TrueUp
		return chain.RollUp(ctx, env, o)
	})
}

func rollupOptions(c *frame.Call) rollup.Options {
	return rollup.Options{Hours: c.Config.Retention.Hours, RecentFolder: c.Config.RecentFolder()}
}

type royaltiesFlags struct {
	Period string
	DryRun bool
	Full   bool
}

func (f *royaltiesFlags) declare() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "period", Usage: "only this `MONTH`, like 2026-03", Destination: &f.Period},
		&cli.BoolFlag{Name: "dry-run", Usage: "only say which periods would be recomputed, why, and how many rows that would read", Destination: &f.DryRun},
		&cli.BoolFlag{Name: "full", Usage: "recount from the archive alone and compare", Destination: &f.Full},
	}
}

func runRoyalties(ctx context.Context, c *frame.Call, f royaltiesFlags) (any, error) {
	if f.Period != "" {
		if err := needMonth("period", f.Period); err != nil {
			return nil, err
		}
	}
	env, closeEnv, err := reach.Env(ctx, c)
	if err != nil {
		return nil, err
	}
	defer closeEnv()
	report, err := royalty.Run(ctx, env, royalty.Options{Period: f.Period, Full: f.Full, DryRun: f.DryRun})
	switch {
	case c.JSON && report.Plan != nil:
		return frame.Result(report.Plan, err)
	case report.Plan != nil && err == nil:
		return plannedRoyalties{*report.Plan, publishedPeriods(ctx, env)}, nil
	case report.Full != nil && !c.JSON:
		return ranRoyalties{Report: report}, err // a proof that failed is shown with what it compared
	case report.Full != nil:
		return report, err
	case c.JSON || err != nil:
		return frame.Result(report, err)
	case report.Written:
		return ranRoyalties{Report: report}, nil
	}
	return ranRoyalties{report, publishedPeriods(ctx, env)}, nil
}

// publishedPeriods is how many periods are published; -1 where that cannot be read.
func publishedPeriods(ctx context.Context, env jobs.Env) int64 {
	runs, err := royalty.Runs(ctx, env)
	if err != nil {
		return -1
	}
	periods := map[string]bool{}
	for _, r := range runs {
		periods[r.Period] = true
	}
	return int64(len(periods))
}

type deletionsFlags struct {
	OnlyOpen bool
	PurgeNow bool
}

func (f *deletionsFlags) declare() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "only-open", Usage: "do nothing where no request is open", Destination: &f.OnlyOpen},
		&cli.BoolFlag{Name: "purge-now", Usage: "purge every request that is carried out, whatever retention.archive_snapshots says", Destination: &f.PurgeNow},
	}
}

func runDeletions(ctx context.Context, c *frame.Call, f deletionsFlags) (any, error) {
	env, closeEnv, err := reach.Env(ctx, c)
	if err != nil {
		return nil, err
	}
	defer closeEnv()
	purging := &purge.Options{Retention: c.Config.Retention.ArchiveSnapshots, Now: f.PurgeNow, RecentFolder: c.Config.RecentFolder()}
	done, err := chain.CarryOut(ctx, env, chain.DeletionsOptions{Rollup: rollupOptions(c), OnlyOpen: f.OnlyOpen, Purge: purging})
	if err == nil || done.Purged != nil { // the rows are gone, and what was derived from them is recomputed
		reach.NoteErased(ctx, c, env)
	}
	return done, err
}
