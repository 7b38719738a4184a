package topic

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/sasl"
)

const (
	requestTimeout = 30 * time.Second // for one answer, over what the broker may wait
	openPatience   = 30 * time.Second // for the first answer of a cluster
	missing        = 3 * time.Second  // how long a topic may stay unknown
	firstPause     = 50 * time.Millisecond
	longestPause   = 5 * time.Second
)

// Options names a topic and how to reach it.
type Options struct {
	Brokers  []string // host:port, any of the cluster
	Topic    string
	ClientID string
	TLS      *tls.Config    // nil = plain text
	SASL     sasl.Mechanism // nil = no authentication
	Log      *slog.Logger   // nil = silent
	MaxBytes int            // of one fetch, compressed; 0 = 8 MiB. One larger batch is read all the same
	MaxWait  time.Duration  // how long a fetch at the end waits for records; 0 = 500 ms
}

func (o Options) withDefaults() Options {
	if o.ClientID == "" {
		o.ClientID = "lakectl"
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = 8 << 20
	}
	o.MaxBytes = min(o.MaxBytes, maxAnswer/2)
	if o.MaxWait <= 0 {
		o.MaxWait = 500 * time.Millisecond
	}
	return o
}

// client is a connection pool to the topic's cluster. Safe for concurrent use.
type client struct {
	opts      Options
	addr      net.Addr
	transport *kafka.Transport
	stop      context.CancelFunc
	topicIDs  bool // the brokers speak Metadata v10

	mu       sync.Mutex
	lastDrop time.Time
}

func newClient(o Options) *client {
	o = o.withDefaults()
	ctx, stop := context.WithCancel(context.Background())
	return &client{
		opts: o,
		addr: kafka.TCP(o.Brokers...),
		stop: stop,
		transport: &kafka.Transport{
			ClientID:       o.ClientID,
			TLS:            o.TLS,
			SASL:           o.SASL,
			MetadataTopics: []string{o.Topic},
			Context:        ctx,
		},
	}
}

func (o Options) check() error {
	if len(o.Brokers) == 0 {
		return errors.New("no Kafka broker given")
	}
	if o.Topic == "" {
		return errors.New("no Kafka topic given")
	}
	return nil
}

// close ends the connections; requests under way may still finish.
func (c *client) close() {
	c.transport.CloseIdleConnections()
	c.stop()
}

func (c *client) roundTrip(ctx context.Context, wait time.Duration, m protocol.Message) (protocol.Message, error) {
	ctx, cancel := context.WithTimeout(ctx, wait+requestTimeout)
	defer cancel()
	return c.transport.RoundTrip(ctx, c.addr, m)
}

// dropLayout makes the next request connect anew and learn the leaders anew.
// Readers of many partitions fail together when a broker goes: one drop serves
// them all.
func (c *client) dropLayout() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.lastDrop) < firstPause {
		return
	}
	c.lastDrop = time.Now()
	c.transport.CloseIdleConnections()
}

// retry runs op until it succeeds, fails for good or ctx ends. partition is for
// the log and the error, -1 when the request is about the whole topic.
func (c *client) retry(ctx context.Context, request string, partition int, op func(ctx context.Context, attempt int) error) error {
	var unknownSince time.Time
	var last error // why it was tried again: an attempt that the context cuts off says nothing of its own
	for n := 0; ; n++ {
		err := op(ctx, n)
		if err == nil || !transient(err) {
			return err
		}
		if last == nil || !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) {
			last = err
		}
		if ctx.Err() != nil {
			return interrupted(ctx, request, last)
		}
		pause := pauseAfter(n)
		if !errors.Is(err, errMissing) {
			unknownSince = time.Time{}
		} else {
			if unknownSince.IsZero() {
				unknownSince = time.Now()
			}
			if time.Since(unknownSince) > missing {
				return c.unknown(err, partition)
			}
			pause = min(pause, missing/8)
		}
		c.opts.Log.Warn("kafka request failed, trying again", "request", request, "topic", c.opts.Topic,
			"partition", partition, "attempt", n+1, "pause_ms", pause.Milliseconds(), "error", err)
		c.dropLayout()
		if !sleep(ctx, pause) {
			return interrupted(ctx, request, last)
		}
	}
}

func (c *client) unknown(err error, partition int) error {
	if !errors.Is(err, errMissingPartition) {
		partition = -1
	}
	return &UnknownTopicError{Topic: c.opts.Topic, Partition: partition, Brokers: c.opts.Brokers}
}

func interrupted(ctx context.Context, request string, last error) error {
	if errors.Is(last, ctx.Err()) {
		return fmt.Errorf("%s: %w", request, ctx.Err())
	}
	return fmt.Errorf("%s: %w; last error: %w", request, ctx.Err(), last)
}

// pauseAfter doubles with each attempt and takes up to a quarter off at random,
// so that readers that failed together do not come back together.
func pauseAfter(attempt int) time.Duration {
	d := longestPause
	if attempt < 7 {
		d = min(d, firstPause<<attempt)
	}
	return d - rand.N(d/4)
}

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
