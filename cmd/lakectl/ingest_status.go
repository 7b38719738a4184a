package main

import (
	"context"
	"errors"

	"github.com/lakectl/lakectl/jobs/ingest"
	"github.com/lakectl/lakectl/jobs/topic"
)

// statusFetchBytes is enough to see one record; a batch that is larger comes whole.
const statusFetchBytes = 1 << 20

func ingestStatusVerb() verb {
	return verb{
		Name: "status", Short: "Show how far the archive is behind the topic.",
		Long: `Reads the positions of the archive and the ends of the partitions, and commits nothing. lag_seconds is the age of the
oldest record that is not archived, 0 when there is none. lag_records counts offsets, so it includes markers and records
of aborted transactions until a commit passes them. problem names what an ingester would stop at.`,
		Examples: []string{"lakectl ingest status", "lakectl --json ingest status --topic listens"},
		Keys:     []string{"kafka.brokers", "kafka.topic"},
		Run:      runIngestStatus,
	}
}

func runIngestStatus(ctx context.Context, c *call) (_ any, err error) {
	env, closeEnv, err := openReader(ctx, c)
	if err != nil {
		return nil, err
	}
	defer closeEnv()
	o, err := topicOptions(c)
	if err != nil {
		return nil, err
	}
	o.MaxBytes = statusFetchBytes
	t, err := topic.Open(ctx, o)
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
	return s, nil
}
