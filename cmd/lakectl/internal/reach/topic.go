package reach

import (
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/jobs/ingest"
	"github.com/lakectl/lakectl/jobs/topic"
	"github.com/lakectl/lakectl/lake/listen"
)

// TopicOptions says how to reach the configured topic.
func TopicOptions(c *frame.Call) (topic.Options, error) {
	k := c.Config.Kafka
	secure, err := k.TLS.Load()
	if err != nil {
		return topic.Options{}, err
	}
	login, err := k.SASL.Login()
	return topic.Options{Brokers: k.Brokers, Topic: k.Topic, ClientID: "lakectl", TLS: secure, SASL: login, Log: c.Log}, err
}

// IngestOptions says when an ingester commits and what it refuses.
func IngestOptions(c *frame.Call) ingest.Options {
	k := c.Config.Ingest
	return ingest.Options{
		FlushAge: k.FlushAge, FlushRows: int(k.FlushRows), FlushBytes: int64(k.FlushBytes),
		Limits: listen.Limits{MaxAhead: k.MaxAhead, MaxLate: k.MaxLate}, MaxRefusedPercent: int(k.MaxRefusedPercent),
	}
}
