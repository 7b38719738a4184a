package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// treeEvery is how often the processes are looked at.
const treeEvery = 200 * time.Millisecond

// peakEvery is how often the memory of a job is looked at.
const peakEvery = 5 * time.Millisecond

var errNoMemory = errors.New("the process has ended, or the system does not say how much memory it has")

// treeCPU is the CPU time of processes.
type treeCPU struct {
	What    string  `json:"what"`
	Seconds float64 `json:"cpu_seconds"`
	Percent float64 `json:"percent_of_a_core"`
}

// tree is a process and its children, looked at again and again.
type tree struct {
	root  int
	began time.Time
	jobs  map[int]child
	peak  atomic.Int64 // MiB of all together
}

// child is a process that was seen.
type child struct {
	what string
	cpu  time.Duration // at the newest look
}

func newTree(root int) *tree { return &tree{root: root, began: time.Now(), jobs: map[int]child{}} }

// look takes down what the processes have. A child that ends meanwhile has nothing.
func (t *tree) look(context.Context) error {
	sum := residentMiB(t.root)
	if sum == 0 {
		return errNoMemory
	}
	for _, pid := range childrenOf(t.root) {
		sum += residentMiB(pid)
		if cpu, err := cpuOf(pid); err == nil {
			if what := workOf(pid); what != "" {
				t.jobs[pid] = child{what, cpu}
			}
		}
	}
	t.peak.Store(max(t.peak.Load(), int64(sum)))
	return nil
}

func (t *tree) most() float64 { return float64(t.peak.Load()) }

// report is the CPU of the process without its children, of all of them, and of each kind as far as it was seen.
func (t *tree) report(ended *os.ProcessState) []treeCPU {
	wall := time.Since(t.began).Seconds()
	of := func(what string, cpu time.Duration) treeCPU {
		return treeCPU{what, cpu.Seconds(), 100 * cpu.Seconds() / wall}
	}
	seen := map[string]time.Duration{}
	var children time.Duration
	for _, c := range t.jobs {
		seen[c.what] += c.cpu
		children += c.cpu
	}
	all := ended.UserTime() + ended.SystemTime() // of the process, and of the children that it has waited for
	list := []treeCPU{of("lakectl run and its children", all), of("lakectl run alone, about", all-children), of("this process: broker, load and questions, from its start", processCPU())}
	for _, what := range slices.SortedFunc(maps.Keys(seen), func(a, b string) int { return cmp.Compare(seen[b], seen[a]) }) {
		list = append(list, of(what+", as far as seen", seen[what]))
	}
	return list
}

// childrenOf lists the children that the system knows of.
func childrenOf(pid int) (pids []int) {
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, task := range tasks {
		text, _ := os.ReadFile(task)
		for _, word := range strings.Fields(string(text)) {
			if child, err := strconv.Atoi(word); err == nil {
				pids = append(pids, child)
			}
		}
	}
	return pids
}

func residentMiB(pid int) float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if fields := strings.Fields(string(text)); err == nil && len(fields) > 1 {
		pages, _ := strconv.ParseInt(fields[1], 10, 64)
		return float64(pages) * float64(os.Getpagesize()) / (1 << 20)
	}
	return 0
}

// peakOf runs a command and returns the most memory it had, in KiB, as it was some milliseconds before its end. What
// the system says of a process that has ended is no less than what its parent had when it began it.
func peakOf(c *exec.Cmd) (peak int64, err error) {
	if err := c.Start(); err != nil {
		return 0, err
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	for {
		peak = max(peak, highWater(c.Process.Pid))
		select {
		case err := <-ended:
			return peak, err
		case <-time.After(peakEvery):
		}
	}
}

// highWater is the most memory that a process has had, in KiB; 0 where nothing is known.
func highWater(pid int) (kib int64) {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if _, rest, found := strings.Cut(string(text), "VmHWM:"); found {
		fmt.Sscan(rest, &kib) //nolint:errcheck // 0 then
	}
	return kib
}

// workOf is what a process of this program does: its command line from the word job on.
func workOf(pid int) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return ""
	}
	words := strings.Split(strings.TrimRight(string(text), "\x00"), "\x00")
	at := slices.Index(words, "job")
	if at < 0 {
		return ""
	}
	return strings.Join(words[at:], " ")
}
