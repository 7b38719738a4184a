package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/run"
	"github.com/lakectl/lakectl/jobs/simulate"
	"github.com/lakectl/lakectl/jobs/topic"
	"github.com/lakectl/lakectl/lake"
)

const (
	sendEvery  = 100 * time.Millisecond
	probeEvery = 500 * time.Millisecond
	askEvery   = 200 * time.Millisecond
	lookEvery  = time.Second
	// answerTime is how long the last probes may take.
	answerTime = 3 * time.Minute
)

// probeArtist has the probes alone, so that its plays say how many have arrived.
const probeArtist = "bench-probe"

// probes are listens in a partition of their own, where the offset of each is its number. The first is of the history.
type probes struct {
	mu       sync.Mutex
	sent     []time.Time
	answered []time.Time // of the first of sent; the others wait
}

// next is the next probe. It is sent from this moment on.
func (p *probes) next(now time.Time) topic.Record {
	p.mu.Lock()
	defer p.mu.Unlock()
	n, at := len(p.sent), now.UTC().Format(time.RFC3339Nano)
	p.sent = append(p.sent, now)
	return topic.Record{
		Partition: loadPartitions, Time: now.UnixMicro(), Key: []byte(probeArtist),
		Value: fmt.Appendf(nil, `{"type":"listen","listen_id":"bench-probe-%d","user_id":"bench-user-%d","track_id":"bench-track","artist_id":%q,"device":"phone","country":"DE","event_time":%q,"received_time":%[4]q,"ms_played":45000}`,
			n, n%100, probeArtist, at),
	}
}

// arrived takes in an answer with so many plays. More than were sent, or fewer than before, is wrong.
func (p *probes) arrived(plays int, now time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if plays > len(p.sent) || plays < len(p.answered) {
		return fmt.Errorf("the API says %d plays of the probes, after %d; %d were sent", plays, len(p.answered), len(p.sent))
	}
	for len(p.answered) < plays {
		p.answered = append(p.answered, now)
	}
	return nil
}

func (p *probes) waiting() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.sent) - len(p.answered)
}

// freshLoad is what happens while 'lakectl run' is under load.
type freshLoad struct {
	m      *freshness
	s      *served
	tables *tableWatch
	tree   *tree
	status run.Status
	starts []time.Time // of the rollup's runs
}

func (l *freshLoad) run(ctx context.Context) error {
	if err := l.await(ctx, 30*time.Second, "'lakectl run' does not lead", func() bool { return l.status.Lease.Leads && l.status.Archive.ID != 0 }); err != nil {
		return err
	}
	if err := l.tables.look(ctx); err != nil {
		return err
	}
	all, ctx := errgroup.WithContext(ctx)
	watched, stop := context.WithCancel(ctx)
	defer stop()
	watch := func(every time.Duration, look func(context.Context) error) {
		all.Go(lake.Safely(func() error {
			if err := repeat(watched, every, look); watched.Err() == nil {
				return err
			}
			return nil
		}))
	}
	watch(askEvery, l.ask)
	watch(lookEvery, l.tables.look)
	watch(treeEvery, l.tree.look)
	all.Go(lake.Safely(func() error {
		defer stop()
		return l.work(ctx)
	}))
	return all.Wait()
}

// repeat does something again and again until the context ends.
func repeat(ctx context.Context, every time.Duration, do func(context.Context) error) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := do(ctx); err != nil {
			return err
		}
	}
}

// work sends, waits until everything was answered, and looks at the tables once more.
func (l *freshLoad) work(ctx context.Context) error {
	sending, all := errgroup.WithContext(ctx)
	ending, stop := context.WithTimeout(all, time.Duration(l.m.o.Minutes*float64(time.Minute)))
	defer stop()
	sending.Go(func() error { return l.send(ending) })
	sending.Go(func() error { return l.probe(ending) })
	if err := sending.Wait(); err != nil {
		return err
	}
	sent := time.Now()
	for l.m.probes.waiting() > 0 {
		if time.Since(sent) > answerTime {
			return fmt.Errorf("%d probes are not in the API's answer %s after the last was sent", l.m.probes.waiting(), answerTime)
		}
		if err := lake.Pause(ctx, askEvery); err != nil {
			return err
		}
	}
	l.m.report.Settled = time.Since(sent).Seconds()
	return l.tables.look(ctx)
}

// send lets devices listen at the rate until the context ends, and makes up for every pause.
func (l *freshLoad) send(ctx context.Context) error {
	o := l.m.o
	devices := simulate.New(simulate.Options{Seed: o.Seed, Listens: 1000, Users: 100_000, Tracks: 50_000}).Devices(o.Seed)
	p := topic.NewProducer(l.m.to)
	sent := &l.m.report.Sent
	began := time.Now()
	err := repeat(ctx, sendEvery, func(context.Context) error {
		now := time.Now()
		var batch []topic.Record
		listens := 0
		for due := int(now.Sub(began).Seconds() * float64(o.Rate)); sent.Listens+listens < due && listens < o.Rate; listens++ {
			for _, e := range devices.Listen(now.UTC()) {
				batch = append(batch, topic.Record{Partition: topic.PartitionOf(e.Key, loadPartitions), Time: e.ReceivedTime, Key: e.Key, Value: e.Value})
			}
		}
		// Without the context's end: a batch that was cut off may be in the topic or not.
		if err := p.Produce(context.WithoutCancel(ctx), batch); err != nil {
			return err
		}
		sent.Listens, sent.Copies = sent.Listens+listens, sent.Copies+len(batch)-listens
		return nil
	})
	sent.Seconds = time.Since(began).Seconds()
	sent.PerSecond = float64(sent.Listens) / sent.Seconds
	l.m.sent(sent.Listens+sent.Copies, sent.Listens)
	return errors.Join(err, p.Close())
}

// probe sends a probe at a time.
func (l *freshLoad) probe(ctx context.Context) error {
	p := topic.NewProducer(l.m.to)
	err := repeat(ctx, probeEvery, func(context.Context) error {
		return p.Produce(context.WithoutCancel(ctx), []topic.Record{l.m.probes.next(time.Now())})
	})
	return errors.Join(err, p.Close())
}

// ask asks the API for the probes, and how the jobs are. What the API answers wrongly is an error of the bench; that it
// does not answer is counted.
func (l *freshLoad) ask(ctx context.Context) error {
	asked := &l.m.report.Asked
	asked.Requests++
	var summary struct {
		Plays int `json:"plays"`
	}
	changed, err := l.s.ifChanged(ctx, "/v1/artists/"+probeArtist+"/summary", &summary)
	now := time.Now()
	switch {
	case err != nil:
		asked.failed(ctx, err)
		return nil
	case changed:
		if err := l.m.probes.arrived(summary.Plays, now); err != nil {
			return err
		}
	default:
		asked.Unchanged++
	}
	l.m.c.Progress.Say(fmt.Sprintf("bench: %d probes wait for their answer, %.0f MiB at most", l.m.probes.waiting(), l.tree.most()))
	return l.askStatus(ctx)
}

func (l *freshLoad) askStatus(ctx context.Context) error {
	answer, err := l.s.open(ctx, "/status")
	if err != nil {
		l.m.report.Asked.failed(ctx, err)
		return nil
	}
	defer answer.Body.Close() //nolint:errcheck // read only
	var status run.Status
	if err := json.NewDecoder(answer.Body).Decode(&status); err != nil {
		return fmt.Errorf("/status: %w", err)
	}
	l.status = status
	for _, j := range status.Jobs {
		if at := j.LastStart; j.Job == "rollup" && !at.IsZero() && (len(l.starts) == 0 || at.After(l.starts[len(l.starts)-1])) {
			l.starts = append(l.starts, at)
		}
	}
	return nil
}

// failed counts a question that was not answered, unless it was given up.
func (a *asked) failed(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	if a.Errors++; a.First == "" {
		a.First = err.Error()
	}
}

// await asks for the status until it is as wanted.
func (l *freshLoad) await(ctx context.Context, most time.Duration, otherwise string, holds func() bool) error {
	for deadline := time.Now().Add(most); ; {
		if err := l.askStatus(ctx); err != nil {
			return err
		}
		if holds() {
			return nil
		}
		if time.Now().After(deadline) {
			return errors.New(otherwise + " after " + most.String())
		}
		if err := lake.Pause(ctx, askEvery); err != nil {
			return err
		}
	}
}

// finish writes down what was seen.
func (l *freshLoad) finish() {
	r, p := &l.m.report, &l.m.probes
	r.PeakRSS = l.tree.most()
	for _, j := range l.status.Jobs {
		r.Jobs = append(r.Jobs, jobRuns{j.Job, j.Runs, j.Again, j.Failures, j.LastError})
	}
	var took []time.Duration
	for i := 1; i < len(p.answered); i++ {
		took = append(took, p.answered[i].Sub(p.sent[i]))
	}
	l.m.sent(len(p.sent)-1, len(p.sent)-1)
	r.Fresh, r.Stages = newSpread(took), l.tables.stages(p, l.starts)
}

// ifChanged asks for an answer that is not the one it had before.
func (s *served) ifChanged(ctx context.Context, path string, into any) (changed bool, err error) {
	answer, err := s.ask(ctx, path, s.tag)
	if err != nil {
		return false, err
	}
	defer answer.Body.Close() //nolint:errcheck // read only
	text, err := io.ReadAll(io.LimitReader(answer.Body, math.MaxInt32))
	switch {
	case err != nil:
		return false, err
	case answer.StatusCode == http.StatusNotModified:
		return false, nil
	case answer.StatusCode != http.StatusOK:
		return false, fmt.Errorf("%s: %s: %.200s", path, answer.Status, text)
	}
	s.tag = answer.Header.Get("ETag")
	return true, json.Unmarshal(text, into)
}
