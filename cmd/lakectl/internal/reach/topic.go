package reach

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/jobs/ingest"
	"github.com/lakectl/lakectl/jobs/topic"
	"github.com/lakectl/lakectl/jobs/verify"
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

// patience is how long the brokers may take to answer at all, where they are only asked how things are.
const patience = 5 * time.Second

// OpenSoon opens a topic if a broker answers soon. That one does not is one error, not a warning for each attempt.
func OpenSoon(ctx context.Context, o topic.Options) (*topic.Topic, error) {
	soon, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	heard := &mutedUntil{Handler: o.Log.Handler()}
	o.Log = slog.New(heard)
	t, err := topic.Open(soon, o)
	heard.open.Store(true)
	return t, err
}

// mutedUntil drops what is logged until it is open.
type mutedUntil struct {
	slog.Handler
	open atomic.Bool
}

func (m *mutedUntil) Enabled(ctx context.Context, level slog.Level) bool {
	return m.open.Load() && m.Handler.Enabled(ctx, level)
}

// VerifyOptions say where to look for a request, "" for all that are purged.
func VerifyOptions(c *frame.Call, request string) verify.Options {
	return verify.Options{
		Request: request, Folders: BesideTables(c), Topic: c.Config.Kafka.Topic,
		OpenTopic: func(ctx context.Context) (*topic.Topic, error) {
			o, err := TopicOptions(c)
			if err != nil {
				return nil, err
			}
			return OpenSoon(ctx, o)
		},
	}
}
