package bench

import (
	"context"
	"time"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/reach"
	"github.com/lakectl/lakectl/jobs/topic"
)

// loadPartitions are the partitions of the topic that is filled.
const loadPartitions = 4

type loadReport struct {
	Topic      string  `json:"topic"`
	Partitions int     `json:"partitions"`
	Records    int     `json:"records"`
	Seconds    float64 `json:"seconds"`
}

// LoadOptions are the load of [Load].
type LoadOptions struct {
	Rows int
	Seed uint64
}

// Load fills a new topic.
func Load(ctx context.Context, c *frame.Call, o LoadOptions) (any, error) {
	to, err := reach.TopicOptions(c)
	if err != nil {
		return nil, err
	}
	if err := topic.Create(ctx, to, loadPartitions); err != nil {
		return nil, err
	}
	started := time.Now()
	if err := produceLoad(ctx, c, to, IngestOptions{Rows: o.Rows, Seed: o.Seed}.load()); err != nil {
		return nil, err
	}
	return loadReport{Topic: to.Topic, Partitions: loadPartitions, Records: o.Rows, Seconds: time.Since(started).Seconds()}, nil
}
