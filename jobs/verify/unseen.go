package verify

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/topic"
	"github.com/lakectl/lakectl/lake"
)

// Residual is a place that a look cannot see. Certificates name it too, so it says nothing that is private.
type Residual struct {
	What   string     `json:"what"`
	Why    string     `json:"why"`
	Before *time.Time `json:"made_before"` // what was made before may hold erased rows; null: whenever it was made
	Until  *time.Time `json:"until"`       // it may hold them, at latest; null: not known
}

// Log is what one partition of the topic still has of the records from which rows were erased.
type Log struct {
	Topic     string     `json:"topic"`
	Partition int        `json:"partition"`
	Start     int64      `json:"log_start_offset"`
	StartTime *time.Time `json:"log_start_time"` // of the first record that is left and has a time
	// Erased is past the last record from which a row may have been erased: what was archived when it was purged.
	Erased int64      `json:"erased_before_offset"`
	Holds  bool       `json:"holds"` // records before that offset
	Until  *time.Time `json:"until"` // at latest; null where it holds none, or nobody knows
}

// askPatience is how long brokers that answered may take to tell what they have.
const askPatience = 20 * time.Second

// unseen lists the places that no look at a lake sees, with the dates that are known.
func (r *Report) unseen(ctx context.Context, env jobs.Env, o Options, w *wanted) error {
	listens, err := env.Snapshot(ctx, catalog.Listens)
	if err != nil {
		return err
	}
	at := lastBy(listens, w.purged)
	positions, err := at.Positions()
	if err != nil {
		return err
	}
	for _, held := range positions.Topics {
		one := Residual{What: "topic", Why: "it was not asked; it keeps listens for its broker's retention"}
		switch {
		case o.OpenTopic == nil:
		case held.Topic != o.Topic:
			one.Why = "one that is not configured now was not asked; it may keep listens"
		default:
			if one, err = r.ask(ctx, env, o, held, at.Time()); err != nil {
				return err
			}
		}
		r.Residuals = append(r.Residuals, one)
	}
	if len(positions.Topics) > 0 {
		r.Residuals = append(r.Residuals, Residual{What: "topic, later", Why: "copies of erased listens that come again stay out of the lake alone"})
	}
	r.Residuals = append(r.Residuals,
		Residual{What: "files", Why: "those that were ingested are not of the lake"},
		Residual{What: "exports", Why: "statements and query results that were handed out are not tracked", Before: known(w.rowsGone)},
		Residual{What: "query engines", Why: "a Trino that searched for the rows was told the user ids, and may keep the text of its statements", Before: known(w.rowsGone)},
		Residual{What: "backups", Why: "copies of the lake hold the rows", Before: known(w.purged)},
		Residual{What: "other machines", Why: "caches, local memory, copies of a store's files and its versions", Before: known(w.purged)},
		Residual{What: catalog.DeletionRequests, Why: "it holds the user id until the request is verified"},
		Residual{What: "spill", Why: "DuckDB may pack what it spills; an id in it is not found then"},
	)
	return nil
}

// lastBy is the newest snapshot that is retained of those made until a time; what was archived by then is what its
// positions say. Where it is expired it is the oldest one made since, where the time is not known the newest of all.
func lastBy(newest lake.Snapshot, at time.Time) lake.Snapshot {
	if at.IsZero() {
		return newest
	}
	all := newest.Table().Snapshots()
	for _, s := range slices.Backward(all) {
		if !s.Time().After(at) {
			return s
		}
	}
	if len(all) == 0 {
		return newest
	}
	return all[0]
}

// known is a time that a certificate can have; nil for none.
func known(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	at = at.UTC().Truncate(time.Second)
	return &at
}

// ask asks the topic what it still has. That it does not answer is a residual, no error.
func (r *Report) ask(ctx context.Context, env jobs.Env, o Options, held lake.TopicPosition, archived time.Time) (Residual, error) {
	env.Progress("verify: asking the topic what it still has")
	one := Residual{What: "topic", Why: "no broker answered; it keeps listens for its broker's retention"}
	t, err := o.OpenTopic(ctx)
	if err == nil {
		defer t.Close() //nolint:errcheck // nothing was sent
		if id := t.Identity(); id.Cluster != held.Cluster || id.TopicID != held.TopicID && id.TopicID != "" && held.TopicID != "" {
			one.Why = "another of its name answered; the archived one may keep listens"
			return one, nil
		}
		within, cancel := context.WithTimeout(ctx, askPatience)
		defer cancel()
		var logs []Log
		if logs, err = readLogs(within, env, t, held, archived); err == nil {
			r.Logs = append(r.Logs, logs...)
			return told(logs), nil
		}
	}
	if ctx.Err() != nil {
		return one, ctx.Err()
	}
	env.Log.Warn("the topic did not say what it still has", "topic", o.Topic, "error", err)
	return one, nil
}

// readLogs holds each partition against the positions of the archive.
func readLogs(ctx context.Context, env jobs.Env, t *topic.Topic, held lake.TopicPosition, archived time.Time) ([]Log, error) {
	there, err := t.Partitions(ctx)
	if err != nil {
		return nil, err
	}
	bounds, err := t.Bounds(ctx, there)
	if err != nil {
		return nil, err
	}
	kept, err := t.Retention(ctx)
	if err != nil { // who may read a topic need not be allowed to see its configuration
		env.Log.Info("the retention of the topic is not known", "topic", held.Topic, "error", err)
	}
	longest, limited := kept.Longest()
	var logs []Log
	for _, partition := range slices.Sorted(maps.Keys(held.Next)) {
		b, is := bounds[partition]
		if !is {
			return nil, fmt.Errorf("partition %d of topic %s: %w", partition, held.Topic, lake.ErrNotFound)
		}
		l := Log{Topic: held.Topic, Partition: partition, Start: b.Start, Erased: held.Next[partition], Holds: b.Start < min(held.Next[partition], b.End)}
		at, has, err := t.Oldest(ctx, partition, b)
		if err != nil {
			return nil, err
		}
		if has {
			l.StartTime = known(at)
		}
		if until := archived.Add(longest); l.Holds && limited && until.After(env.Now()) {
			l.Until = known(until)
		}
		logs = append(logs, l)
	}
	return logs, nil
}

// told is what the logs come to.
func told(logs []Log) Residual {
	holding := 0
	one := Residual{What: "topic"}
	for _, l := range logs {
		if l.Holds {
			holding++
			one.Until = l.Until // the same of all
		}
	}
	switch {
	case holding == 0:
		one.Why = fmt.Sprintf("all of its %d partitions begin after what was erased", len(logs))
	case one.Until == nil:
		one.Why = fmt.Sprintf("%d of its %d partitions have records of before the purge, without end", holding, len(logs))
	default:
		one.Why = fmt.Sprintf("%d of its %d partitions have records of before the purge", holding, len(logs))
	}
	return one
}
