package recount

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
)

// Listens of the canary's ledger: three that count, one that is too short to pay and one that is deleted.
var planted = []struct {
	artist, track, tier string
	ms                  int64
}{
	{"a-1", "t-1", "free", 40_000},
	{"a-1", "t-2", "free", 50_000},
	{"a-2", "t-1", "paid", 60_000},
	{"a-2", "t-1", "paid", 20_000},
	{"a-2", "t-1", "paid", 70_000},
}

// last is the row of planted that is deleted.
const last = 4

// The hour of all of them.
var plantedAt = time.Date(2026, 3, 5, 10, 0, 0, 0, time.UTC)

// flaw is what is wrong with a published table; none counts it as the ledger does.
type flaw string

const (
	none    flaw = "no flaw"
	erased  flaw = "an erased listen that is still counted"
	short   flaw = "a listen that is not counted"
	swapped flaw = "a listen of another artist"
)

// Canary publishes a small ledger in the folder, right and with flaws, and holds it against a count of its files: what
// is right must count as right, and each flaw be seen. Otherwise the error is [jobs.ErrProof]. It returns the tables.
func Canary(ctx context.Context, dir string) (tables []string, err error) {
	day := int(plantedAt.Unix() / 86_400)
	counts := newCounted(map[int]bool{day: true})
	counts.rules["2026-03"] = ruling(nil, 0)
	path := filepath.Join(dir, "ledger.parquet")
	if err := plantLedger(path); err != nil {
		return nil, fmt.Errorf("plant a canary of the recount: %w", err)
	}
	if err := eachLeft(ctx, uriOf(path), named(ledgerColumns), []int64{last}, counts.visit()); err != nil {
		return nil, fmt.Errorf("the recount's canary cannot be read: %w: %w", err, jobs.ErrProof)
	}
	r := &run{ledgers: map[int64]*counted{1: counts}}
	for _, d := range dashboards {
		read := func(path string, says sums) error {
			return eachLeft(ctx, uriOf(path), named(d.columns()), nil, d.visit(counts.days, says))
		}
		c := claim{table: d.table, at: int64(day), ledger: 1}
		if err := r.mustSee(c, filepath.Join(dir, d.table), d.plant, read); err != nil {
			return nil, err
		}
		tables = append(tables, d.table)
	}
	read := func(path string, says sums) error {
		return eachLeft(ctx, uriOf(path), named(lineColumns), nil, visitLines(says))
	}
	c := claim{table: catalog.RoyaltyLines, at: int64(textHash("2026-03")), ledger: 1}
	if err := r.mustSee(c, filepath.Join(dir, c.table), plantLines, read); err != nil {
		return nil, err
	}
	return append(tables, c.table), nil
}

// mustSee holds a table that is right and those with a flaw against what was counted.
func (r *run) mustSee(c claim, path string, plant func(path string, with flaw) error, read func(path string, says sums) error) error {
	for _, with := range []flaw{none, erased, short, swapped} {
		if err := plant(path, with); err != nil {
			return fmt.Errorf("plant a canary of %s: %w", c.table, err)
		}
		says := sums{}
		if err := read(path, says); err != nil {
			return fmt.Errorf("the canary of %s cannot be read: %w: %w", c.table, err, jobs.ErrProof)
		}
		c.says = *says.at(c.at)
		if differs := c.held(r).Differs(); differs != (with != none) {
			return fmt.Errorf("the recount is wrong about a canary of %s, %s: seen %t: %w", c.table, with, differs, jobs.ErrProof)
		}
	}
	return nil
}

// counts says how often a planted listen is counted, and of which artist.
func (f flaw) counts(i int) (artist string, n int64) {
	artist, n = planted[i].artist, 1
	if f == short && i == 1 || f != erased && i == last {
		n = 0
	}
	if f == swapped && i == 0 {
		artist = "a-2"
	}
	return artist, n
}

func plantLedger(path string) error {
	return plantRows(path, ledgerColumns, func(add func(values ...any)) {
		for _, l := range planted {
			add(l.track, l.artist, "DE", l.tier, "phone", plantedAt.UnixMicro(), l.ms, int64(0))
		}
	})
}

// plant writes a file of a dashboard's table, with a row for each listen.
func (d dashboard) plant(path string, with flaw) error {
	return plantRows(path, d.columns(), func(add func(values ...any)) {
		for i, l := range planted {
			artist, n := with.counts(i)
			values := make([]any, 0, len(d.keys)+3)
			for _, key := range d.keys {
				values = append(values, map[string]string{"artist_id": artist, "track_id": l.track, "country": "DE", "device": "phone"}[key])
			}
			when := plantedAt.Unix() / 86_400
			if d.when == "hour" {
				when = plantedAt.UnixMicro()
			}
			add(append(values, when, n, n*l.ms)...)
		}
	})
}

func plantLines(path string, with flaw) error {
	return plantRows(path, lineColumns, func(add func(values ...any)) {
		for i, l := range planted {
			artist, n := with.counts(i)
			pays := n
			if l.ms < 30_000 {
				pays = 0
			}
			add(artist, l.track, "DE", l.tier, "2026-03", n, pays)
		}
	})
}

// plantRows writes a file with rows of texts and whole numbers.
func plantRows(path string, names []string, rows func(add func(values ...any))) error {
	var batch *array.RecordBuilder
	rows(func(values ...any) {
		if batch == nil {
			batch = array.NewRecordBuilder(memory.DefaultAllocator, plantedSchema(names, values))
		}
		for i, v := range values {
			switch b := batch.Field(i).(type) {
			case *array.StringBuilder:
				b.Append(v.(string))
			case *array.Int64Builder:
				b.Append(v.(int64))
			}
		}
	})
	defer batch.Release()
	record := batch.NewRecordBatch()
	defer record.Release()
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	w, err := pqarrow.NewFileWriter(record.Schema(), out, parquet.NewWriterProperties(), pqarrow.DefaultWriterProps())
	if err != nil {
		return err
	}
	if err := w.Write(record); err != nil {
		return err
	}
	return w.Close()
}

func plantedSchema(names []string, values []any) *arrow.Schema {
	fields := make([]arrow.Field, len(names))
	for i, v := range values {
		fields[i] = arrow.Field{Name: names[i], Type: arrow.BinaryTypes.String}
		if _, number := v.(int64); number {
			fields[i].Type = arrow.PrimitiveTypes.Int64
		}
	}
	return arrow.NewSchema(fields, nil)
}

func uriOf(path string) string { return (&url.URL{Scheme: "file", Path: path}).String() }

// named are columns of files without ids.
func named(names []string) []column {
	all := make([]column, len(names))
	for i, name := range names {
		all[i] = column{-1, name}
	}
	return all
}
