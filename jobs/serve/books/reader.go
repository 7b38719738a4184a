package books

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/royalty"
	"github.com/lakectl/lakectl/jobs/serve/latest"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/seek"
)

// Reader gives the newest Books. It may be used by several goroutines.
type Reader struct {
	env    jobs.Env
	seek   *seek.Reader
	newest *latest.Value[Books]

	views  *kept[*seek.View]         // by table and snapshot
	owners *kept[owners]             // by snapshot of tracks
	sums   *kept[map[string][]Money] // by statement: what labels come to
	paid   *kept[[]Paid]             // of labels
	usage  *kept[[]Usage]
	posted *kept[[]Posted]
}

// New makes a Reader that keeps so many bytes of decoded rows.
func New(env jobs.Env, cacheBytes int64) *Reader {
	r := &Reader{
		env: env, seek: seek.New(seek.Options{CacheBytes: cacheBytes, Verify: env.Duck.Verify}),
		views: newKept[*seek.View](512), owners: newKept[owners](2), sums: newKept[map[string][]Money](256),
		paid: newKept[[]Paid](4), usage: newKept[[]Usage](4), posted: newKept[[]Posted](4),
	}
	r.newest = latest.New(env.Now, r.read, r.stays)
	return r
}

// Books are one published state of what is paid. They do not change.
type Books struct {
	Snapshot int64     // of listens, that the newest run accounts for; 0 before the first
	AsOf     time.Time // when that was committed
	// Watermark is the newest event time in it; zero where that is not on record.
	Watermark time.Time
	Runs      int64 // snapshot of royalty_runs

	reader      *Reader
	closes      int64
	tracks      lake.Snapshot // of today
	adjustments lake.Snapshot
	statements  []Statement    // newest period first
	latest      map[string]run // by period
}

// Statement is a closed period.
type Statement struct {
	Period   string
	Version  int64
	ClosedAt time.Time
	RunID    string
	Checksum string

	run     royalty.PublishedRun // its snapshots, period and times
	closing royalty.Closing
}

// run is what is read of royalty_runs.
type run struct {
	RunID         string    `col:"run_id"`
	Period        string    `col:"period"`
	FinishedAt    time.Time `col:"finished_at"`
	Listens       int64     `col:"listens_snapshot_id"`
	CommittedAt   time.Time `col:"listens_committed_at"`
	Lines         int64     `col:"lines_snapshot_id"`
	Payouts       int64     `col:"payouts_snapshot_id"`
	Shares        int64     `col:"shares_snapshot_id"`
	Adjustments   int64     `col:"adjustments_snapshot_id"`
	ClosedVersion int64     `col:"closed_version"`
}

// Tag names what an answer from these Books depends on.
func (b *Books) Tag() string { return fmt.Sprintf("%d-%d-%d", b.Runs, b.closes, b.tracks.ID()) }

// Statements are the closed periods, newest first.
func (b *Books) Statements() []Statement { return b.statements }

// Statement finds the statement of a period.
func (b *Books) Statement(period string) (Statement, bool) {
	at := slices.IndexFunc(b.statements, func(s Statement) bool { return s.Period == period })
	if at < 0 {
		return Statement{}, false
	}
	return b.statements[at], true
}

// Newest are the newest Books. The error says that the lake cannot be read and never could.
func (r *Reader) Newest(ctx context.Context) (*Books, error) { return r.newest.Get(ctx) }

func (r *Reader) stays(before *Books, err error) bool {
	if before == nil || errors.Is(err, jobs.ErrProof) {
		return false
	}
	r.env.Log.Warn("the statements stay as they were", "error", err)
	return true
}

func (r *Reader) read(ctx context.Context, before *Books) (*Books, error) {
	if err := r.env.Unaltered(ctx, catalog.RoyaltyCloses, catalog.RoyaltyRuns, catalog.Adjustments); err != nil {
		return nil, err
	}
	closes, err := r.env.Snapshot(ctx, catalog.RoyaltyCloses)
	if err != nil {
		return nil, err
	}
	runs, err := r.env.Snapshot(ctx, catalog.RoyaltyRuns)
	if err != nil {
		return nil, err
	}
	tracks, err := r.env.Snapshot(ctx, catalog.Tracks)
	if err != nil {
		return nil, err
	}
	b := &Books{reader: r, Runs: runs.ID(), closes: closes.ID(), tracks: tracks}
	if before != nil && before.Tag() == b.Tag() {
		return before, nil
	}
	return b, b.fill(ctx, closes, runs)
}

// fill reads the decisions to close, what was published, and finds the adjustments that are.
func (b *Books) fill(ctx context.Context, closes, runs lake.Snapshot) error {
	env := b.reader.env
	decisions, err := lake.ReadRecords[catalog.CloseRow](ctx, closes, env.Duck.Verify)
	if err != nil {
		return err
	}
	published, err := lake.ReadRecords[run](ctx, runs, env.Duck.Verify)
	if err != nil {
		return err
	}
	byID, newest := map[string]run{}, run{}
	b.latest = map[string]run{}
	for _, p := range published {
		byID[p.RunID] = p
		if p.FinishedAt.After(b.latest[p.Period].FinishedAt) {
			b.latest[p.Period] = p
		}
		if p.FinishedAt.After(newest.FinishedAt) {
			newest = p
		}
	}
	b.Snapshot, b.AsOf = newest.Listens, newest.CommittedAt
	if b.AsOf.IsZero() {
		b.AsOf = newest.FinishedAt
	}
	if err := b.findWatermark(ctx); err != nil {
		return err
	}
	if err := b.findAdjustments(ctx, newest); err != nil {
		return err
	}
	for _, row := range decisions {
		c, err := royalty.ClosingOf(row)
		if err != nil {
			return err
		}
		p, ok := byID[c.RunID]
		if !ok {
			return fmt.Errorf("period %s was closed with run %s: %w", c.Period, c.RunID, lake.ErrNotFound)
		}
		b.statements = append(b.statements, Statement{
			Period: c.Period, Version: c.Version, ClosedAt: c.ClosedAt, RunID: c.RunID, Checksum: c.Checksum, closing: c,
			run: royalty.PublishedRun{RunID: p.RunID, Period: p.Period, FinishedAt: p.FinishedAt, LinesSnapshotID: p.Lines, PayoutsSnapshotID: p.Payouts, SharesSnapshotID: p.Shares},
		})
	}
	slices.SortFunc(b.statements, func(a, b Statement) int { return strings.Compare(b.Period, a.Period) })
	return nil
}

// findAdjustments finds what the newest run published. Where that snapshot has expired, later ones have its rows too.
func (b *Books) findAdjustments(ctx context.Context, newest run) error {
	t, err := b.reader.env.Lake.Table(ctx, catalog.Adjustments)
	if err != nil {
		return err
	}
	b.adjustments = t.Empty()
	if newest.Adjustments == 0 {
		return nil
	}
	b.adjustments, err = t.ByID(newest.Adjustments)
	if errors.Is(err, lake.ErrExpired) {
		b.adjustments, err = t.Current(), nil
	}
	return err
}

func (b *Books) findWatermark(ctx context.Context) error {
	if b.Snapshot == 0 {
		return nil
	}
	t, err := b.reader.env.Lake.Table(ctx, catalog.Listens)
	if err != nil {
		return err
	}
	s, err := t.ByID(b.Snapshot)
	if errors.Is(err, lake.ErrExpired) {
		return nil
	}
	if err != nil {
		return err
	}
	marks, err := catalog.WatermarksOf(s)
	b.Watermark = marks.Newest()
	return err
}
