package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/lake"
)

// serveMeasure is one run over filled tables.
type serveMeasure struct {
	c       *frame.Call
	o       ServeOptions
	d       *dashboard
	artists []string
	token   string
	random  *rand.Rand
}

func (m *serveMeasure) run(ctx context.Context, report *ServeReport) (err error) {
	if report.Cold, report.Ready, err = m.cold(ctx); err != nil {
		return err
	}
	err = m.with(ctx, func(s *served) (err error) {
		if report.Warm, report.Again, err = m.warm(ctx, s); err != nil {
			return err
		}
		if report.Load, err = m.load(ctx, s); err != nil {
			return err
		}
		report.Checked, err = m.right(ctx, s)
		return err
	})
	if err != nil {
		return err
	}
	return m.with(ctx, func(s *served) (err error) {
		report.Streams, err = m.streams(ctx, s)
		return err
	})
}

// with runs work on a server of its own.
func (m *serveMeasure) with(ctx context.Context, work func(*served) error) error {
	s, err := m.d.b.startServer(ctx, m.token)
	if err != nil {
		return err
	}
	return errors.Join(work(s), s.stop())
}

func (m *serveMeasure) path(question string, artist int) string {
	return "/v1/artists/" + m.artists[artist%len(m.artists)] + "/" + question
}

// cold asks an artist of a server that has just begun to answer, the same server for each question a different artist.
func (m *serveMeasure) cold(ctx context.Context) (questions []latency, start latency, err error) {
	took := make([][]time.Duration, len(serveQuestions))
	var ready []time.Duration
	for n := range m.o.Cold {
		m.c.Progress.Say(fmt.Sprintf("bench: cold, %d of %d starts", n, m.o.Cold))
		err := m.with(ctx, func(s *served) error {
			for i := range serveQuestions {
				which := (n + i) % len(serveQuestions) // the first question of a process opens the tables
				t, err := s.get(ctx, m.path(serveQuestions[which], m.random.IntN(len(m.artists))))
				if err != nil {
					return err
				}
				took[which] = append(took[which], t)
			}
			ready = append(ready, s.ready)
			return nil
		})
		if err != nil {
			return nil, start, err
		}
	}
	return latencies(took), newLatency("ready", ready), nil
}

func latencies(took [][]time.Duration) (list []latency) {
	for i, question := range serveQuestions {
		list = append(list, newLatency(question, took[i]))
	}
	return list
}

// warm asks every artist every question three times. The second time it says how many days, which are those it asked
// for before: the answer is made of what is in memory. The third time it was written before.
func (m *serveMeasure) warm(ctx context.Context, s *served) (made, again []latency, err error) {
	rounds := make([][]latency, 3)
	for round, days := range []string{"", "?days=28", "?days=28"} {
		m.c.Progress.Say(fmt.Sprintf("bench: warm, round %d of %d", round+1, len(rounds)))
		took := make([][]time.Duration, len(serveQuestions))
		for artist := range m.artists {
			for i, question := range serveQuestions {
				t, err := s.get(ctx, m.path(question, artist)+days)
				if err != nil {
					return nil, nil, err
				}
				took[i] = append(took[i], t)
			}
		}
		rounds[round] = latencies(took)
	}
	return rounds[1], rounds[2], nil
}

// load asks at a fixed rate, whatever the answers take, while snapshots are published.
func (m *serveMeasure) load(ctx context.Context, s *served) (loadedServer, error) {
	l := loadedServer{Wanted: m.o.Rate}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	published := make(chan error, 1)
	go func() {
		err := error(nil)
		for err == nil && lake.Pause(ctx, m.o.Publish) == nil {
			if err = m.d.next(ctx); err == nil {
				l.Published++
			}
		}
		if ctx.Err() != nil {
			err = nil
		}
		published <- err
	}()
	took, rss, err := m.ask(ctx, s, &l)
	cancel()
	if err := errors.Join(err, <-published); err != nil {
		return l, err
	}
	third := len(rss) / 3
	for i, mib := range rss {
		switch {
		case i >= 2*third:
			l.RSSLastMiB = max(l.RSSLastMiB, mib)
		case i >= third:
			l.RSSMiddleMiB = max(l.RSSMiddleMiB, mib)
		}
	}
	l.Requests = len(took) + l.Errors
	l.PerSecond = float64(len(took)) / l.Seconds
	l.CPUMicrosec /= max(float64(len(took)), 1)
	if len(took) > 0 {
		l.latency = newLatency("all", took)
	}
	return l, nil
}

// ask sends the requests of load, and looks at the memory once a second.
func (m *serveMeasure) ask(ctx context.Context, s *served, l *loadedServer) (took []time.Duration, rss []float64, err error) {
	var mu sync.Mutex
	var wrong error
	same := steady{}
	var under sync.WaitGroup
	var waiting atomic.Int64
	before, err := s.cpu()
	if err != nil {
		return nil, nil, err
	}
	started := time.Now()
	every := time.Second / time.Duration(m.o.Rate)
	for i := 0; time.Since(started) < m.o.Duration; i++ {
		if err := lake.Pause(ctx, time.Until(started.Add(time.Duration(i)*every))); err != nil {
			return nil, nil, err
		}
		if i%m.o.Rate == 0 {
			mib, err := s.memory()
			if err != nil {
				return nil, nil, err
			}
			rss = append(rss, mib)
			m.c.Progress.Say(fmt.Sprintf("bench: load, %d requests, %d waiting, %.0f MiB", i, waiting.Load(), mib))
		}
		path := m.path(serveQuestions[i%len(serveQuestions)], m.random.IntN(len(m.artists)))
		waiting.Add(1)
		under.Go(func() {
			defer waiting.Add(-1)
			a, err := s.take(ctx, path)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				took = append(took, a.took)
				if err = same.hold(path, a); err != nil {
					wrong = err
				}
				return
			}
			if l.Errors++; l.FirstError == "" {
				l.FirstError = err.Error()
			}
		})
	}
	under.Wait()
	l.Seconds = time.Since(started).Seconds()
	after, err := s.cpu()
	l.CPUMicrosec = float64((after - before).Microseconds())
	return took, rss, errors.Join(wrong, err)
}

// streams opens clients that wait for news, publishes, and waits until all have heard.
func (m *serveMeasure) streams(ctx context.Context, s *served) (streamed, error) {
	out := streamed{Clients: m.o.Streams}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if _, err := s.get(ctx, m.path("summary", 0)); err != nil { // so that the tables are open
		return out, err
	}
	var err error
	if out.BeforeMiB, err = s.memory(); err != nil {
		return out, err
	}
	var greeted, heard atomic.Int64
	for i := range m.o.Streams {
		answer, err := s.open(ctx, m.path("updates", i)) //nolint:bodyclose // its goroutine does
		if err != nil {
			return out, err
		}
		go func() {
			defer answer.Body.Close() //nolint:errcheck // read only
			events := []*atomic.Int64{&greeted, &heard}
			for lines := bufio.NewScanner(answer.Body); len(events) > 0 && lines.Scan(); {
				if strings.HasPrefix(lines.Text(), "event: cut") {
					events[0].Add(1)
					events = events[1:]
				}
			}
			<-ctx.Done()
		}()
	}
	if err := m.wait(ctx, &greeted); err != nil {
		return out, err
	}
	if err := m.d.next(ctx); err != nil {
		return out, err
	}
	if err := m.wait(ctx, &heard); err != nil {
		return out, err
	}
	out.Heard = int(heard.Load())
	out.WithMiB, err = s.memory()
	return out, err
}

// wait waits until all clients have counted, but not for ever.
func (m *serveMeasure) wait(ctx context.Context, count *atomic.Int64) error {
	for deadline := time.Now().Add(15 * time.Second); int(count.Load()) < m.o.Streams && time.Now().Before(deadline); {
		if err := lake.Pause(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}
