package verbs

import (
	"context"
	"errors"
	"strings"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/reach"
	"github.com/lakectl/lakectl/jobs/ingest"
	"github.com/lakectl/lakectl/jobs/topic"
)

// statusFetchBytes is enough to see one record; a batch that is larger comes whole.
const statusFetchBytes = 1 << 20

func ingestStatusVerb() frame.Verb {
	return frame.Verb{
		Name: "status", Short: "Show how far the archive is behind the topic.",
		Long: `Reads the positions of the archive and the ends of the partitions, and commits nothing. lag_seconds is the age of the
oldest record that is not archived, 0 when there is none. lag_records counts offsets, so it includes markers and records
of aborted transactions until a commit passes them. problem names what an ingester would stop at. If
no broker answers within 5 s, the text shows what the archive knows, and the command ends with code 1.`,
		Examples: []string{"lakectl ingest status", "lakectl --json ingest status --topic listens"},
		Keys:     []string{"kafka.brokers", "kafka.topic"},
		Text:     []frame.Teller{frame.Text(sayIngestStatus)},
		Run:      runIngestStatus,
	}
}

func runIngestStatus(ctx context.Context, c *frame.Call) (_ any, err error) {
	env, closeEnv, err := reach.ReaderBehind(ctx, c)
	if err != nil {
		return nil, err
	}
	defer closeEnv()
	o, err := reach.TopicOptions(c)
	if err != nil {
		return nil, err
	}
	o.MaxBytes = statusFetchBytes
	t, err := reach.OpenSoon(ctx, o)
	if err != nil && !c.JSON && ctx.Err() == nil {
		s, err2 := ingest.ArchiveStatus(ctx, env, o.Topic)
		if err2 != nil {
			return nil, errors.Join(err, err2)
		}
		why := err.Error()
		if errors.As(err, new(*topic.UnreachableError)) {
			why = "no answer from " + strings.Join(o.Brokers, ", ")
		}
		return ingestLag{s, why}, err
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, t.Close()) }()
	s, err := ingest.StatusOf(ctx, env, t)
	if err != nil {
		return nil, err
	}
	if s.Problem != "" {
		c.Log.Warn("ingest would stop", "problem", s.Problem, "hint", s.Hint)
	}
	for _, p := range s.Partitions {
		if p.Problem != "" {
			c.Log.Warn("ingest would stop", "partition", p.Partition, "problem", p.Problem, "hint", p.Hint)
		}
	}
	return ingestLag{Status: s}, nil
}
