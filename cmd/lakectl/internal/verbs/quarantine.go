package verbs

import (
	"context"
	"errors"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/reach"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/ingest"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/listen"
)

func quarantineVerb() frame.Verb {
	return frame.Verb{
		Name:     "quarantine",
		Short:    "See the records that were refused, and take in those that pass today.",
		Examples: []string{"lakectl quarantine list", "lakectl quarantine replay --reason event_time_too_old"},
		Verbs: []frame.Verb{
			frame.Bind(frame.Verb{
				Name: "list", Short: "List refused records, newest first, and how many there are by reason.", Exits: []int{frame.ExitProof},
				Long: `A refused record keeps its bytes, its place in the source and the reason. The reasons are malformed_json, unknown_type,
missing_field, invalid_field, event_time_in_future and event_time_too_old. Records that a replay took in are counted by
what became of them, and listed with --all.`,
				Examples: []string{"lakectl quarantine list", "lakectl quarantine list --reason invalid_field --since 2026-03-01T00:00:00Z"},
				Text:     []frame.Teller{frame.Text(sayQuarantine), frame.Text(sayDecided)},
			}, (*listFlags).declare, runQuarantineList),
			frame.Bind(frame.Verb{
				Name: "replay", Short: "Decode refused records again and archive those that pass today, each once.",
				Long: `For records that were refused by limits that have changed since (ingest.max_ahead, ingest.max_late) or by an earlier
version. A record that passes goes into listens or deletion_requests, with its place in the source and its times; a
listen that a deletion request covers is counted as suppressed. The row in quarantine stays and says what became of the
record. A record that is refused again stays as it is. If no record passes, nothing is written. It may run while ingest
does, and be killed and run again at any time.`,
				Examples: []string{
					"lakectl quarantine replay --reason event_time_too_old   # after raising ingest.max_late",
					"lakectl quarantine replay --reason invalid_field --since 2026-03-01T00:00:00Z",
				},
				Exits: []int{frame.ExitFenced, frame.ExitProof},
				Keys:  []string{"ingest.flush_rows", "duckdb.memory_limit", "duckdb.threads"},
				Text:  []frame.Teller{frame.Text(sayReplay)},
			}, (*replayFlags).declare, runQuarantineReplay),
		},
	}
}

func sinceFlag(to *string) cli.Flag {
	return &cli.StringFlag{Name: "since", Usage: "only records received at or after this `TIME` (RFC 3339)", Destination: to}
}

// sinceTime reads --since, the zero time if it is not given.
func sinceTime(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, usage.Errorf("give a time like 2026-03-01T00:00:00Z", "--since is %q", text)
	}
	return at, nil
}

type listFlags struct {
	Reason string
	Limit  int
	All    bool
	Since  string
}

func (f *listFlags) declare() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "reason", Usage: "only this `REASON`", Destination: &f.Reason}, sinceFlag(&f.Since),
		&cli.IntFlag{Name: "limit", Usage: "show at most `N` records", Value: 20, Destination: &f.Limit},
		&cli.BoolFlag{Name: "all", Usage: "show replayed records too, with what became of them", Destination: &f.All},
	}
}

func runQuarantineList(ctx context.Context, c *frame.Call, f listFlags) (any, error) {
	since, err := sinceTime(f.Since)
	if err != nil {
		return nil, err
	}
	filter := ingest.Filter{Reason: f.Reason, Since: since, Limit: f.Limit, All: f.All}
	return reach.WithReader(ctx, c, func(env jobs.Env) (any, error) {
		if !filter.All {
			return listQuarantine(ctx, env, filter, func(r ingest.Refused) ingest.Refused { return r })
		}
		return listQuarantine(ctx, env, filter, func(r ingest.Refused) decidedRecord { return decidedRecord{r.Outcome, r.OutcomeAt, r} })
	})
}

func listQuarantine[R any](ctx context.Context, env jobs.Env, f ingest.Filter, shown func(ingest.Refused) R) (q quarantineResult[R], err error) {
	if q.Reasons, err = ingest.QuarantineCounts(ctx, env, f); err != nil {
		return q, askedWrong(err)
	}
	if q.Replayed, err = ingest.ReplayedCounts(ctx, env, f); err != nil {
		return q, err
	}
	records, err := ingest.Quarantined(ctx, env, f)
	for _, r := range records {
		q.Records = append(q.Records, shown(r))
	}
	return q, err
}

// quarantineResult counts all records that match, not only those shown.
type quarantineResult[R any] struct {
	Reasons  map[listen.Reason]int64  `json:"reasons"`
	Replayed map[ingest.Outcome]int64 `json:"replayed,omitempty"`
	Records  []R                      `json:"records"`
}

// decidedRecord is a refused record with what became of it; "" for nothing yet.
type decidedRecord struct {
	Outcome   ingest.Outcome `json:"outcome"`
	OutcomeAt *time.Time     `json:"outcome_at"`
	ingest.Refused
}

type replayFlags struct {
	Reason string
	Since  string
}

func (f *replayFlags) declare() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "reason", Usage: "records that were refused for this `REASON`", Destination: &f.Reason}, sinceFlag(&f.Since),
	}
}

func runQuarantineReplay(ctx context.Context, c *frame.Call, f replayFlags) (any, error) {
	since, err := sinceTime(f.Since)
	if err != nil {
		return nil, err
	}
	env, closeEnv, err := reach.Env(ctx, c)
	if err != nil {
		return nil, err
	}
	defer closeEnv()
	o := reach.IngestOptions(c)
	report, err := ingest.Replay(ctx, env, ingest.ReplayOptions{
		Reason: f.Reason, Since: since, Limits: o.Limits, FlushRows: o.FlushRows, FlushBytes: o.FlushBytes,
	})
	if errors.Is(err, ingest.ErrUsage) {
		hint := lake.Hint(err)
		if f.Reason == "" {
			return nil, usage.Errorf(hint, "flag --reason is missing")
		}
		return nil, askedWrong(err)
	}
	return report, err
}
