package lake

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// PositionsKey is the state key of [Positions].
const PositionsKey = "positions"

// Positions says how far a table has consumed its sources. It is stored as JSON in the summary of the
// snapshot that holds the rows.
type Positions struct {
	Topics []TopicPosition `json:"topics,omitempty"`
	// Files maps a file source that is being read to its next line (1 is the first). Sources read to the
	// end move to the table "sources", so this stays small.
	Files map[string]int64 `json:"files,omitempty"`
	// Rows are positions that were lost and worked out from the rows, by source and partition. They are lower than what
	// was lost where the last records of a source are in no table. The next commit of who reads the source moves them
	// to Topics or Files.
	Rows map[string]map[int]int64 `json:"rows,omitempty"`
}

// TopicPosition is the position in one Kafka topic. Offsets mean something only together with the
// cluster and the topic id: a topic that was deleted and made again starts over.
type TopicPosition struct {
	Cluster string        `json:"cluster"`
	Topic   string        `json:"topic"`
	TopicID string        `json:"topic_id"`
	Next    map[int]int64 `json:"next"` // partition to the next offset to read
}

// Positions reads the positions the table had at this snapshot.
func (s Snapshot) Positions() (Positions, error) {
	text, err := s.State(PositionsKey)
	if err != nil || text == "" {
		return Positions{}, err
	}
	var p Positions
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return Positions{}, fmt.Errorf("positions in the summary of %s snapshot %d: %w", s.table.name, s.ID(), err)
	}
	return p, nil
}

// String is the JSON form, with keys in order.
func (p Positions) String() string {
	text, err := json.Marshal(p)
	if err != nil {
		panic(err) // strings and integers only
	}
	return string(text)
}

// Topic returns the entry of a topic of that name in that cluster, whatever its id.
func (p Positions) Topic(cluster, topic string) (TopicPosition, bool) {
	for _, t := range p.Topics {
		if t.Cluster == cluster && t.Topic == topic {
			return t, true
		}
	}
	return TopicPosition{}, false
}

// WithTopic returns the positions with next merged into the topic's entry; other partitions keep theirs.
// An entry under another topic id is replaced.
func (p Positions) WithTopic(cluster, topic, topicID string, next map[int]int64) Positions {
	merged := TopicPosition{Cluster: cluster, Topic: topic, TopicID: topicID, Next: map[int]int64{}}
	out := Positions{Files: p.Files, Rows: p.withoutRows(topic, next)}
	for _, t := range p.Topics {
		if t.Cluster != cluster || t.Topic != topic {
			out.Topics = append(out.Topics, t)
		} else if t.TopicID == topicID {
			maps.Copy(merged.Next, t.Next)
		}
	}
	maps.Copy(merged.Next, next)
	out.Topics = append(out.Topics, merged)
	slices.SortFunc(out.Topics, func(a, b TopicPosition) int {
		if a.Cluster+"\x00"+a.Topic < b.Cluster+"\x00"+b.Topic {
			return -1
		}
		return 1
	})
	return out
}

// WithFile returns the positions with the next line of a file source set.
func (p Positions) WithFile(source string, next int64) Positions {
	files := map[string]int64{}
	maps.Copy(files, p.Files)
	files[source] = next
	return Positions{Topics: p.Topics, Files: files, Rows: p.withoutRows(source, map[int]int64{0: next})}
}

// WithoutFile returns the positions without a file source.
func (p Positions) WithoutFile(source string) Positions {
	files := map[string]int64{}
	maps.Copy(files, p.Files)
	delete(files, source)
	return Positions{Topics: p.Topics, Files: files, Rows: p.Rows}
}

// OfRows are the positions of a source that were worked out from the rows, empty where it has none such.
func (p Positions) OfRows(source string) map[int]int64 {
	next := map[int]int64{}
	maps.Copy(next, p.Rows[source])
	return next
}

// withoutRows are Rows without those partitions of a source.
func (p Positions) withoutRows(source string, partitions map[int]int64) map[string]map[int]int64 {
	if len(p.Rows[source]) == 0 {
		return p.Rows
	}
	rows := maps.Clone(p.Rows)
	rows[source] = maps.Clone(rows[source])
	for partition := range partitions {
		delete(rows[source], partition)
	}
	if len(rows[source]) == 0 {
		delete(rows, source)
	}
	return rows
}
