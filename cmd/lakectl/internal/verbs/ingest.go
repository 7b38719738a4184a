package verbs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/reach"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
	"github.com/lakectl/lakectl/jobs/ingest"
	"github.com/lakectl/lakectl/jobs/topic"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/listen"
)

func ingestVerb() frame.Verb {
	return frame.Bind(frame.Verb{
		Name:  "ingest",
		Short: "Consume the Kafka topic into the archive, exactly once.",
		Long: `Every record ends in exactly one place: it becomes a row of listens, of deletion_requests or of quarantine, or it is
counted as suppressed by an earlier deletion request. Positions are committed with the rows, so a restart continues
where the archive ends. Runs until stopped; a signal flushes and commits. Several ingesters share the partitions: start
as many as there are partitions, with the same --group. With --until-caught-up an ingester reads all partitions by
itself, outside the group. If two ingesters read the same partitions, one continues. The other waits and takes over, or
ends with code 4 outside a group.`,
		Examples: []string{
			"lakectl ingest --brokers kafka-1:9092 --topic listens", "lakectl ingest --until-caught-up",
			"lakectl ingest --from earliest   # records were deleted before they were read: go on without them, and record that",
		},
		Exits: []int{frame.ExitPartial, frame.ExitFenced, frame.ExitProof},
		Keys:  []string{"kafka.brokers", "kafka.topic", "kafka.group", "ingest.flush_rows", "ingest.metrics_addr"},
		Text:  []frame.Teller{frame.Text(sayIngest)},
		Verbs: []frame.Verb{frame.Bind(frame.Verb{
			Name: "file", Args: "PATH...", Short: "Read JSON Lines files into the archive, exactly once.",
			Long: `Files may be compressed (.gz, .zst); - is stdin and needs --source. A source is named by its content, so reading
the same file twice changes nothing. Offsets are line numbers. --received-time is for records that carry no received time.`,
			Examples: []string{"lakectl ingest file events.jsonl", "zcat old.gz | lakectl ingest file --source old -"},
			Exits:    []int{frame.ExitPartial, frame.ExitFenced, frame.ExitProof},
			Text:     []frame.Teller{frame.Text(sayIngest)},
		}, (*ingestFileFlags).declare, runIngestFile), ingestStatusVerb()},
	}, (*ingestFlags).declare, func(ctx context.Context, c *frame.Call, f ingestFlags) (any, error) {
		return profiled(f.CPUProfile, func() (any, error) { return runIngest(ctx, c, f) })
	})
}

type ingestFlags struct {
	UntilCaughtUp bool
	From          string
	CPUProfile    string
}

func (f *ingestFlags) declare() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "until-caught-up", Usage: "stop where the topic ended when the command started", Destination: &f.UntilCaughtUp},
		&cli.StringFlag{Name: "from", Usage: "`WHERE` to start in a partition that has no position, or whose next records are deleted: earliest, latest or PARTITION=OFFSET,...", Destination: &f.From},
		cpuProfileFlag(&f.CPUProfile),
	}
}

func runIngest(ctx context.Context, c *frame.Call, f ingestFlags) (_ any, err error) {
	from, err := ingest.ParseFrom(f.From)
	if err != nil {
		return nil, askedWrong(err)
	}
	metrics, stopMetrics, err := serveMetrics(c)
	if err != nil {
		return nil, err
	}
	defer stopMetrics()
	env, closeEnv, err := reach.EnvBehind(ctx, c)
	if err != nil {
		return unlessStopped(ctx, err)
	}
	defer closeEnv()
	o, err := reach.TopicOptions(c)
	if err != nil {
		return nil, err
	}
	t, err := topic.Open(ctx, o)
	if err != nil {
		return unlessStopped(ctx, err)
	}
	defer func() { err = errors.Join(err, t.Close()) }()
	options := reach.IngestOptions(c)
	options.UntilCaughtUp, options.From, options.Metrics = f.UntilCaughtUp, from, metrics
	options.Group, options.SessionTimeout = c.Config.Kafka.Group, c.Config.Kafka.SessionTimeout
	report, err := ingest.Kafka(ctx, env, t, options)
	if errors.Is(err, ingest.ErrUsage) && report.Records == 0 {
		return nil, askedWrong(err)
	}
	if errors.As(err, new(*topic.OtherLakeError)) && report.Records == 0 {
		return nil, usage.Of(err)
	}
	return report, err
}

// unlessStopped is a report of nothing for who stopped the ingester before it began, as there is one for who stops it
// later.
func unlessStopped(ctx context.Context, err error) (any, error) {
	if ctx.Err() == nil {
		return nil, err
	}
	return ingest.Report{Quarantined: map[listen.Reason]int64{}}, nil
}

// serveMetrics shows metrics where the configuration says, before anything is ingested; nil where it says nowhere.
func serveMetrics(c *frame.Call) (m *ingest.Metrics, stop func(), err error) {
	addr := c.Config.Ingest.MetricsAddr
	if addr == "" {
		return nil, func() {}, nil
	}
	m = ingest.NewMetrics()
	at, stop, err := m.Serve(addr, c.Log)
	if err != nil {
		return nil, nil, lake.WithHint(fmt.Errorf("ingest.metrics_addr is %s: %w", addr, err), "give another address with --metrics-addr, or stop what listens there: 'ss -ltnp'")
	}
	c.Log.Info("serving metrics", "addr", at)
	return m, stop, nil
}

type ingestFileFlags struct {
	ReceivedTime string
	Source       string
}

func (f *ingestFileFlags) declare() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "received-time", Usage: "received `TIME` (RFC 3339) of records that carry none", Destination: &f.ReceivedTime},
		&cli.StringFlag{Name: "source", Usage: "`NAME` of the source (default: made from its content)", Destination: &f.Source},
	}
}

func runIngestFile(ctx context.Context, c *frame.Call, f ingestFileFlags) (any, error) {
	options := reach.IngestOptions(c)
	options.Source = f.Source
	if text := f.ReceivedTime; text != "" {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return nil, usage.Errorf("give a time like 2026-03-01T00:00:00Z", "--received-time is %q", text)
		}
		options.ReceivedTime = &at
	}
	env, closeEnv, err := reach.EnvBehind(ctx, c)
	if err != nil {
		return nil, err
	}
	defer closeEnv()
	report, err := ingest.Files(ctx, env, c.Args().Slice(), c.Stdin, options)
	if errors.Is(err, ingest.ErrUsage) && report.Records == 0 {
		return nil, askedWrong(err) // nothing was read, so there is nothing to report
	}
	return report, err
}

// askedWrong makes wrong usage of a request that package ingest refused for what it asks.
func askedWrong(err error) error {
	if errors.Is(err, ingest.ErrUsage) {
		return usage.Of(err)
	}
	return err
}
