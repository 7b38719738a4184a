package verify

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/erase/book"
	"github.com/lakectl/lakectl/lake"
)

// states are those of package erase in which rows are gone from the tables, by how far they are.
var states = map[string]int{"located": 1, "rows_deleted": 2, "recomputed": 3, "purged": 4, "verified": 5}

// Request is a request that was looked for.
type Request struct {
	RequestID     string `json:"request_id"`
	catalog.Place `json:"-"`
	State         string `json:"state"`
	Found         int64  `json:"found"` // rows and values, over all files

	user            string
	from, to, asked int64          // microseconds since 1970
	upTo            bool           // the window ends with the request
	located         map[int64]bool // when its rows were located
}

// covers is the rule of sql/erase/relations.sql and find_quarantine.sql.
func (r *Request) covers(event, received *int64) bool {
	at := r.from
	if received != nil {
		at = *received
	}
	if event != nil {
		at = *event
	}
	switch {
	case at < r.from:
		return false
	case r.upTo:
		return at < r.asked || received != nil && *received <= r.asked
	}
	return at < r.to
}

// wanted are the requests by user, and the files that held their rows.
type wanted struct {
	all     []*Request
	byUser  map[string][]*Request
	lengths []int // of the ids, ascending
	erased  map[string][]*Request
	days    map[int]bool    // since 1970, that lost rows of theirs
	months  map[string]bool // as 2026-03

	rowsGone time.Time // when the rows of the last of them went from the tables
	purged   time.Time // when the last of them was purged; zero where one is not
}

func newWanted(all []*Request) *wanted {
	w := &wanted{all: all, byUser: map[string][]*Request{}, erased: map[string][]*Request{}, days: map[int]bool{}, months: map[string]bool{}}
	for _, r := range all {
		w.byUser[r.user] = append(w.byUser[r.user], r)
		w.lengths = append(w.lengths, len(r.user))
	}
	slices.Sort(w.lengths)
	w.lengths = slices.Compact(w.lengths)
	return w
}

// load reads the purged requests, or those of one id whose rows are gone from the tables.
func load(ctx context.Context, env jobs.Env, id string) (*wanted, error) {
	requests, err := records[catalog.RequestRow](ctx, env, catalog.DeletionRequests)
	if err != nil {
		return nil, err
	}
	steps, err := records[catalog.StepRow](ctx, env, catalog.DeletionLog)
	if err != nil {
		return nil, err
	}
	newest, located := map[catalog.Place]catalog.StepRow{}, map[catalog.Place]map[int64]bool{}
	for _, s := range steps {
		if states[s.State] == 1 {
			if located[s.Place] == nil {
				located[s.Place] = map[int64]bool{}
			}
			located[s.Place][s.At.UnixMicro()] = true
		}
		if states[s.State] > 0 && !s.At.Before(newest[s.Place].At) {
			newest[s.Place] = s
		}
	}
	var all []*Request
	known, wiped := false, false
	for _, r := range requests {
		known = known || r.RequestID == id
		state := newest[r.Place].State
		if id != "" && r.RequestID != id || id == "" && state != "purged" || states[state] < 2 {
			continue
		}
		if r.UserID == "" {
			wiped = true
			continue
		}
		all = append(all, newRequest(r, state, located[r.Place]))
	}
	if err := nobody(id, known, wiped); err != nil && len(all) == 0 {
		return nil, err
	}
	w := newWanted(all)
	w.purged = lastPurged(all, newest)
	if err := w.loadParts(steps); err != nil {
		return nil, err
	}
	return w, w.loadFiles(ctx, env)
}

// lastPurged is when the last of the requests was purged, or was verified later; zero where one is not purged.
func lastPurged(all []*Request, newest map[catalog.Place]catalog.StepRow) (at time.Time) {
	for _, r := range all {
		switch s := newest[r.Place]; {
		case states[s.State] < states["purged"]:
			return time.Time{}
		case s.At.After(at):
			at = s.At
		}
	}
	return at
}

// loadParts notes the days and months from which rows of the requests went.
func (w *wanted) loadParts(steps []catalog.StepRow) error {
	ours := map[catalog.Place]bool{}
	for _, r := range w.all {
		ours[r.Place] = true
	}
	for _, s := range steps {
		if states[s.State] != 2 || !ours[s.Place] {
			continue
		}
		if s.At.After(w.rowsGone) {
			w.rowsGone = s.At
		}
		days, err := catalog.ParseDays(s.Days)
		if err != nil {
			return fmt.Errorf("days of deletion request %s: %w", s.RequestID, err)
		}
		maps.Copy(w.days, days)
		for month := range strings.SplitSeq(s.Periods, ",") {
			if month != "" {
				w.months[month] = true
			}
		}
	}
	return nil
}

func records[T any](ctx context.Context, env jobs.Env, table string) ([]T, error) {
	s, err := env.Snapshot(ctx, table)
	if err != nil {
		return nil, err
	}
	return lake.ReadRecords[T](ctx, s, env.Duck.Verify)
}

// nobody says why there is nothing to look for, where one request was asked for.
func nobody(id string, known, wiped bool) error {
	switch {
	case id == "":
		return nil
	case !known:
		return lake.WithHint(fmt.Errorf("deletion request %q: %w", id, lake.ErrNotFound), "run 'lakectl deletions list' to see all requests")
	case wiped:
		return lake.WithHint(fmt.Errorf("deletion request %q: its user id is wiped: %w", id, jobs.ErrInputsErased),
			"it was verified before; its certificate says so")
	}
	return lake.WithHint(fmt.Errorf("deletion request %q: its rows are still in the tables", id), "run 'lakectl job deletions' first")
}

func newRequest(r catalog.RequestRow, state string, located map[int64]bool) *Request {
	w := &Request{
		RequestID: r.RequestID, Place: r.Place, State: state, user: r.UserID,
		from: math.MinInt64, to: math.MaxInt64, asked: r.ReceivedTime.UnixMicro(), upTo: r.To == nil, located: located,
	}
	if r.From != nil {
		w.from = r.From.UnixMicro()
	}
	if r.To != nil {
		w.to = r.To.UnixMicro()
	}
	return w
}

// loadFiles finds the files that held rows of the requests: their batch is told by the time of a step.
func (w *wanted) loadFiles(ctx context.Context, env jobs.Env) error {
	files, err := book.ReadFiles(ctx, env)
	if err != nil {
		return err
	}
	byStep := map[int64][]*Request{}
	for _, r := range w.all {
		for at := range r.located {
			byStep[at] = append(byStep[at], r)
		}
	}
	for _, f := range files {
		if of := byStep[f.At.Truncate(time.Microsecond).UnixMicro()]; of != nil {
			w.erased[f.URI] = append(w.erased[f.URI], of...)
		}
	}
	return nil
}

// word tells whether a byte can be within an id. What is not separates ids in text.
func word(c byte) bool {
	return c == '-' || c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// named passes on each id that b has, as a word or anywhere, once each time it is there.
func (w *wanted) named(b []byte, words bool, each func([]*Request)) {
	for at := range b {
		if words && at > 0 && word(b[at-1]) {
			continue
		}
		for _, n := range w.lengths {
			if at+n > len(b) {
				break
			}
			if words && at+n < len(b) && word(b[at+n]) {
				continue
			}
			if of := w.byUser[string(b[at:at+n])]; of != nil {
				each(of)
			}
		}
	}
}

// shortest is the least length of a bound that is taken for a cut id. Engines cut at 16 characters; the last byte of
// an upper bound is raised.
const shortest = 12

// bounded passes on the ids that a bound is, or is cut from.
func (w *wanted) bounded(b []byte, each func([]*Request)) {
	if of := w.byUser[string(b)]; of != nil {
		each(of)
		return
	}
	if len(b) < shortest {
		return
	}
	for user, of := range w.byUser {
		if len(user) > len(b) && bytes.HasPrefix([]byte(user), b[:len(b)-1]) {
			each(of)
		}
	}
}
