package rollup

import (
	"fmt"
	"math"
	"strconv"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/lake"
)

// form is what the rows of the tables say. Rows of another form count for nothing: listeners came with this one.
const form = catalog.DashboardForm

// stand is a table of the dashboard as it is, and what a run is going to change in it.
type stand struct {
	shape
	snapshot lake.Snapshot

	covered    int64 // snapshot of listens that it includes
	coveredLog int64 // snapshot of deletion_log whose days were marked
	compared   int64 // snapshot of the ledger the marked days were compared with
	explained  int64 // when the newest deletion was logged whose days were compared with it, in microseconds
	marked     days
	// provisional are the days of which rows are in that were not counted once by the ledger: all others are exact.
	provisional days
	altered     bool // another engine changed its rows, or they are of another form

	changed days // in which rows are written anew
}

func (s *stand) readState() error {
	for _, k := range []struct {
		key  string
		into *int64
	}{{catalog.CoversListens, &s.covered}, {catalog.CoversDeletionLog, &s.coveredLog}, {catalog.CoversLedger, &s.compared}, {catalog.ExplainedErasures, &s.explained}} {
		var err error
		if *k.into, err = s.snapshot.StateNumber(k.key); err != nil {
			return err
		}
	}
	for _, k := range []struct {
		key  string
		into *days
	}{{catalog.MarkedDays, &s.marked}, {catalog.ProvisionalDays, &s.provisional}} {
		text, err := s.snapshot.State(k.key)
		if err != nil {
			return err
		}
		set, err := catalog.ParseDays(text)
		if err != nil {
			return fmt.Errorf("state %s of %s: %w", k.key, s.table, err)
		}
		*k.into = set
	}
	has, err := catalog.DashboardFormOf(s.snapshot)
	s.altered = s.snapshot.Table().Altered() != nil || s.covered != 0 && has != form
	return err
}

// group are the tables that include the same and wait for the same: all of them, unless a run ended between two commits
// or another engine changed some. A run does the same with each of a group.
type group struct {
	plan    *Plan
	in      *inputs
	stands  []*stand
	arrived string // schema of the DuckDB with what the new archive rows add to each table

	fresh   []lake.File      // archive files that the tables do not include
	lost    bool             // fresh cannot be told
	idle    bool             // nothing but compaction happened to the archive since
	torn    days             // that must be compared row by row instead, see [lake.Changes]
	foreign lake.SnapshotIDs // snapshots with which other engines took rows of the archive away

	moved       moved
	behind      bool // the settled ledger is another one, also where no figure of the tables changes
	logged      days // named by deletion_log since the last run
	marked      days // marked after this run
	provisional days // after this run
	scope       days // compared with what counts, when everything is false
	everything  bool // every day is compared
	tearing     bool // scope are torn days, compared without a settled ledger

	explained  int64 // see [stand]; after this run
	rowsRead   int64
	found      days // of the days that were compared those with rows
	lateBeyond days // of these those with late rows that the ledger does not account for
	beyond     days // and those with any such rows
}

// groups puts tables in the same state together, in the order of the tables.
func groups(p *Plan) []*group {
	var list []*group
	by := map[string]*group{}
	for _, s := range p.in.stands {
		key := fmt.Sprint(s.covered, s.coveredLog, s.compared, s.marked, s.provisional, s.altered)
		if by[key] == nil {
			by[key] = &group{plan: p, in: p.in, arrived: fmt.Sprint("arrived", len(list)), found: days{}, lateBeyond: days{}, beyond: days{}}
			list = append(list, by[key])
		}
		by[key].stands = append(by[key].stands, s)
	}
	return list
}

// first is one of the group: all have its state.
func (g *group) first() *stand { return g.stands[0] }

func (g *group) compares() bool { return g.everything || len(g.scope) > 0 }

// judged tells whether the marked days were compared with the ledger.
func (g *group) judged() bool { return g.compares() && g.in.unsettled == "" }

// state is what a table of the group says about the others once its change is committed.
func (g *group) state() map[string]string {
	state := map[string]string{
		lake.StateKey(catalog.CoversListens):     strconv.FormatInt(g.in.archive.ID(), 10),
		lake.StateKey(catalog.CoversDeletionLog): strconv.FormatInt(g.in.log.ID(), 10),
		lake.StateKey(catalog.MarkedDays):        g.marked.String(),
		lake.StateKey(catalog.ProvisionalDays):   catalog.DayRanges(g.provisional),
		lake.StateKey(catalog.FormKey):           form,
		lake.StateKey(catalog.ExplainedErasures): strconv.FormatInt(g.explained, 10),
	}
	if newest := g.in.newestEvent; !newest.IsZero() {
		state[lake.StateKey(catalog.NewestEvent)] = strconv.FormatInt(newest.UnixMicro(), 10)
	}
	if g.in.unsettled == "" {
		state[lake.StateKey(catalog.CoversLedger)] = strconv.FormatInt(g.in.ledger.ID(), 10)
	}
	return state
}

// kept is the first day that plays_by_hour has: the newest day of the archive counts, not the clock, so that an archive
// of former times has hours too.
func (in *inputs) kept(hourDays int) int {
	newest := math.MinInt
	for _, f := range in.archived {
		if day, ok := lake.PartitionValue(f).(int); ok {
			newest = max(newest, day)
		}
	}
	if newest == math.MinInt {
		return 0
	}
	return newest - hourDays + 1
}
