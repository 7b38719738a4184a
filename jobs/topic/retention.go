package topic

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/segmentio/kafka-go"
)

// Retention is how long a topic keeps records, by its configuration.
type Retention struct {
	Delete  bool          // old segments are deleted; else the topic is compacted and keeps the newest of each key
	Age     time.Duration // of the newest record of a segment that is deleted; below 0: whatever its age
	Segment time.Duration // between the first and the newest record of a segment, at most
}

// sweeps are the rounds in which brokers look for old segments and unlink them: 6 minutes by default.
const sweeps = 10 * time.Minute

// Longest is how long a record is in the log at most, if its time is not ahead of the broker's clock; false where the
// time is not limited.
func (r Retention) Longest() (time.Duration, bool) {
	if !r.Delete || r.Age < 0 {
		return 0, false
	}
	return r.Age + r.Segment + sweeps, true
}

const (
	cleanupPolicy = "cleanup.policy"
	retentionAge  = "retention.ms"
	segmentAge    = "segment.ms"
)

// endless is the age in milliseconds from which a limit is none: 100 years.
const endless = 100 * 365 * 24 * 3600 * 1000

// Retention asks a broker.
func (t *Topic) Retention(ctx context.Context) (r Retention, err error) {
	err = t.retry(ctx, "describe configuration", -1, func(ctx context.Context, _ int) error {
		r, err = t.retention(ctx)
		return err
	})
	return r, err
}

func (t *Topic) retention(ctx context.Context) (Retention, error) {
	admin := &kafka.Client{Addr: t.addr, Transport: t.transport, Timeout: requestTimeout}
	res, err := admin.DescribeConfigs(ctx, &kafka.DescribeConfigsRequest{Resources: []kafka.DescribeConfigRequestResource{{
		ResourceType: kafka.ResourceTypeTopic, ResourceName: t.opts.Topic, ConfigNames: []string{cleanupPolicy, retentionAge, segmentAge},
	}}})
	if err != nil {
		return Retention{}, err
	}
	values := map[string]string{}
	for _, one := range res.Resources {
		if one.Error != nil {
			return Retention{}, one.Error
		}
		for _, e := range one.ConfigEntries {
			values[e.ConfigName] = e.ConfigValue
		}
	}
	r := Retention{Delete: slices.Contains(strings.Split(values[cleanupPolicy], ","), "delete")}
	if r.Age, err = milliseconds(values, retentionAge); err != nil {
		return Retention{}, err
	}
	r.Segment, err = milliseconds(values, segmentAge)
	return r, err
}

func milliseconds(values map[string]string, name string) (time.Duration, error) {
	n, err := strconv.ParseInt(values[name], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%w: %s of the topic is %q", errMalformed, name, values[name])
	}
	if n < 0 || n > endless {
		return -1, nil
	}
	return time.Duration(n) * time.Millisecond, nil
}

// errSeen ends a fetch that has shown what it was made for.
var errSeen = errors.New("seen")

// mostLooks is how many answers may hold no record with a time before the time stays unknown.
const mostLooks = 64

// Oldest is the time of the first committed record within bounds that has one; false where none is known.
func (t *Topic) Oldest(ctx context.Context, partition int, b Bounds) (at time.Time, known bool, err error) {
	from := b.Start
	for range mostLooks {
		if from >= b.End {
			return at, false, nil
		}
		next, err := t.Fetch(ctx, partition, from, func(r Record) error {
			if r.Offset >= b.End || r.Time == NoTime {
				return nil
			}
			at = time.UnixMicro(r.Time).UTC()
			return errSeen
		})
		switch {
		case errors.Is(err, errSeen):
			return at, true, nil
		case err != nil:
			return at, false, err
		case next <= from:
			return at, false, nil
		}
		from = next
	}
	return at, false, nil
}
