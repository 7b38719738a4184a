package ingest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// Recovered is a table whose positions were gone, with those that were worked out instead.
type Recovered struct {
	Table     string         `json:"table"`
	Positions lake.Positions `json:"positions"`
}

// recovery gives a table a state again after its state was lost: another engine expired every snapshot of ours, and the
// property and the older metadata files are gone too. It is the last resort; package ingest says what it goes by.
type recovery struct {
	env    jobs.Env
	engine *engine
}

// mostRecoveries bounds how often a table is tried again that moves meanwhile: each reads three columns of all its
// rows.
const mostRecoveries = 5

// run goes through the tables, listens first. A table that was recovered is like any other from then on, so a run that
// is cut off is gone on with by the next.
func (r recovery) run(ctx context.Context) (list []Recovered, err error) {
	for _, table := range catalog.Positioned {
		for again := 0; ; again++ {
			p, lost, err := r.table(ctx, table)
			if errors.Is(err, lake.ErrFenced) && again < mostRecoveries {
				continue // others recover too, or append; this loads the table anew
			}
			if err != nil {
				return list, fmt.Errorf("work out the lost positions of %s: %w", table, err)
			}
			if lost {
				list = append(list, Recovered{Table: table, Positions: p})
			}
			break
		}
	}
	return list, nil
}

// table commits the state of one table, if it is lost.
func (r recovery) table(ctx context.Context, table string) (p lake.Positions, lost bool, err error) {
	s, err := r.env.Snapshot(ctx, table)
	if err != nil {
		return p, false, err
	}
	if _, err := s.State(lake.PositionsKey); !errors.Is(err, lake.ErrExpired) {
		return p, false, err
	}
	if p, err = r.positions(ctx, s); err != nil {
		return p, false, err
	}
	state, err := r.counters(ctx, s)
	if err != nil {
		return p, false, err
	}
	state[lake.StateKey(lake.PositionsKey)] = p.String()
	r.env.Log.Warn("the positions of a table are lost and are worked out from the rows", "table", table, "snapshot_id", s.ID(), "positions", p.String())
	_, err = r.env.Lake.Commit(ctx, table, lake.Commit{Job: catalog.IngestJob, Forgets: true, Stage: lake.IfUnmoved(s, state)})
	return p, true, err
}

// positions are those of the rows, raised for listens to what royalty runs noted of it, unless it may have been rolled
// back since: then what the rows do not show must come in again, and no group is asked either. The identity of topics
// comes from every table that still knows it.
func (r recovery) positions(ctx context.Context, s lake.Snapshot) (p lake.Positions, err error) {
	p.Rows = map[string]map[int]int64{}
	noted, err := r.noted(ctx)
	if err != nil {
		return p, err
	}
	listens := s.Table().Name() == catalog.Listens
	rolledBack := listens && s.Table().MayBeRolledBack()
	if listens && !rolledBack {
		for _, n := range noted {
			raiseAll(p.Rows, n)
		}
	}
	for _, table := range catalog.Positioned {
		known, err := r.known(ctx, table)
		if err != nil {
			return p, err
		}
		noted = append(noted, known)
	}
	if err := r.reach(ctx, s, p.Rows); err != nil {
		return p, err
	}
	if err := r.dropFinished(ctx, p.Rows); err != nil {
		return p, err
	}
	for _, n := range noted {
		for _, t := range n.Topics {
			if _, has := topicOf(p, t.Topic); !has {
				p = lake.Positions{Topics: append(p.Topics, lake.TopicPosition{Cluster: t.Cluster, Topic: t.Topic, TopicID: t.TopicID, Next: map[int]int64{}}), Rows: p.Rows}
			}
		}
	}
	if rolledBack {
		for i, t := range p.Topics { // what a group was told may be what was rolled back
			maps.Copy(p.Topics[i].Next, p.Rows[t.Topic])
			delete(p.Rows, t.Topic)
		}
	}
	return p, nil
}

// noted are the positions of listens in royalty_runs, newest first.
func (r recovery) noted(ctx context.Context) (list []lake.Positions, err error) {
	err = r.each(ctx, catalog.RoyaltyRuns, "runs", "ingest/run_positions", func(text string) error {
		var p lake.Positions
		if err := json.Unmarshal([]byte(text), &p); err != nil {
			return fmt.Errorf("positions in royalty_runs: %w", err)
		}
		list = append(list, p)
		return nil
	})
	return list, err
}

// dropFinished takes the sources out that are read to their end: the table sources says so.
func (r recovery) dropFinished(ctx context.Context, next map[string]map[int]int64) error {
	return r.each(ctx, catalog.Sources, "sources", "ingest/finished_names", func(source string) error {
		delete(next, source)
		return nil
	})
}

// each visits the texts that a statement gives over the newest snapshot of a table.
func (r recovery) each(ctx context.Context, table, view, statement string, visit func(string) error) error {
	s, err := r.env.Snapshot(ctx, table)
	if err != nil {
		return err
	}
	db, err := r.engine.open(ctx)
	if err != nil {
		return err
	}
	if err := db.Bind(ctx, view, s); err != nil {
		return err
	}
	var text string
	return db.Each(ctx, statement, nil, []any{&text}, func() error { return visit(text) })
}

// known are the positions of a table, none where they are lost.
func (r recovery) known(ctx context.Context, table string) (lake.Positions, error) {
	s, err := r.env.Snapshot(ctx, table)
	if err != nil {
		return lake.Positions{}, err
	}
	p, err := s.Positions()
	if errors.Is(err, lake.ErrExpired) {
		return lake.Positions{}, nil
	}
	return p, err
}

// reach raises positions to the end of the rows. A row that is deleted was read all the same.
func (r recovery) reach(ctx context.Context, s lake.Snapshot, next map[string]map[int]int64) error {
	db, err := r.engine.open(ctx)
	if err != nil {
		return err
	}
	if err := db.BindWritten(ctx, "written", s, "source_topic", "source_partition", "source_offset"); err != nil {
		return err
	}
	var source string
	var partition int
	var end int64
	return db.Each(ctx, "ingest/reach", nil, []any{&source, &partition, &end}, func() error {
		raise(next, source, map[int]int64{partition: end})
		return nil
	})
}

// counters are the rest of the state. Replays count one more than are marked, so that the next one looks for records
// that one which was cut off has left unmarked.
func (r recovery) counters(ctx context.Context, s lake.Snapshot) (state map[string]string, err error) {
	listens, err := r.env.Snapshot(ctx, catalog.Listens)
	if err != nil {
		return nil, err
	}
	quarantine, err := r.env.Snapshot(ctx, catalog.Quarantine)
	if err != nil {
		return nil, err
	}
	requests, err := r.env.Snapshot(ctx, catalog.DeletionRequests)
	if err != nil {
		return nil, err
	}
	state = map[string]string{}
	number := func(of lake.Snapshot, key string) (n int64) {
		if err == nil {
			n, err = of.StateNumber(key)
		}
		if errors.Is(err, lake.ErrExpired) {
			n, err = 0, nil
		}
		return n
	}
	switch s.Table().Name() {
	case catalog.Listens:
		state[lake.StateKey(catalog.Replays)] = fmt.Sprint(number(quarantine, catalog.MarkedListens) + 1)
		state[catalog.RequestsThrough] = fmt.Sprint(requests.Sequence())
		catalog.PutFirstBeside(state, quarantine, requests)
		state[lake.StateKey(lake.AbandonedKey)] = s.AllUntold()
		return state, err
	case catalog.DeletionRequests:
		state[lake.StateKey(catalog.Replays)] = fmt.Sprint(number(quarantine, catalog.MarkedRequests) + 1)
	case catalog.Quarantine:
		state[lake.StateKey(catalog.ReplaysSuppressed)] = fmt.Sprint(number(listens, catalog.ReplaysSuppressed))
	}
	return state, errors.Join(err, catalog.CheckBesideLost(ctx, listens, s))
}

func topicOf(p lake.Positions, topic string) (lake.TopicPosition, bool) {
	for _, t := range p.Topics {
		if t.Topic == topic {
			return t, true
		}
	}
	return lake.TopicPosition{}, false
}

func raiseAll(next map[string]map[int]int64, to lake.Positions) {
	for _, t := range to.Topics {
		raise(next, t.Topic, t.Next)
	}
	for source, line := range to.Files {
		raise(next, source, map[int]int64{0: line})
	}
	for source, partitions := range to.Rows {
		raise(next, source, partitions)
	}
}

// raise moves positions of a source forward, never back.
func raise(next map[string]map[int]int64, source string, to map[int]int64) {
	if next[source] == nil {
		next[source] = map[int]int64{}
	}
	for partition, n := range to {
		next[source][partition] = max(next[source][partition], n)
	}
}

// fromGroup is where to read partitions from: where listens stands, but not before what the consumer group was told, of
// a topic whose positions were worked out from the rows.
func (k *consumer) fromGroup(ctx context.Context, listens target, partitions []int) (map[int]int64, error) {
	p, err := listens.at.Positions()
	if _, unsure := p.Rows[k.src.Topic]; err != nil || !unsure || k.o.Group == "" || listens.at.Table().MayBeRolledBack() {
		return listens.held, err
	}
	told, err := k.topic.Committed(ctx, k.o.Group, partitions)
	if err != nil {
		return nil, lake.WithHint(fmt.Errorf("go on from rows: %w", err), "the group knows how far the topic was read: run the command again once its coordinator answers, or give this user the right to describe the group")
	}
	from := maps.Clone(listens.held)
	sure, _ := p.Topic(k.src.Cluster, k.src.Topic)
	for partition, next := range told {
		if _, known := sure.Next[partition]; !known && next > from[partition] {
			k.env.Log.Warn("the group was told more than the rows of the archive say", "topic", k.src.Topic, "partition", partition, "offset", next, "rows_offset", from[partition])
			from[partition] = next
		}
	}
	return from, nil
}

// recovered is how a run ends that had to work positions out.
func recovered(list []Recovered, err error) error {
	if err != nil || len(list) == 0 {
		return err
	}
	names := make([]string, len(list))
	for i, r := range list {
		names[i] = r.Table
	}
	return lake.WithHint(fmt.Errorf("positions of %s were lost and are worked out from the rows: %w", strings.Join(names, ", "), jobs.ErrPartial),
		"everything is ingested from there; rows that another engine deleted after these positions may have come in again, and the count 'suppressed' starts at 0 again: compare the report's positions with your own records")
}
