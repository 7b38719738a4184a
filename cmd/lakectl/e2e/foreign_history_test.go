package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
)

// shared is a lake on which another engine acts between the jobs and, in plain Go, the rows that listens must hold.
type shared struct {
	*lakeDir
	own      *laketest.Lake
	r        *rand.Rand
	files    [][]event // every file that came, by its number
	requests []event
	rows     []event // of listens, in no order
	has      map[int]bool
	at       map[int64]moment // by snapshot of listens
}

// moment is what main of listens had once.
type moment struct {
	rows []event
	has  map[int]bool // files whose rows it has
}

func newShared(t *testing.T, seed uint64) *shared {
	s := &shared{lakeDir: newLakeDir(t, false), r: rand.New(rand.NewPCG(seed, 5)), has: map[int]bool{}, at: map[int64]moment{}}
	s.own = openLake(s.lakeDir)
	s.run(nil, "rules", "apply", s.write("rules.yaml", randomRules))
	events := slices.DeleteFunc(randomEvents(seed+500, 150), func(e event) bool {
		return e["type"] == "listen" && (e["listen_id"] == nil || e["device"] == nil || e["country"] == nil || e.at("event_time").Sub(e.at("received_time")) > 0)
	})
	for part := range slices.Chunk(events, 12) {
		s.files = append(s.files, part)
	}
	return s
}

// take ingests a file, again or for the first time.
func (s *shared) take(number int) {
	lines := make([]string, len(s.files[number]))
	for i, e := range s.files[number] {
		text, err := json.Marshal(e)
		if err != nil {
			s.t.Fatal(err)
		}
		lines[i] = string(text)
	}
	s.ingest(lines, fmt.Sprint("file-", number))
	if s.has[number] {
		return
	}
	s.has[number] = true
	var listens []event
	for _, e := range s.files[number] {
		if e["type"] == "deletion" {
			s.requests = append(s.requests, e)
		} else {
			listens = append(listens, maps.Clone(e))
		}
	}
	s.rows = append(s.rows, slices.DeleteFunc(listens, s.requested)...)
}

func (s *shared) requested(row event) bool {
	return slices.ContainsFunc(s.requests, func(d event) bool { return covered(d, row) })
}

// act does one random thing to listens.
func (s *shared) act() string {
	hand := s.own.Hand(s.t, catalog.Listens)
	way := []laketest.Way{laketest.ByPosition, laketest.WholeFiles}[s.r.IntN(2)]
	defer func() {
		s.at[s.own.Snapshot(s.t, catalog.Listens).ID()] = moment{slices.Clone(s.rows), maps.Clone(s.has)}
	}()
	n := s.r.IntN(12)
	if next := len(s.has); n < 4 && next < len(s.files) || len(s.rows) == 0 {
		s.take(next % len(s.files))
		return fmt.Sprint("ingest ", next)
	}
	one := s.rows[s.r.IntN(len(s.rows))]
	column := []string{"listen_id", "user_id", "track_id"}[s.r.IntN(3)]
	hit := func(row event) bool { return row[column] == one[column] }
	where := fmt.Sprintf("%s = '%s'", column, one[column])
	switch {
	case n < 6:
		hand.Delete(way, where)
		s.rows = slices.DeleteFunc(slices.Clone(s.rows), hit)
		return fmt.Sprint("delete ", way, " ", where)
	case n < 8:
		hand.Update(way, where, "CAST(ms_played + 30000 AS INTEGER) AS ms_played")
		for i, row := range s.rows {
			if hit(row) {
				s.rows[i] = maps.Clone(row)
				s.rows[i]["ms_played"] = row["ms_played"].(int) + 30_000
			}
		}
		return fmt.Sprint("update ", way, " ", where)
	case n < 9:
		prefix := fmt.Sprintf("other%d-", s.r.IntN(1000))
		hand.Select("SELECT * EXCLUDE (_file, _pos) REPLACE ('" + prefix + "' || listen_id AS listen_id, 'backfill' AS source_topic) FROM rows WHERE " + where)
		for _, row := range slices.Clone(s.rows) {
			if hit(row) {
				more := maps.Clone(row)
				more["listen_id"] = prefix + row.text("listen_id")
				s.rows = append(s.rows, more)
			}
		}
		return fmt.Sprint("append copies of ", where)
	case n < 11:
		return s.rollBack(hand)
	default:
		s.own.Compact(s.t, catalog.Listens)
		return "compact"
	}
}

// rollBack moves main back, and lets every file come in again.
func (s *shared) rollBack(hand laketest.Hand) string {
	line := s.own.Snapshot(s.t, catalog.Listens).Ancestors()
	steps := 1 + s.r.IntN(4)
	for steps < len(line) && s.at[line[steps].ID()].has == nil {
		steps++ // a commit in the middle of a job
	}
	if steps >= len(line) {
		return "no rollback"
	}
	then := s.at[hand.Rollback(steps).ID()]
	came := len(s.has)
	s.rows, s.has = slices.Clone(then.rows), maps.Clone(then.has)
	for number := range came {
		s.take(number)
	}
	return fmt.Sprint("rollback by ", steps)
}

// check runs all jobs and holds what is published against the recount.
func (s *shared) check(step string) {
	s.jobs()
	s.rows = slices.DeleteFunc(slices.Clone(s.rows), s.requested)
	s.at[s.own.Snapshot(s.t, catalog.Listens).ID()] = moment{slices.Clone(s.rows), maps.Clone(s.has)}
	s.run(nil, "job", "royalties", "--full")
	want, got := recountEvents(s.rows), s.state()
	sortRows(got.RoyaltyLines)
	sortRows(got.PlaysByDay)
	want.Erased, want.Payouts, want.Quarantine = got.Erased, got.Payouts, got.Quarantine
	if diff := gocmp.Diff(want, got); diff != "" {
		s.t.Fatalf("after %s (-recount +lake)\n%s", step, diff)
	}
}

// reproduce holds every run against what is left: it comes out the same or can no longer be proved. The newest come out
// the same.
func (s *shared) reproduce() {
	for _, row := range s.query("SELECT run_id FROM royalty_runs") {
		if _, err := s.exec("royalties", "reproduce", row["run_id"].(string)); err != nil && !strings.Contains(err.Error(), "exit code 6") {
			s.t.Error(err)
		}
	}
	for _, period := range []string{"2026-03", "2026-04"} {
		s.run(nil, "royalties", "reproduce", period)
	}
}

// Whatever another engine does to listens between the jobs, what is published is what a recount of its rows in plain Go
// gives, and nothing is doubled. LAKECTL_HISTORIES is how many histories to try, which then are twice as long.
func TestAnyHistoryWithAnotherEnginesHandsAgreesWithARecount(t *testing.T) {
	laketest.Long(t, "random histories")
	histories, rounds := uint64(2), 2
	if n, err := strconv.ParseUint(os.Getenv("LAKECTL_HISTORIES"), 10, 32); err == nil {
		histories, rounds = n, 4
	}
	for seed := range histories {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			s := newShared(t, seed)
			for range rounds {
				var steps []string
				for range 2 + s.r.IntN(4) {
					step := s.act()
					t.Log(step)
					steps = append(steps, step)
				}
				s.check(fmt.Sprint(steps))
			}
			s.reproduce()
		})
	}
}
