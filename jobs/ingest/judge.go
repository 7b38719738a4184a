package ingest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/listen"
)

// judgedRecords is how many records tell a wrong topic from a bad client: the releases of one client that
// all send nonsense are a part of so many, not nearly all.
const judgedRecords = 10_000

// judged counts records since the source was last found to be the right one.
type judged struct {
	records int64
	refused map[listen.Reason]int64
}

// judge stops the run before a batch is committed when nearly all records of the source are refused: then it
// is the source that is wrong, and a day of it in quarantine helps nobody.
func (g *ingester) judge() error {
	j := judged{records: g.judged.records + g.batch.counts.Records, refused: map[listen.Reason]int64{}}
	maps.Copy(j.refused, g.judged.refused)
	var refused int64
	for reason, n := range g.batch.counts.Quarantined {
		j.refused[reason] += n
	}
	for _, n := range j.refused {
		refused += n
	}
	if j.records < judgedRecords {
		g.judged = j
		return nil
	}
	if float64(refused)*100 <= float64(j.records)*float64(g.o.MaxRefusedPercent) {
		g.judged = judged{}
		return nil
	}
	var reasons []string
	for _, reason := range slices.Sorted(maps.Keys(j.refused)) {
		reasons = append(reasons, fmt.Sprintf("%d %s", j.refused[reason], reason))
	}
	return lake.WithHint(fmt.Errorf("%d of the last %d records of %s were refused (%s): it does not look like the right source", refused, j.records, g.src.name(), strings.Join(reasons, ", ")),
		"see what it holds, and check kafka.topic; if it is right, raise ingest.max_refused_percent: 100 puts everything into quarantine without stopping")
}
