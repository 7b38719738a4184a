package live

import (
	"context"
	"encoding/binary"
	"slices"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/serve/latest"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/seek"
)

// Minutes is how long the strip is.
const Minutes = 60

// Counter keeps the counts of files. It may be used by several goroutines.
type Counter struct {
	env    jobs.Env
	newest *latest.Value[Hour]
}

// New makes a Counter.
func New(env jobs.Env) *Counter {
	c := &Counter{env: env}
	c.newest = latest.New(env.Now, c.read, c.stays)
	return c
}

// Hour are the plays of the last hour in one snapshot of listens.
type Hour struct {
	Snapshot  int64     // of listens; 0 before the first
	AsOf      time.Time // when that was committed
	Watermark time.Time // newest event time in it; zero where that is not on record

	files map[string]counts // by URI
}

// counts are the plays that a file has, by artist.
type counts struct {
	deleted int // rows of it that are deleted
	plays   map[string][]play
}

// play counts plays of a track in a minute since 1970.
type play struct {
	track  string
	minute int64
	n      int64
}

// Newest reads what came since the last look.
func (c *Counter) Newest(ctx context.Context) (*Hour, error) { return c.newest.Get(ctx) }

func (c *Counter) stays(_ *Hour, err error) bool {
	c.env.Log.Warn("the live strip stays as it was", "error", err)
	return true
}

func (c *Counter) read(ctx context.Context, before *Hour) (*Hour, error) {
	s, err := c.env.Snapshot(ctx, catalog.Listens)
	if err != nil {
		return nil, err
	}
	if before != nil && before.Snapshot == s.ID() {
		return before, nil
	}
	files, err := s.Files(ctx)
	if err != nil {
		return nil, err
	}
	oldest := c.env.Now().Add(-Minutes * time.Minute)
	files = slices.DeleteFunc(files, func(f lake.File) bool { return over(s, f, oldest) })
	deleted, err := s.DeletedRows(ctx, c.env.Duck.Verify, files)
	if err != nil {
		return nil, err
	}
	marks, err := catalog.WatermarksOf(s)
	if err != nil {
		return nil, err
	}
	h := &Hour{Snapshot: s.ID(), AsOf: s.Time(), Watermark: marks.Newest(), files: make(map[string]counts, len(files))}
	for _, f := range files {
		gone := deleted[f.FilePath()]
		if before != nil {
			if known, ok := before.files[f.FilePath()]; ok && known.deleted == len(gone) {
				h.files[f.FilePath()] = known
				continue
			}
		}
		if h.files[f.FilePath()], err = count(ctx, s, f, gone, oldest); err != nil {
			return nil, err
		}
	}
	return h, nil
}

// over tells whether every event of a file is before an instant, as the manifest says. Without bounds it may not be.
func over(s lake.Snapshot, f lake.File, at time.Time) bool {
	column, ok := s.Table().Column("event_time")
	if !ok {
		return false
	}
	bound := f.UpperBoundValues()[column.Field.ID]
	return len(bound) == 8 && int64(binary.LittleEndian.Uint64(bound)) < at.UnixMicro()
}

func count(ctx context.Context, s lake.Snapshot, f lake.File, gone []int64, oldest time.Time) (counts, error) {
	type key struct {
		artist, track string
		minute        int64
	}
	sums := map[key]int64{}
	from := oldest.UnixMicro()
	err := seek.Scan(ctx, s, f, gone, []string{"artist_id", "track_id", "event_time"}, func(r seek.Row) {
		if at := r.Number(2); at >= from {
			sums[key{r.Text(0), r.Text(1), at / 60_000_000}]++
		}
	})
	c := counts{deleted: len(gone), plays: map[string][]play{}}
	for k, n := range sums {
		c.plays[k.artist] = append(c.plays[k.artist], play{k.track, k.minute, n})
	}
	return c, err
}

// Minute is how many plays began in a minute.
type Minute struct {
	At    time.Time
	Plays int64
}

// Plays are those of an artist in the hour before now, oldest first, of tracks that mine accepts; nil accepts all. The
// last minute is the one that now is in.
func (h *Hour) Plays(artist string, now time.Time, mine func(track string) bool) []Minute {
	list, first := empty(now)
	for _, f := range h.files {
		for _, p := range f.plays[artist] {
			if at := p.minute - first; at >= 0 && at < Minutes && (mine == nil || mine(p.track)) {
				list[at].Plays += p.n
			}
		}
	}
	return list
}

// Sum are the plays in the hour before now, oldest first, that mine accepts.
func (h *Hour) Sum(now time.Time, mine func(artist, track string, at time.Time) bool) []Minute {
	list, first := empty(now)
	for _, f := range h.files {
		for artist, plays := range f.plays {
			for _, p := range plays {
				if at := p.minute - first; at >= 0 && at < Minutes && mine(artist, p.track, list[at].At) {
					list[at].Plays += p.n
				}
			}
		}
	}
	return list
}

// empty are the minutes of the hour before now, and the number of the first since 1970.
func empty(now time.Time) (list []Minute, first int64) {
	first = now.Unix()/60 - Minutes + 1
	list = make([]Minute, Minutes)
	for i := range list {
		list[i].At = time.Unix(60*(first+int64(i)), 0).UTC()
	}
	return list, first
}
