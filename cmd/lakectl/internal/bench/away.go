package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
	"github.com/lakectl/lakectl/jobs/simulate"
)

// What a lake on S3 is held to, in times of the same lake on files.
const (
	targetWarmNight = 1.3
	targetColdFull  = 2 // and the time that a plain copy takes of as many bytes
)

// AwayOptions are the loads of [Away], in listens.
type AwayOptions struct {
	Rows   int // of the lake
	Night  int // that come in a night
	Nights int
	Times  int // that all is recounted without copies
	Tracks int // of the catalogue
	Seed   uint64
}

// AwayReport is what bench away reports.
type AwayReport struct {
	Work    []measure `json:"work"` // medians by time
	Fetched int64     `json:"bytes_fetched_cold"`
	Objects int       `json:"objects_fetched_cold"`
	Copied  int64     `json:"bytes_of_a_plain_copy"`
	MBs     float64   `json:"mb_per_second_of_a_plain_copy"`
	Targets []target  `json:"targets"`
	Notes   []string  `json:"notes"`
}

// awayLake is a lake with what comes into it.
type awayLake struct {
	*bench
	load        *royaltiesLoad
	where       string
	rows        int
	night, full []measure
}

// Away measures royalties on S3, and on the same lake in a folder.
func Away(ctx context.Context, c *frame.Call, o AwayOptions) (_ any, err error) {
	k := c.Config.Catalog
	if !strings.HasPrefix(k.Warehouse, "s3://") {
		return nil, usage.Errorf("set LAKEHOUSE_CATALOG_WAREHOUSE=s3://BUCKET/PREFIX, and LAKEHOUSE_CATALOG_S3_ENDPOINT where it is not AWS", "catalog.warehouse is %s: there is no S3 to measure", k.Warehouse)
	}
	if o.Rows < 1 || o.Night < 1 || o.Nights < 1 || o.Times < 1 {
		return nil, usage.Errorf("see "+c.Command.HelpName+" --help", "--rows %d, --night %d, --nights %d, --times %d", o.Rows, o.Night, o.Nights, o.Times)
	}
	place := &s3Place{warehouse: fmt.Sprintf("%s/bench-%d", strings.TrimRight(k.Warehouse, "/"), time.Now().UnixNano()), S3: k.S3}
	near, err := newAwayLake(ctx, c, o, "files", nil)
	if err != nil {
		return nil, err
	}
	defer near.end()
	defer func() {
		err = errors.Join(err, place.remove(context.WithoutCancel(ctx), filepath.Join(near.dir, "none"), c.Log))
	}()
	far, err := newAwayLake(ctx, c, o, "S3", place)
	if err != nil {
		return nil, err
	}
	defer far.end()
	r := AwayReport{Notes: []string{"wall times are only comparable within a run, and only when nothing else is at work on the machine"}}
	for n := range o.Nights {
		for _, l := range []*awayLake{near, far} {
			if err := l.passes(ctx, o.Night, n); err != nil {
				return nil, err
			}
		}
	}
	for range o.Times {
		if err := r.recounts(ctx, near, far, place); err != nil {
			return nil, err
		}
	}
	return r, r.judge(near, far)
}

func newAwayLake(ctx context.Context, c *frame.Call, o AwayOptions, where string, place *s3Place) (*awayLake, error) {
	b, err := newBenchAt(ctx, c, place)
	if err != nil {
		return nil, err
	}
	all := o.Rows + o.Nights*o.Night
	l := &awayLake{bench: b, where: where, rows: o.Rows, load: newRoyaltiesLoad(RoyaltiesOptions{Seed: o.Seed, Tracks: o.Tracks}, simulate.LoadOptions{Rows: all, Days: max(all/o.Night, 2), Reach: o.Night})}
	err = l.load.ingest(ctx, b.env, "ledger", o.Rows)
	if err == nil {
		_, _, err = b.royalties(ctx, "the first run, on "+where, o.Rows)
	}
	if err != nil {
		l.end()
		return nil, err
	}
	return l, nil
}

func (l *awayLake) end() {
	l.load.stop()
	l.close()
}

// passes lets a night pass.
func (l *awayLake) passes(ctx context.Context, rows, n int) error {
	if err := l.load.ingest(ctx, l.env, fmt.Sprint("night-", n), rows); err != nil {
		return err
	}
	l.rows += rows
	m, report, err := l.royalties(ctx, "a warm night, on "+l.where, rows)
	if err == nil && (report.Ledger.Rebuilt || report.Ledger.Counted == 0) {
		err = errors.New("the night was no update of the ledger")
	}
	l.night = append(l.night, m)
	return err
}

// recounts measures a recount on files, one without copies, and a plain copy of what that fetched.
func (r *AwayReport) recounts(ctx context.Context, near, far *awayLake, place *s3Place) error {
	if err := near.recount(ctx, "job royalties --full"); err != nil {
		return err
	}
	if err := os.RemoveAll(copiesOf(far.dir)); err != nil {
		return err
	}
	if err := os.Mkdir(copiesOf(far.dir), 0o700); err != nil {
		return err
	}
	if err := far.recount(ctx, "job royalties --full, cold"); err != nil {
		return err
	}
	uris, fetched, err := place.kept(far.dir)
	if err != nil {
		return err
	}
	far.env.Progress("a plain copy")
	bytes, took, err := place.copied(ctx, uris, filepath.Join(far.dir, "plain"))
	r.Fetched, r.Objects, r.Copied = fetched, len(uris), bytes
	r.MBs = max(r.MBs, float64(bytes)/1e6/took.Seconds())
	return err
}

func (l *awayLake) recount(ctx context.Context, what string) error {
	m, report, err := l.royalties(ctx, what+", on "+l.where, l.rows, "--full")
	if err == nil && (report.Full == nil || !report.Full.Agrees) {
		err = errors.New("the recount does not agree")
	}
	l.full = append(l.full, m)
	return err
}

// judge holds the medians against each other.
func (r *AwayReport) judge(near, far *awayLake) error {
	if r.MBs == 0 {
		return errors.New("the plain copy copied nothing")
	}
	nights, fulls := [2]measure{medianOf(near.night), medianOf(far.night)}, [2]measure{medianOf(near.full), medianOf(far.full)}
	r.Work = []measure{nights[0], nights[1], fulls[0], fulls[1]}
	fetching := float64(r.Fetched) / 1e6 / r.MBs
	r.Targets = []target{
		atMost("seconds of a warm night on S3 to files", rounded(nights[1].Seconds/nights[0].Seconds), targetWarmNight),
		atMost("seconds of a cold --full on S3", rounded(fulls[1].Seconds), rounded(targetColdFull*fulls[0].Seconds+fetching)),
	}
	return nil
}

func rounded(x float64) float64 { return float64(int64(x*1000+0.5)) / 1000 }

// medianOf is the run of the median time.
func medianOf(runs []measure) measure {
	sorted := slices.SortedFunc(slices.Values(runs), func(a, b measure) int { return int(1e6 * (a.Seconds - b.Seconds)) })
	return sorted[len(sorted)/2]
}
