package compact

import (
	"fmt"
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

// Three days of flushes every 15 seconds, with a maintenance every 15 minutes: what is written for each byte that came,
// and how many files a day has in the end.
func TestWriteAmplificationAndFilesOfADayAreBounded(t *testing.T) {
	const flushes, between, days = 5760, 60, 3
	for _, size := range []int64{4 << 10, 50 << 10, 400 << 10, 2 << 20} {
		t.Run(fmt.Sprint(size, " bytes"), func(t *testing.T) {
			s := State{Target: 256 << 20, Memory: mostMemory}
			var came, written int64
			n := 0
			settle := func() {
				for groups := PlanOf(s); len(groups) > 0; groups = PlanOf(s) {
					gone := map[string]bool{}
					var made []Input
					for _, g := range groups {
						n++
						made = append(made, sized(t, n, g.Day, g.Bytes))
						written += g.Bytes
						for _, in := range g.Inputs {
							gone[in.File.FilePath()] = true
						}
					}
					for _, in := range s.Inputs {
						if !gone[in.File.FilePath()] {
							made = append(made, in)
						}
					}
					s.Inputs = made
				}
			}
			for i := range flushes * days {
				for day := range i/flushes + 1 { // a tenth of the plays come a day late
					bytes := size
					if day < i/flushes {
						bytes /= 10
					}
					n++
					s.Inputs, came = append(s.Inputs, sized(t, n, day, bytes)), came+bytes
				}
				if i%between == between-1 {
					settle()
				}
			}
			left, bytes := map[int]int{}, map[int]int64{}
			for _, in := range s.Inputs {
				left[in.Day]++
				bytes[in.Day] += in.File.FileSizeBytes()
			}
			amplification := float64(came+written) / float64(came)
			t.Logf("%.2f bytes written a byte, files by day %v", amplification, left)
			if amplification > 3.1 {
				t.Errorf("%.2f bytes are written for each", amplification)
			}
			for day, files := range left {
				if files > 32+int(bytes[day]/s.Target) {
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
