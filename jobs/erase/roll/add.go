package roll

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/erase"
	"github.com/lakectl/lakectl/lake"
)

// Added is what [Add] and [Settle] brought into a lake.
type Added struct {
	Listed    int `json:"listed"`
	Requests  int `json:"added"`     // that the lake did not know
	Decisions int `json:"decisions"` // of operators, that it did not know
}

// attempts bounds how often a change is tried again because others committed first.
const attempts = 3

// Add brings into a lake the requests of a list that it does not know, and the decisions about them.
func Add(ctx context.Context, env jobs.Env, l List) (Added, error) {
	return again(func() (Added, error) { return work(ctx, env, l, false) })
}

// Settle logs what was decided about requests after their rows were gone, once they are gone again.
func Settle(ctx context.Context, env jobs.Env, l List) (Added, error) {
	return again(func() (Added, error) { return work(ctx, env, l, true) })
}

func again(try func() (Added, error)) (done Added, err error) {
	for range attempts {
		var more Added
		more, err = try()
		done = done.Plus(more)
		if !errors.Is(err, lake.ErrFenced) {
			break
		}
	}
	return done, err
}

// Plus sums two parts of the work on one list.
func (a Added) Plus(b Added) Added {
	return Added{Listed: max(a.Listed, b.Listed), Requests: a.Requests + b.Requests, Decisions: a.Decisions + b.Decisions}
}

// work adds what the lake lacks. gone: the requests are carried out.
func work(ctx context.Context, env jobs.Env, l List, gone bool) (done Added, err error) {
	s, err := read(ctx, env)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, s.db.Close()) }()
	if err := l.belongsTo(s.lakeID()); err != nil {
		return done, err
	}
	done.Listed = len(l.Entries)
	known := map[erase.Position]Entry{}
	for _, e := range s.entries {
		known[e.Position] = e
	}
	decided, err := s.decisions(ctx)
	if err != nil {
		return done, err
	}
	var rows []catalog.RequestRow
	var steps []catalog.StepRow
	for _, e := range l.Entries {
		here, is := known[e.Position]
		if is && here.Subject != e.Subject {
			return done, lake.WithHint(fmt.Errorf("the lake has another request at %s than the list", e.Position),
				"give the list of this lake; a source that was read under two names of one sort cannot be told apart")
		}
		if !is {
			rows = append(rows, e.row())
		}
		if d := e.decide(here.RowsGone, gone); d != "" && d != decided[e.Position] && (d != released || decided[e.Position] == held) {
			steps = append(steps, catalog.StepRow{RequestID: e.RequestID, State: d, Place: catalog.Place(e.Position), Why: e.reasonOf(d)})
		}
	}
	if done.Decisions, err = s.logDecisions(ctx, env, steps); err != nil || gone {
		return done, err
	}
	done.Requests, err = s.addRequests(ctx, env, l.Head.Positions, rows)
	return done, err
}

// ErrOtherLake says that a list is not of the lake it was given to. Nothing was changed.
var ErrOtherLake = errors.New("they are different lakes")

func (l List) belongsTo(lakeID string) error {
	if l.Head.LakeID == lakeID && lakeID != "" {
		return nil
	}
	return lake.WithHint(fmt.Errorf("the list is of lake %s, this is lake %q: %w", l.Head.LakeID, lakeID, ErrOtherLake),
		"give the list of this lake; a backup that takes the place of its lake keeps the id with 'lakectl catalog relocate --moved'")
}

const (
	held     = "held"
	released = "released"
)

// decide is what the log of the lake should say of the request at this step of the work, "" for what it says. Of a
// request whose rows were gone when it was held, they go first.
func (e Entry) decide(rowsGoneHere, gone bool) string {
	if e.RowsGone && e.Decision == held && !gone {
		if rowsGoneHere {
			return ""
		}
		return released
	}
	return e.Decision
}

func (e Entry) reasonOf(decision string) string {
	if decision == e.Decision {
		return e.Why
	}
	return ""
}

// decisions are the newest ones that the log has, also of places whose requests are not there.
func (s standing) decisions(ctx context.Context) (map[erase.Position]string, error) {
	type record struct {
		erase.Position
		Decision string `col:"decision"`
	}
	list, err := jobs.Records[record](ctx, s.db, "roll/decisions")
	if err != nil {
		return nil, fmt.Errorf("read decisions about deletion requests: %w", err)
	}
	decided := map[erase.Position]string{}
	for _, r := range list {
		decided[r.Position] = r.Decision
	}
	return decided, nil
}

// logDecisions commits steps, later than all before them whatever the clock says.
func (s standing) logDecisions(ctx context.Context, env jobs.Env, steps []catalog.StepRow) (int, error) {
	if len(steps) == 0 {
		return 0, nil
	}
	var last int64
	if err := s.db.One(ctx, "roll/log_end", nil, []any{&last}); err != nil {
		return 0, fmt.Errorf("read deletion log: %w", err)
	}
	at := time.UnixMicro(max(env.Now().UnixMicro(), last+1)).UTC()
	for i := range steps {
		steps[i].At = at
	}
	files, err := lake.WriteRecords(ctx, s.log.Table(), catalog.DeletionsJob, steps)
	if err != nil {
		return 0, err
	}
	_, err = env.Lake.Commit(ctx, catalog.DeletionLog, lake.Commit{Job: catalog.DeletionsJob, Add: files, Stage: lake.IfUnmoved(s.log, nil)})
	if err != nil {
		return 0, err
	}
	return len(steps), nil
}

// addRequests commits rows with the positions through which the list has all requests. Some may have come to the lost
// lake by a replay of quarantine, so quarantine is told to look for them.
func (s standing) addRequests(ctx context.Context, env jobs.Env, listed lake.Positions, rows []catalog.RequestRow) (int, error) {
	if len(rows) == 0 {
		return 0, nil
	}
	own, err := s.requests.Positions()
	if err != nil {
		return 0, err
	}
	replays, err := s.requests.StateNumber(catalog.Replays)
	if err != nil {
		return 0, err
	}
	state := map[string]string{
		lake.StateKey(lake.PositionsKey): advanced(own, listed, rows).String(),
		lake.StateKey(catalog.Replays):   strconv.FormatInt(replays+1, 10), // of a replay that was cut off: the next one marks what it brought
	}
	files, err := lake.WriteRecords(ctx, s.requests.Table(), catalog.DeletionsJob, rows)
	if err != nil {
		return 0, err
	}
	_, err = env.Lake.Commit(ctx, catalog.DeletionRequests, lake.Commit{Job: catalog.DeletionsJob, Add: files, Stage: lake.IfUnmoved(s.requests, state)})
	if err != nil {
		return 0, err
	}
	return len(rows), nil
}

// advanced are the positions after the rows: topics as far as the list has them all; files, which are told no more once
// they are read to their end, behind the last row.
func advanced(own, listed lake.Positions, rows []catalog.RequestRow) lake.Positions {
	topics := map[string]bool{}
	for _, t := range listed.Topics {
		topics[t.Topic] = true
		next := maps.Clone(t.Next)
		known, _ := own.Topic(t.Cluster, t.Topic)
		for partition := range next {
			next[partition] = max(next[partition], known.Next[partition])
		}
		own = own.WithTopic(t.Cluster, t.Topic, t.TopicID, next)
	}
	own.Rows = maps.Clone(own.Rows)
	for _, r := range rows {
		lost := listed.Rows[r.Topic]
		switch {
		case topics[r.Topic]:
		case lost != nil: // positions that were lost in the lake of the list, too
			if own.Rows == nil {
				own.Rows = map[string]map[int]int64{}
			}
			own.Rows[r.Topic] = maps.Clone(lost)
		default:
			own = own.WithFile(r.Topic, max(own.Files[r.Topic], r.Offset+1))
		}
	}
	return own
}
