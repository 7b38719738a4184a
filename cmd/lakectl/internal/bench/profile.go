package bench

import (
	"os"
	"strings"
	"time"

	"github.com/google/pprof/profile"
)

// stageCost is what a part of a job takes of its CPU.
type stageCost struct {
	Stage       string  `json:"stage"`
	CPUMicrosec float64 `json:"cpu_us_per_row"`
	Percent     float64 `json:"percent"`
}

// stage is known by the functions that only it runs in.
type stage struct {
	name      string
	functions []string
}

// ingestStages are the stages of an ingest. A sample belongs to the first one with a function on its stack.
var ingestStages = []stage{
	{"gc", []string{"runtime.gcBgMarkWorker", "runtime.gcAssistAlloc", "runtime.bgsweep", "runtime.bgscavenge", "runtime.gcStart"}},
	{"sort", []string{"/dayfile.(*Rows).Sorted"}},
	{"parquet", []string{"/dayfile.(*Writer)", "/dayfile.Write", "/dayfile.NewWriter"}},
	{"decode", []string{"/ingest.(*ingester).decode"}},
	{"commit", []string{"/ingest.(*ingester).flush"}},
	{"fetch", []string{"/jobs/topic.", "/ingest.(*chunk)", "/segmentio/kafka-go"}},
}

const (
	stageScheduler = "runtime" // no function of a program on the stack
	stageOther     = "other"
)

// stagesOf splits the CPU time of a profile among the stages, per row.
func stagesOf(path string, stages []stage, rows int64) ([]stageCost, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // read only
	p, err := profile.Parse(f)
	if err != nil {
		return nil, err
	}
	cpu := map[string]time.Duration{}
	var total time.Duration
	for _, s := range p.Sample {
		d := time.Duration(s.Value[len(s.Value)-1]) // nanoseconds; before it stands the number of samples
		cpu[stageOf(s, stages)] += d
		total += d
	}
	var costs []stageCost
	for _, s := range append(stages[:len(stages):len(stages)], stage{name: stageScheduler}, stage{name: stageOther}) {
		costs = append(costs, stageCost{s.name, micros(cpu[s.name], rows), 100 * float64(cpu[s.name]) / max(float64(total), 1)})
	}
	return costs, nil
}

func stageOf(s *profile.Sample, stages []stage) string {
	var names []string
	program := false
	for _, l := range s.Location {
		for _, line := range l.Line {
			name := line.Function.Name
			names = append(names, name)
			program = program || !strings.HasPrefix(name, "runtime.") && !strings.HasPrefix(name, "internal/runtime/")
		}
	}
	for _, stage := range stages {
		for _, f := range stage.functions {
			for _, name := range names {
				if strings.Contains(name, f) {
					return stage.name
				}
			}
		}
	}
	if !program {
		return stageScheduler
	}
	return stageOther
}

func micros(d time.Duration, rows int64) float64 {
	return float64(d.Nanoseconds()) / 1000 / max(float64(rows), 1)
}
