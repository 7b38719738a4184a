package rollup

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/lake"
)

// rowsFile is a file of so many rows; of is the file that it deletes rows of, or empty.
type rowsFile struct {
	iceberg.DataFile
	path, of string
	rows     int64
}

func (f *rowsFile) FilePath() string { return f.path }
func (f *rowsFile) Count() int64     { return f.rows }

func (f *rowsFile) ReferencedDataFile() *string { return &f.of }

// After any sequence of commits, each of which adds a file and may delete rows of every other, a partition has at most
// 60 files; and without deletes merging writes few rows for each that came.
func TestAPartitionNeverHasMoreThanSixtyFiles(t *testing.T) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 60))
		const commits = 3_000
		rewrites := []float64{0, 0.01, 0.3, 1}[seed%4] // share of commits that delete rows
		size := []int64{1, 300, 40_000}[seed%3]
		p, made, came, written := &partition{}, 0, int64(0), int64(0)
		add := func(rows int64, of string) lake.File {
			made++
			return lake.File{DataFile: &rowsFile{path: fmt.Sprint("f", made), of: of, rows: rows}}
		}
		for range commits {
			if rng.Float64() < rewrites {
				for _, f := range p.data {
					if rng.IntN(2) == 0 {
						p.deletes = append(p.deletes, add(1, f.FilePath()))
					}
				}
			}
			rows := 1 + rng.Int64N(size)
			p.data = append(p.data, add(rows, ""))
			came += rows
			if n := len(p.data) + len(p.deletes); n > 60 {
				t.Fatalf("seed %d: %d files", seed, n)
			}
			merge := p.toMerge(false)
			if len(merge) == 0 {
				continue
			}
			one := int64(0)
			for _, f := range merge {
				one += f.Count()
			}
			written += one
			gone := p.with(merge)
			p.data = slices.DeleteFunc(p.data, func(f lake.File) bool {
				return slices.ContainsFunc(gone, func(g lake.File) bool { return g.FilePath() == f.FilePath() })
			})
			p.deletes = slices.DeleteFunc(p.deletes, func(f lake.File) bool {
				return slices.ContainsFunc(gone, func(g lake.File) bool { return g.FilePath() == f.FilePath() })
			})
			p.data = append(p.data, add(one, ""))
		}
		if rewrites == 0 && written > 5*came+commits*tierRows/4 {
			t.Errorf("seed %d: %d rows came, and merges wrote %d", seed, came, written)
		}
	}
}
