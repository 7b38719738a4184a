package ingest

import (
	"fmt"
	"maps"

	"github.com/lakectl/lakectl/jobs/topic"
	"github.com/lakectl/lakectl/lake"
)

// source is where records come from: its name in the rows, and its part of a table's positions.
type source interface {
	// name is the value of source_topic.
	name() string
	// held reads the next offset of each partition out of a table's positions; no entry, no key. It fails
	// where the positions belong to something else of the same name.
	held(p lake.Positions) (map[int]int64, error)
	// moved returns the positions with next merged in; what belongs to other sources stays.
	moved(p lake.Positions, next map[int]int64) lake.Positions
}

// topicSource is a Kafka topic. Rows tell copies apart by topic name, partition and offset, so one name must
// stand for one topic for the life of the archive.
type topicSource topic.Identity

func (t topicSource) name() string { return t.Topic }

func (t topicSource) held(p lake.Positions) (map[int]int64, error) {
	for _, known := range p.Topics {
		if known.Topic != t.Topic {
			continue
		}
		if known.Cluster != t.Cluster {
			return nil, lake.WithHint(
				fmt.Errorf("topic %s of cluster %q: the archive has records of a topic of this name from cluster %q, and offsets of the two would be taken for each other", t.Topic, t.Cluster, known.Cluster),
				"point kafka.brokers at the old cluster, or give the topic of the new one another name, or start a new lake with 'lakectl init'")
		}
		if known.TopicID != t.TopicID && known.TopicID != "" && t.TopicID != "" {
			return nil, lake.WithHint(
				fmt.Errorf("topic %s was deleted and made again: the archive has read topic id %s, the broker has %s, and its offsets start over", t.Topic, known.TopicID, t.TopicID),
				"point kafka.brokers at the cluster that still has the old topic, or produce to a topic of another name and set kafka.topic to it, or start a new lake with 'lakectl init'")
		}
		next := p.OfRows(t.Topic)
		maps.Copy(next, known.Next)
		return next, nil
	}
	if _, taken := p.Files[t.Topic]; taken {
		return nil, t.taken()
	}
	return p.OfRows(t.Topic), nil
}

// taken is the error for a topic whose name a file source has used.
func (t topicSource) taken() error {
	return lake.WithHint(fmt.Errorf("topic %s: a file was ingested with this name as its source, and line numbers would be taken for offsets", t.Topic),
		"produce to a topic of another name and set kafka.topic to it")
}

func (t topicSource) moved(p lake.Positions, next map[int]int64) lake.Positions {
	merged := map[int]int64{}
	id := t.TopicID
	if known, ok := p.Topic(t.Cluster, t.Topic); ok {
		maps.Copy(merged, known.Next)
		if id == "" { // a broker without topic ids proves nothing
			id = known.TopicID
		}
	}
	maps.Copy(merged, next)
	return p.WithTopic(t.Cluster, t.Topic, id, merged)
}

// fileSource is a file of JSON Lines, read as the one partition 0 whose offsets are line numbers from 1.
type fileSource string

func (f fileSource) name() string { return string(f) }

func (f fileSource) held(p lake.Positions) (map[int]int64, error) {
	for _, known := range p.Topics {
		if known.Topic == string(f) {
			return nil, lake.WithHint(fmt.Errorf("source %s is the name of a Kafka topic that the archive has read: %w", f, ErrUsage),
				"give --source another name")
		}
	}
	if next, ok := p.Files[string(f)]; ok {
		return map[int]int64{0: next}, nil
	}
	return p.OfRows(string(f)), nil
}

func (f fileSource) moved(p lake.Positions, next map[int]int64) lake.Positions {
	if n, ok := next[0]; ok {
		return p.WithFile(string(f), n)
	}
	return p
}
