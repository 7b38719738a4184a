package ingest

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/lakectl/lakectl/jobs/topic"
	"github.com/lakectl/lakectl/lake"
)

// fromProperty is a summary property of the commit with which an operator's choice of a starting point took
// effect: a list of [choice].
const fromProperty = "lakectl.from"

// From is an operator's choice where to start in partitions that listens has no position for, or whose next
// records the broker has deleted. It moves no position that is still good: started again with the same
// choice, a run goes on where the archive is. The zero From chooses nothing.
type From struct {
	text    string
	latest  bool
	offsets map[int]int64 // nil: every partition
}

// ParseFrom reads "earliest", "latest" or a list of PARTITION=OFFSET. Anything else is [ErrUsage].
func ParseFrom(text string) (From, error) {
	f := From{text: text, latest: text == "latest"}
	if text == "" || text == "earliest" || text == "latest" {
		return f, nil
	}
	f.offsets = map[int]int64{}
	for item := range strings.SplitSeq(text, ",") {
		left, right, _ := strings.Cut(strings.TrimSpace(item), "=")
		partition, err := strconv.ParseInt(left, 10, 32)
		offset, err2 := strconv.ParseInt(right, 10, 64)
		if _, twice := f.offsets[int(partition)]; err != nil || err2 != nil || partition < 0 || offset < 0 || twice {
			return From{}, lake.WithHint(fmt.Errorf("starting point %q: %w", text, ErrUsage),
				"give 'earliest', 'latest', or one offset for each partition, such as '0=1200,3=0'")
		}
		f.offsets[int(partition)] = offset
	}
	return f, nil
}

// decides tells whether the choice is about a partition.
func (f From) decides(partition int) bool {
	_, named := f.offsets[partition]
	return f.text != "" && (f.offsets == nil || named)
}

// choice is what became of a choice for one partition.
type choice struct {
	Partition int    `json:"partition"`
	Was       *int64 `json:"was,omitempty"` // the position before; absent where there was none
	From      int64  `json:"from"`
	Start     int64  `json:"log_start"`
	End       int64  `json:"log_end"`
	Asked     string `json:"asked"`
}

// choose applies the choice to a partition and puts it on record with the next commit.
func (k *consumer) choose(partition int, b topic.Bounds, was int64, known bool) (topic.Bounds, error) {
	c := choice{Partition: partition, From: b.Start, Start: b.Start, End: b.End, Asked: k.o.From.text}
	if k.o.From.latest {
		c.From = b.End
	}
	if offset, ok := k.o.From.offsets[partition]; ok {
		c.From = offset
	}
	if known {
		c.Was = &was
	}
	if c.From < b.Start || c.From > b.End {
		return b, lake.WithHint(fmt.Errorf("start at offset %d of partition %d: the broker holds %d to %d: %w", c.From, partition, b.Start, b.End, ErrUsage),
			"give an offset in that range, or 'earliest' or 'latest'")
	}
	k.env.Log.Warn("starting where the operator chose", "topic", k.src.Topic, "partition", partition, "offset", c.From, "log_start", b.Start, "log_end", b.End, "asked", c.Asked)
	k.g.batch.chosen = append(k.g.batch.chosen, c)
	return topic.Bounds{Start: c.From, End: b.End}, nil
}

func choices(list []choice) string {
	text, err := json.Marshal(list)
	if err != nil {
		panic(err) // strings and integers only
	}
	return string(text)
}
