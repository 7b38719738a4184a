package compact

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/lake"
)

// sized is a data file of so many bytes that a plan knows.
func sized(t testing.TB, n, day int, bytes int64) Input {
	t.Helper()
	b, err := iceberg.NewDataFileBuilder(*iceberg.UnpartitionedSpec, iceberg.EntryContentData, fmt.Sprintf("file-%08d", n), iceberg.ParquetFile, nil, nil, nil, max(1, bytes/45), bytes)
	if err != nil {
		t.Fatal(err)
	}
	return Input{File: lake.File{DataFile: b.Build(), Sequence: int64(n)}, Day: day, Sorted: true, Since: int64(n), Before: int64(n)}
}

// passing is a table that files come to and that is settled at times.
type passing struct {
	State
	n             int // files so far
	came, written int64
}

func (p *passing) add(t testing.TB, day int, bytes int64) {
	t.Helper()
	p.n++
	p.Inputs, p.came = append(p.Inputs, sized(t, p.n, day, bytes)), p.came+bytes
}

// settle carries plans out until there is nothing to do.
func (p *passing) settle(t testing.TB) {
	t.Helper()
	for groups := PlanOf(p.State); len(groups) > 0; groups = PlanOf(p.State) {
		gone := map[string]bool{}
		var made []Input
		for _, g := range groups {
			p.n++
			made = append(made, sized(t, p.n, g.Day, g.Bytes))
			p.written += g.Bytes
			for _, in := range g.Inputs {
				gone[in.File.FilePath()] = true
			}
		}
		for _, in := range p.Inputs {
			if !gone[in.File.FilePath()] {
				made = append(made, in)
			}
		}
		p.Inputs = made
	}
}

// amplification is how many bytes were written for each that came, its own among them.
func (p *passing) amplification() float64 { return float64(p.came+p.written) / float64(p.came) }

// files are how many each day has, but for those of the target size.
func (p *passing) files() map[int]int {
	left, bytes := map[int]int{}, map[int]int64{}
	for _, in := range p.Inputs {
		left[in.Day]++
		bytes[in.Day] += in.File.FileSizeBytes()
	}
	for day := range left {
		left[day] -= int(bytes[day] / p.Target)
	}
	return left
}

// Three days of flushes every 15 seconds, with a maintenance every 15 minutes: what is written for each byte that came,
// and how many files a day has in the end.
func TestWriteAmplificationAndFilesOfADayAreBounded(t *testing.T) {
	const flushes, between, days = 5760, 60, 3
	for _, size := range []int64{4 << 10, 50 << 10, 400 << 10, 2 << 20} {
		t.Run(fmt.Sprint(size, " bytes"), func(t *testing.T) {
			p := passing{State: State{Target: 256 << 20, Memory: mostMemory}}
			for i := range flushes * days {
				for day := range i/flushes + 1 { // a tenth of the plays come a day late
					bytes := size
					if day < i/flushes {
						bytes /= 10
					}
					p.add(t, day, bytes)
				}
				if i%between == between-1 {
					p.settle(t)
				}
			}
			t.Logf("%.2f bytes written a byte, files by day %v", p.amplification(), p.files())
			if p.amplification() > 3.1 {
				t.Errorf("%.2f bytes are written for each", p.amplification())
			}
			for day, files := range p.files() {
				if files > 32 {
					t.Errorf("day %d keeps %d files", day, files)
				}
			}
		})
	}
}

func TestFilesWithManyDeletedRowsComeFirstAndOthersStay(t *testing.T) {
	s := State{Target: 1 << 20, Memory: mostMemory}
	for i := range 12 {
		s.Inputs = append(s.Inputs, sized(t, i, 1, 1000))
	}
	for i, deleted := range []int64{0, 10, 4000} { // of 23,301 rows
		in := sized(t, 100+i, 2, 1<<20)
		in.Deleted = deleted
		s.Inputs = append(s.Inputs, in)
	}
	groups := PlanOf(s)
	var got []string
	for _, g := range groups {
		got = append(got, fmt.Sprint(g.Reason, " ", len(g.Inputs), " ", g.Inputs[0].File.FilePath()))
	}
	want := "[deleted rows 1 file-00000102 small files 12 file-00000000]"
	if fmt.Sprint(got) != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// Late listens come for a day in files of any size, long after the others were merged.
func TestADayThatLateListensComeForKeepsFewFiles(t *testing.T) {
	const days, settles, flushes = 30, 9, 240
	size := rand.New(rand.NewPCG(1, 2))
	p := passing{State: State{Target: 256 << 20, Memory: mostMemory}}
	most := 0
	for day := range days {
		for range settles {
			for range flushes {
				p.add(t, day, 13<<10)
			}
			for late := range day {
				p.add(t, late, 3<<10+size.Int64N(12<<10))
			}
			p.settle(t)
		}
		most = max(most, slices.Max(slices.Collect(maps.Values(p.files()))))
	}
	if most > 32 || p.amplification() > 3 {
		t.Errorf("a day has up to %d files, %.2f bytes are written for each", most, p.amplification())
	}
}

// A day that is nearly full costs a few late listens no more than one more copy of it, however long they come.
func TestAFewLateListensDoNotRewriteADayOverAndOver(t *testing.T) {
	for _, late := range []int64{1 << 10, 4 << 10, 12 << 10} {
		p := passing{State: State{Target: 256 << 20, Memory: mostMemory}}
		for _, old := range []struct {
			files int
			bytes int64
		}{{11, 33 << 20}, {2, 5 << 20}, {1, 600 << 10}} {
			for range old.files {
				p.add(t, 0, old.bytes)
			}
		}
		whole := p.came
		for range 3000 {
			p.add(t, 0, late)
			p.settle(t)
		}
		if came := p.came - whole; p.written > whole+4*came || p.files()[0] > 32 {
			t.Errorf("files of %d bytes: %d MB were written for %d that came to %d; %d files", late, p.written>>20, came>>20, whole>>20, p.files()[0])
		}
	}
}
