package main

import (
	"context"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/reach"
	"github.com/lakectl/lakectl/jobs/topic"
)

func benchLoadVerb(flags ...cli.Flag) frame.Verb {
	return frame.Verb{
		Name: "load", Short: "Fill a new topic with the load that bench ingest reads, for others to read the same.",
		Long:     "The topic must not exist. Records are keyed by user, so that every partition has some, and lz4 compressed.",
		Examples: []string{"lakectl bench load --brokers 127.0.0.1:9092 --topic peers --rows 2000000"},
		Flags:    flags, Keys: []string{"kafka.brokers", "kafka.topic"}, Run: runBenchLoad,
	}
}

type loadReport struct {
	Topic      string  `json:"topic"`
	Partitions int     `json:"partitions"`
	Records    int     `json:"records"`
	Seconds    float64 `json:"seconds"`
}

func runBenchLoad(ctx context.Context, c *frame.Call) (any, error) {
	to, err := reach.TopicOptions(c)
	if err != nil {
		return nil, err
	}
	if err := topic.Create(ctx, to, demoPartitions); err != nil {
		return nil, err
	}
	started := time.Now()
	if err := produceLoad(ctx, c, to); err != nil {
		return nil, err
	}
	return loadReport{Topic: to.Topic, Partitions: demoPartitions, Records: c.Int("rows"), Seconds: time.Since(started).Seconds()}, nil
}
