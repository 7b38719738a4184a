package bench

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/config"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/trino"
)

// trinoCost is what Trino says of the queries of a job.
type trinoCost struct {
	What        string  `json:"what"`
	Queries     int     `json:"queries"`
	Failed      int     `json:"failed"` // of them, such as those that were too much at once; their cost counts too
	CPUMicrosec float64 `json:"trino_cpu_us_per_row"`
	PeakMiB     int64   `json:"peak_mib_of_all_nodes"` // of the query that had most
	ShuffledMiB int64   `json:"shuffled_mib"`          // sent between tasks
	Shuffled    float64 `json:"shuffled_bytes_per_row"`
	ReadMiB     int64   `json:"read_mib"` // of files
}

// nodeMemory is the most memory that one query of a job had on a node.
type nodeMemory struct {
	What    string  `json:"what"`
	Node    string  `json:"node"`
	Tasks   int     `json:"tasks"` // of all queries
	PeakMiB int64   `json:"peak_memory_mib"`
	CPU     float64 `json:"cpu_seconds"`
}

// trinoServer asks a coordinator for the statistics of queries.
type trinoServer struct {
	url, user, mark string          // mark is in the text of each query of the lake
	seen            map[string]bool // ids of queries that were counted, or are not the bench's
}

// statisticsPatience is how long the statistics of a query that has ended may be incomplete.
const statisticsPatience = 15 * time.Second

// newTrinoServer knows the queries that have been.
func newTrinoServer(ctx context.Context, k config.Trino) (*trinoServer, error) {
	if !strings.HasPrefix(k.URL, "http://") {
		return nil, usage.Errorf("name a Trino without a login in trino.url", "the bench asks Trino for its statistics over http, and trino.url is %s", k.URL)
	}
	s := &trinoServer{url: strings.TrimSuffix(k.URL, "/"), user: k.User, mark: `"` + k.Catalog + `".`, seen: map[string]bool{}}
	_, err := s.fresh(ctx)
	return s, err
}

// queryInfo is the part of Trino's description of a query that is asked for.
type queryInfo struct {
	ID    string     `json:"queryId"`
	Query string     `json:"query"`
	State string     `json:"state"`
	Final bool       `json:"finalQueryInfo"`
	Stats queryStats `json:"queryStats"`
	// Of a query that failed before it was planned there are none.
	Stages *struct {
		Stages []struct {
			Tasks []taskInfo `json:"tasks"`
		} `json:"stages"`
	} `json:"stages"`
}

type queryStats struct {
	CPU      trinoDuration `json:"totalCpuTime"`
	Peak     trinoSize     `json:"peakTotalMemoryReservation"`
	Shuffled trinoSize     `json:"internalNetworkInputDataSize"`
	Read     trinoSize     `json:"physicalInputDataSize"`
}

type taskInfo struct {
	Status struct {
		Node string `json:"nodeId"`
	} `json:"taskStatus"`
	Stats struct {
		CPU  trinoDuration `json:"totalCpuTime"`
		Peak trinoSize     `json:"peakUserMemoryReservation"`
	} `json:"stats"`
}

// costOf sums the queries of the lake that came since it was last called.
func (s *trinoServer) costOf(ctx context.Context, what string, rows int) (trinoCost, []nodeMemory, error) {
	cost, nodes := trinoCost{What: what}, map[string]nodeMemory{}
	ids, err := s.fresh(ctx)
	if err != nil {
		return cost, nil, err
	}
	var cpu time.Duration
	var shuffled, read int64
	for _, id := range ids {
		q, err := s.ended(ctx, id)
		if err != nil {
			return cost, nil, err
		}
		cost.Queries++
		if q.State == "FAILED" {
			cost.Failed++
		}
		cpu, shuffled, read = cpu+time.Duration(q.Stats.CPU), shuffled+int64(q.Stats.Shuffled), read+int64(q.Stats.Read)
		cost.PeakMiB = max(cost.PeakMiB, int64(q.Stats.Peak)>>20)
		q.addTo(what, nodes)
	}
	if cost.Queries == 0 {
		return cost, nil, errors.New("trino knows no query of the job")
	}
	cost.CPUMicrosec, cost.Shuffled = float64(cpu.Microseconds())/float64(rows), float64(shuffled)/float64(rows)
	cost.ShuffledMiB, cost.ReadMiB = shuffled>>20, read>>20
	return cost, slices.SortedFunc(maps.Values(nodes), func(a, b nodeMemory) int { return cmp.Compare(a.Node, b.Node) }), nil
}

// addTo adds the tasks of a query to the nodes of a job.
func (q queryInfo) addTo(what string, nodes map[string]nodeMemory) {
	if q.Stages == nil {
		return
	}
	peaks := map[string]int64{}
	for _, stage := range q.Stages.Stages {
		for _, task := range stage.Tasks {
			n := nodes[task.Status.Node]
			n.What, n.Node, n.Tasks, n.CPU = what, task.Status.Node, n.Tasks+1, n.CPU+time.Duration(task.Stats.CPU).Seconds()
			nodes[n.Node] = n
			peaks[n.Node] += int64(task.Stats.Peak)
		}
	}
	for node, peak := range peaks {
		n := nodes[node]
		n.PeakMiB = max(n.PeakMiB, peak>>20)
		nodes[node] = n
	}
}

// fresh lists the queries of the lake that it has not listed before.
func (s *trinoServer) fresh(ctx context.Context) (ids []string, err error) {
	var all []queryInfo
	if err := s.get(ctx, "/v1/query", &all); err != nil {
		return nil, err
	}
	for _, q := range all {
		if !s.seen[q.ID] && strings.Contains(q.Query, s.mark) {
			ids = append(ids, q.ID)
		}
		s.seen[q.ID] = true
	}
	return ids, nil
}

// ended is a query with all of its statistics, where Trino has them in time.
func (s *trinoServer) ended(ctx context.Context, id string) (q queryInfo, err error) {
	for deadline := time.Now().Add(statisticsPatience); ; {
		if err := s.get(ctx, "/v1/query/"+id, &q); err != nil || q.Final {
			return q, err
		}
		if time.Now().After(deadline) {
			return q, fmt.Errorf("trino has no final statistics of query %s, which is %s", id, q.State)
		}
		select {
		case <-ctx.Done():
			return q, ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func (s *trinoServer) get(ctx context.Context, path string, into any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+path, nil)
	if err != nil {
		return err
	}
	r.Header.Set("X-Trino-User", s.user)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return lake.WithHint(fmt.Errorf("statistics of trino, %s: %w: %w", path, trino.ErrLost, err), "start Trino, or correct trino.url")
	}
	defer answer.Body.Close() //nolint:errcheck // it only read
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = errors.New(answer.Status)
	}
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		return fmt.Errorf("statistics of trino, %s: %w", path, err)
	}
	return nil
}

// trinoDuration is a time as Trino writes it: 1.50m.
type trinoDuration time.Duration

// UnmarshalJSON takes days too, which time.ParseDuration does not know.
func (d *trinoDuration) UnmarshalJSON(text []byte) error {
	n, unit, err := quantity(text)
	if err != nil {
		return err
	}
	units := map[string]time.Duration{
		"ns": time.Nanosecond, "us": time.Microsecond, "ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour,
	}
	if units[unit] == 0 {
		return fmt.Errorf("duration %s", text)
	}
	*d = trinoDuration(n * float64(units[unit]))
	return nil
}

// trinoSize is a number of bytes as Trino writes it: 1.50kB, of 1,024 bytes.
type trinoSize int64

// UnmarshalJSON takes any unit.
func (s *trinoSize) UnmarshalJSON(text []byte) error {
	n, unit, err := quantity(text)
	if err != nil {
		return err
	}
	at := slices.Index([]string{"B", "kB", "MB", "GB", "TB", "PB"}, unit)
	if at < 0 {
		return fmt.Errorf("size %s", text)
	}
	*s = trinoSize(n * float64(int64(1)<<(10*at)))
	return nil
}

// quantity splits a JSON string into a number and its unit.
func quantity(text []byte) (n float64, unit string, err error) {
	var s string
	if err := json.Unmarshal(text, &s); err != nil {
		return 0, "", err
	}
	at := strings.IndexFunc(s, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
	if at < 0 {
		return 0, "", fmt.Errorf("%q has no unit", s)
	}
	n, err = strconv.ParseFloat(s[:at], 64)
	return n, s[at:], err
}
