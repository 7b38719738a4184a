package demo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/run"
	"github.com/lakectl/lakectl/jobs/chain"
	"github.com/lakectl/lakectl/jobs/royalty"
	"github.com/lakectl/lakectl/jobs/royalty/terms"
	"github.com/lakectl/lakectl/jobs/serve/access"
	"github.com/lakectl/lakectl/jobs/simulate"
	"github.com/lakectl/lakectl/jobs/topic"
	"github.com/lakectl/lakectl/lake"
)

const (
	liveEach      = 100 * time.Millisecond
	liveFlushAge  = 5 * time.Second
	liveFirst     = 15 // seconds until the page moves, on a machine with nothing else to do
	millisASecond = 1000
)

// live lets devices go on listening, with everything at work that 'lakectl run' is, until the context ends.
func (s *story) live(ctx context.Context) error {
	if err := s.listenAt(ctx); err != nil {
		return err
	}
	devices := s.month.Devices(s.o.Seed)
	if err := s.lastWeeks(ctx, devices, s.env.Now().UTC()); err != nil {
		return err
	}
	c := &s.c.Config
	c.Kafka.Brokers, c.Kafka.Topic, c.Ingest.FlushAge = s.topic.Brokers, s.topic.Topic, min(c.Ingest.FlushAge, liveFlushAge)
	if len(s.report.Payouts) == 0 {
		return errors.New("nobody was paid in the demo, so there is no artist to show")
	}
	artist := s.report.Payouts[0].ArtistID
	link, err := access.CreateLink(ctx, s.env, access.Scope{Sees: access.Artist, ID: artist}, "lakectl demo")
	if err != nil {
		return err
	}
	parts, ctx := errgroup.WithContext(ctx)
	parts.Go(lake.Safely(func() error {
		err := run.Main(ctx, s.c, run.Edges{Env: s.environ(), Ready: func(net.Addr, bool) {
			s.sayLive(artist, access.LinkURL(c.Serve.URL(), link.Secret))
		}})
		if err == nil && ctx.Err() == nil {
			err = errors.New("the run ended by itself")
		}
		return err
	}))
	parts.Go(lake.Safely(func() error { return s.goOn(ctx, devices) }))
	return parts.Wait()
}

// listenAt takes another port where the usual one is taken and nobody asked for it.
func (s *story) listenAt(ctx context.Context) error {
	addr := &s.c.Config.Serve.Addr
	if s.c.Typed("serve.addr") {
		return nil
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", *addr)
	if err != nil {
		if l, err = new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0"); err != nil {
			return fmt.Errorf("find a free port: %w", err)
		}
		*addr = l.Addr().String()
	}
	return l.Close()
}

// environ tells children where the demo's lake is.
func (s *story) environ() []string {
	c := s.c.Config
	return []string{
		"LAKEHOUSE_CATALOG_TYPE=" + c.Catalog.Type, "LAKEHOUSE_CATALOG_NAME=" + c.Catalog.Name,
		"LAKEHOUSE_CATALOG_URI=" + filepath.Join(s.o.Dir, "catalog.db"), "LAKEHOUSE_CATALOG_WAREHOUSE=" + c.Catalog.Warehouse,
		"LAKEHOUSE_DUCKDB_TEMP_DIRECTORY=" + c.DuckDB.TempDirectory, "LAKEHOUSE_ROLLUP_STATE_DIRECTORY=" + c.RecentFolder(),
		"LAKEHOUSE_ENGINE=" + c.Engine,
	}
}

// nameTracks loads what tracks and labels are called, as 'lakectl tracks load' does.
func (s *story) nameTracks(ctx context.Context) error {
	titles := s.month.Titles()
	tracks := make([]terms.Track, len(titles))
	for i, t := range titles {
		tracks[i] = terms.Track{TrackID: t.TrackID, Title: t.Title, ArtistName: t.Artist, LabelID: t.LabelID, LabelName: t.Label}
	}
	_, err := royalty.LoadTracks(ctx, s.env, tracks)
	return err
}

func (s *story) nameOf(artist string) string {
	for _, t := range s.month.Titles() {
		if t.ArtistID == artist {
			return t.Artist
		}
	}
	return "without a name"
}

// lastWeeks brings what devices played between the month of the story and now, as much as in it: the page shows the
// last weeks first.
func (s *story) lastWeeks(ctx context.Context, devices *simulate.Devices, now time.Time) error {
	s.env.Progress("simulating the last weeks")
	listens := int(float64(s.o.Listens) * now.Sub(s.truth.To).Hours() / s.truth.To.Sub(s.truth.From).Hours())
	if err := s.produce(ctx, devices.ListenFrom(s.truth.To, now, listens)); err != nil {
		return err
	}
	if err := s.ingest(ctx); err != nil {
		return err
	}
	_, err := chain.RollUp(ctx, s.env, s.rollup())
	return err
}

// goOn sends what devices play, at a steady rate.
func (s *story) goOn(ctx context.Context, devices *simulate.Devices) error {
	p := topic.NewProducer(s.topic)
	err := s.send(ctx, func(at time.Time, listens int) error {
		var batch []topic.Record
		for range listens {
			for _, e := range devices.Listen(at) {
				batch = append(batch, record(e))
			}
		}
		return p.Produce(ctx, batch)
	})
	if ctx.Err() != nil {
		err = nil
	}
	return errors.Join(err, p.Close())
}

// send makes up for pauses of the machine, but not for more than a second.
func (s *story) send(ctx context.Context, batch func(at time.Time, listens int) error) error {
	sent := time.Now()
	for lake.Pause(ctx, liveEach) == nil {
		now := time.Now()
		passed := min(now.Sub(sent), time.Second)
		listens := int(passed.Milliseconds()) * s.o.Rate / millisASecond
		if listens == 0 {
			continue
		}
		if err := batch(now.UTC(), listens); err != nil {
			return err
		}
		sent = now
	}
	return nil
}

// sayLive tells what to do, in lines that stay.
func (s *story) sayLive(artist, link string) {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("")
	line("LIVE         %d listens a second come in from simulated devices, some late, some twice", s.o.Rate)
	line("  open       %s", link)
	line("             signs your browser in as the artist %s, %s: once, within %d minutes", artist, s.nameOf(artist), int(access.LinkLife.Minutes()))
	line("  look at    the plays of today: they move after about %d s, the strip of the last hour sooner", liveFirst)
	line("  try        in another terminal, in this folder:")
	for _, next := range s.nextLive() {
		line("             %s", next)
	}
	line("  stop       Ctrl-C; the lake stays in %s", s.o.Dir)
	s.c.Progress.Write([]byte(b.String())) //nolint:errcheck // nobody may be there to read it
}

func (s *story) nextLive() []string {
	env := ""
	if s.o.Dir != defaultDir {
		env = fmt.Sprintf("export LAKEHOUSE_CATALOG_URI=%s/catalog.db", s.o.Dir)
	}
	list := []string{
		`lakectl sql "SELECT artist_id, sum(plays) FROM plays_by_day WHERE day = current_date GROUP BY ALL ORDER BY 2 DESC LIMIT 5"`,
		"lakectl snapshots listens",
		"lakectl token list",
	}
	if env != "" {
		list = append([]string{env}, list...)
	}
	return list
}
