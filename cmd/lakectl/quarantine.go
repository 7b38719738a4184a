package main

import (
	"context"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/ingest"
	"github.com/lakectl/lakectl/lake/listen"
)

func quarantineVerb() verb {
	return verb{
		Name:     "quarantine",
		Short:    "See the records that were refused.",
		Examples: []string{"lakectl quarantine list"},
		Verbs: []verb{{
			Name: "list", Short: "List refused records, newest first, and how many there are by reason.",
			Long: `A refused record keeps its bytes, its place in the source and the reason. The reasons are malformed_json,
unknown_type, missing_field, invalid_field, event_time_in_future and event_time_too_old.`,
			Examples: []string{"lakectl quarantine list", "lakectl quarantine list --reason invalid_field --since 2026-03-01T00:00:00Z"},
			Flags: []cli.Flag{
				&cli.StringFlag{Name: "reason", Usage: "only this `REASON`"},
				&cli.StringFlag{Name: "since", Usage: "only received at or after this `TIME` (RFC 3339)"},
				&cli.IntFlag{Name: "limit", Usage: "show at most `N` records", Value: 20},
			},
			Run: runQuarantineList,
		}},
	}
}

func runQuarantineList(ctx context.Context, c *call) (any, error) {
	f := ingest.Filter{Reason: c.String("reason"), Limit: c.Int("limit")}
	if text := c.String("since"); text != "" {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return nil, usagef("give a time like 2026-03-01T00:00:00Z", "--since is %q", text)
		}
		f.Since = at
	}
	return withEnv(ctx, c, func(env jobs.Env) (q quarantineResult, err error) {
		if q.Reasons, err = ingest.QuarantineCounts(ctx, env, f); err != nil {
			return q, askedWrong(err)
		}
		q.Records, err = ingest.Quarantined(ctx, env, f)
		return q, askedWrong(err)
	})
}

type quarantineResult struct {
	Reasons map[listen.Reason]int64 `json:"reasons"` // of all records that match, not only those shown
	Records []ingest.Refused        `json:"records"`
}
