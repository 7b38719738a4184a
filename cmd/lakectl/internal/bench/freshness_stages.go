package bench

import (
	"context"
	"sort"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// stageTime is what a part of the way takes, over all probes.
type stageTime struct {
	Stage   string  `json:"stage"`
	Mean    float64 `json:"mean_seconds"`
	P95     float64 `json:"p95_seconds"`
	Max     float64 `json:"max_seconds"`
	Percent float64 `json:"percent"` // of the whole way, by the mean
}

// held is a snapshot and how many probes are in it.
type held struct {
	probes int64
	began  time.Time // when writing it began, where it says so
	at     time.Time // of its commit
}

// tableWatch takes down the snapshots of the archive and of plays_by_day as they come: maintenance thins them.
type tableWatch struct {
	env      jobs.Env
	topic    string
	archived []held // oldest first
	rolled   []held
	of       map[int64]int64 // probes in a snapshot of the archive
	seen     map[string]int64
}

func newTableWatch(env jobs.Env, topic string) *tableWatch {
	return &tableWatch{env: env, topic: topic, of: map[int64]int64{}, seen: map[string]int64{}}
}

// look takes down what is new. The dashboard's snapshots are read before the archive's, which they follow.
func (w *tableWatch) look(ctx context.Context) error {
	rolled, err := w.env.Snapshot(ctx, catalog.PlaysByDay)
	if err != nil {
		return err
	}
	archive, err := w.env.Snapshot(ctx, catalog.Listens)
	if err != nil {
		return err
	}
	for _, s := range w.fresh(catalog.Listens, archive) {
		if err := w.archive(s); err != nil {
			return err
		}
	}
	for _, s := range w.fresh(catalog.PlaysByDay, rolled) {
		covers, err := s.StateNumber(catalog.CoversListens)
		if err != nil {
			return err
		}
		w.rolled = append(w.rolled, held{probes: w.of[covers], at: s.Time()})
	}
	return nil
}

// fresh lists the snapshots that were not there before, oldest first.
func (w *tableWatch) fresh(table string, now lake.Snapshot) (list []lake.Snapshot) {
	for _, s := range now.Ancestors() {
		if s.ID() == w.seen[table] {
			break
		}
		list = append([]lake.Snapshot{s}, list...)
	}
	w.seen[table] = now.ID()
	return list
}

func (w *tableWatch) archive(s lake.Snapshot) error {
	positions, err := s.Positions()
	if err != nil {
		return err
	}
	h := held{at: s.Time()}
	for _, t := range positions.Topics {
		if t.Topic == w.topic {
			h.probes = t.Next[loadPartitions]
		}
	}
	if began := s.Property(catalog.FlushBegan); began != "" {
		if h.began, err = time.Parse(time.RFC3339Nano, began); err != nil {
			return err
		}
	}
	w.of[s.ID()] = h.probes
	w.archived = append(w.archived, h)
	return nil
}

var freshStages = []string{
	"append to flush (waits for ingest.flush_age)", "flush to commit of listens", "commit to start of the rollup", "start of the rollup to its commit", "its commit to the answer",
}

// stages splits the time of each probe. The stages of a probe sum to its time.
func (w *tableWatch) stages(p *probes, starts []time.Time) []stageTime {
	took := make([][]time.Duration, len(freshStages))
	for i := 1; i < len(p.answered); i++ {
		archived, rolled := first(w.archived, i), first(w.rolled, i)
		if archived == nil || rolled == nil {
			continue
		}
		before := sort.Search(len(starts), func(at int) bool { return starts[at].After(rolled.at) })
		start := archived.at
		if before > 0 {
			start = starts[before-1]
		}
		last := p.sent[i]
		for stage, at := range []time.Time{archived.began, archived.at, start, rolled.at, p.answered[i]} {
			if at.Before(last) {
				at = last // what began before this probe was there
			}
			took[stage] = append(took[stage], at.Sub(last))
			last = at
		}
	}
	return meansOf(took)
}

// first is the oldest snapshot that has a probe.
func first(list []held, probe int) *held {
	at := sort.Search(len(list), func(i int) bool { return list[i].probes > int64(probe) })
	if at == len(list) {
		return nil
	}
	return &list[at]
}

func meansOf(took [][]time.Duration) (list []stageTime) {
	sums := make([]time.Duration, len(took))
	var all time.Duration
	for stage, times := range took {
		for _, t := range times {
			sums[stage] += t
		}
		all += sums[stage]
	}
	for stage, times := range took {
		if len(times) == 0 {
			continue
		}
		list = append(list, stageTime{
			freshStages[stage], sums[stage].Seconds() / float64(len(times)), atRank(times, 0.95) / 1000, atRank(times, 1) / 1000, 100 * float64(sums[stage]) / max(float64(all), 1),
		})
	}
	return list
}
