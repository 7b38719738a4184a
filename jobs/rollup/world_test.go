package rollup_test

import (
	"cmp"
	"crypto/md5"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/rollup"
	"github.com/lakectl/lakectl/lake"
)

// copyOf is one archived copy. This file plays the jobs around the rollup and recounts in plain Go; it shares
// nothing with the statements.
type copyOf struct {
	listen, user, track, device string
	event, received             time.Time
	ms                          int64
	offset                      int64
}

// at is an instant of March 2026.
func at(day, hour int) time.Time { return time.Date(2026, 3, day, hour, 17, 3, 0, time.UTC) }

// heard is a copy received at once; late gives it another time of receipt.
func heard(listen, user, track string, event time.Time) copyOf {
	return copyOf{listen: listen, user: user, track: track, device: "phone", event: event, received: event.Add(time.Minute), ms: 60_000}
}

// artistOf gives half of the tracks to each of two artists.
func artistOf(track string) string { return fmt.Sprint("A-", int(track[len(track)-1])%2) }

// countryOf spreads users over two countries.
func countryOf(user string) string { return []string{"DE", "SE"}[int(user[len(user)-1])%2] }

// payload is the hash by which listens_duplicates keeps what a copy says.
func (c copyOf) payload() string {
	said := []any{c.event.UnixMicro(), c.ms, c.track, artistOf(c.track), c.user, countryOf(c.user), "free", c.device, 0}
	text := make([]string, len(said))
	for i, v := range said {
		text[i] = fmt.Sprint(v)
	}
	return fmt.Sprintf("%x", md5.Sum([]byte(strings.Join(text, "\x1f"))))
}

func (c copyOf) late(received time.Time) copyOf {
	c.received = received
	return c
}

// world is a lake with the copies its archive should hold.
type world struct {
	*testing.T
	*laketest.Lake
	copies []copyOf
	offset int64
	judged []copyOf          // the copies when the ledger was last brought up to date
	ledger map[string]copyOf // its rows, erased ones left out
	whole  bool              // royalties write the ledger anew instead of what changes in it
}

func newWorld(t *testing.T) *world { return &world{T: t, Lake: laketest.New(t)} }

func envOf(l *laketest.Lake) jobs.Env {
	return jobs.Env{
		Lake: l.Lake, Duck: l.Duck, Log: slog.New(slog.DiscardHandler), Now: time.Now, CodeVersion: "test", Progress: func(string) {},
	}
}

func (w *world) check(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) head(table string) lake.Snapshot { return w.Snapshot(w.T, table) }

// replace commits rows to a table, instead of all it holds where whole is set.
func (w *world) replace(table, job string, whole bool, rows [][]any, state map[string]string) lake.Snapshot {
	w.Helper()
	s := w.head(table)
	c := lake.Commit{Job: job, Stage: func(lake.Snapshot) (map[string]string, error) { return state, nil }}
	var err error
	c.Add, err = s.Table().WriteRows(w.Context(), job, rows)
	w.check(err)
	if whole {
		files, err := s.Files(w.Context())
		w.check(err)
		deletes, err := s.DeleteFiles(w.Context())
		w.check(err)
		c.Remove = append(files, deletes...)
	}
	after, err := w.Commit(w.Context(), table, c)
	w.check(err)
	return after
}

// archive appends copies as ingest does.
func (w *world) archive(copies ...copyOf) {
	w.Helper()
	rows := make([][]any, len(copies))
	for i, c := range copies {
		w.offset++
		c.offset = w.offset
		w.copies = append(w.copies, c)
		rows[i] = []any{
			c.listen, c.user, c.track, artistOf(c.track), c.device, c.event, c.ms, nil, countryOf(c.user), "free", nil, nil, c.received, nil,
			"listens", 0, c.offset,
		}
	}
	w.replace(catalog.Listens, "ingest", false, rows, nil)
}

func covering(s lake.Snapshot) map[string]string {
	return map[string]string{lake.StateKey(catalog.CoversListens): itoa(s.ID())}
}

// royalties brings the ledger up to the archive: duplicates first, the ledger last.
func (w *world) royalties() {
	w.Helper()
	w.royaltiesBegun()
	best := winners(w.copies)
	summary := covering(w.head(catalog.Listens))
	summary[catalog.MovedDays] = w.movedDays(best)
	if w.whole {
		w.replace(catalog.ListensCounted, "royalties", true, ledgerRows(best), summary)
	} else {
		w.amend(best, summary)
	}
	w.judged, w.ledger = slices.Clone(w.copies), best
}

// amend takes the rows out of the ledger that do not count any more, and adds those that count now.
func (w *world) amend(best map[string]copyOf, summary map[string]string) {
	w.Helper()
	says := func(offset, us, ms int64) string { return fmt.Sprintf("(%d, %d, %d)", offset, us, ms) }
	counts, gained := []string{says(-1, 0, 0)}, map[string]copyOf{}
	for _, c := range best {
		row := says(c.offset, c.event.UnixMicro(), c.ms)
		counts, gained[row] = append(counts, row), c
	}
	s, d := w.head(catalog.ListensCounted), w.Reading(w.T, "t", catalog.ListensCounted)
	var offset, us, ms int64
	w.check(d.EachText(w.Context(), "SELECT source_offset, epoch_us(event_time), ms_played FROM t", nil, []any{&offset, &us, &ms}, func() error {
		delete(gained, says(offset, us, ms))
		return nil
	}))
	files, err := s.Files(w.Context())
	w.check(err)
	lost, err := d.PositionsText(w.Context(), files, "SELECT _file, _pos FROM t WHERE (source_offset, epoch_us(event_time), ms_played) NOT IN (VALUES "+strings.Join(counts, ", ")+")")
	w.check(err)
	c := lake.Commit{}
	if len(lost) > 0 {
		c.Deletes, err = s.WritePositionDeletes(w.Context(), "royalties", files, lost)
		w.check(err)
	}
	c.Add, err = s.Table().WriteRows(w.Context(), "royalties", ledgerRows(gained))
	w.check(err)
	w.commitFiles(catalog.ListensCounted, "royalties", c, summary)
}

// movedDays are the days of listens of which another copy counts than in the ledger, or of which several are or were
// known.
func (w *world) movedDays(best map[string]copyOf) string {
	days, known := map[int]bool{}, map[string]int{}
	for _, c := range slices.Concat(w.judged, w.copies) {
		known[c.listen]++
	}
	for id, c := range best {
		old, counted := w.ledger[id]
		if counted && old.offset != c.offset {
			days[lake.Day(old.event)] = true
		}
		if known[id] > 1 && old.offset != c.offset {
			days[lake.Day(c.event)] = true
		}
	}
	return catalog.MovedDaysText(days)
}

// royaltiesBegun is a run of royalties that ends before it commits the ledger.
func (w *world) royaltiesBegun() {
	w.Helper()
	counted := map[int64]bool{}
	best := winners(w.copies)
	for _, c := range best {
		counted[c.offset] = true
	}
	var rows [][]any
	for _, c := range w.copies {
		if !counted[c.offset] {
			rows = append(rows, []any{c.listen, c.user, c.event, c.received, "listens", 0, c.offset, best[c.listen].event, c.payload(), false, false})
		}
	}
	w.replace(catalog.Duplicates, "royalties", true, rows, covering(w.head(catalog.Listens)))
}

func ledgerRows(best map[string]copyOf) [][]any {
	var rows [][]any
	for _, c := range best {
		rows = append(rows, []any{
			c.listen, c.user, c.track, artistOf(c.track), c.device, c.event, c.ms, nil, countryOf(c.user), "free", c.received,
			"listens", 0, c.offset,
		})
	}
	return rows
}

// erase does what a deletion of all of a user's listens does, up to its entry in deletion_log.
func (w *world) erase(user string) {
	w.Helper()
	w.eraseUnlogged(user)()
}

// eraseUnlogged is an erasure that has not logged yet that the rows are gone.
func (w *world) eraseUnlogged(user string) (log func()) {
	w.Helper()
	ids, named := map[string]bool{}, map[string]bool{}
	for _, c := range w.copies {
		if c.user == user {
			ids[c.listen] = true
		}
	}
	for _, c := range w.copies {
		if ids[c.listen] {
			named[c.event.Format(time.DateOnly)] = true
		}
	}
	w.located()
	w.eraseRows(catalog.Listens, user)
	w.eraseRows(catalog.ListensCounted, user)
	w.copies = slices.DeleteFunc(w.copies, func(c copyOf) bool { return c.user == user })
	return func() { w.logged("rows_deleted", strings.Join(sorted(named), ",")) }
}

func (w *world) logged(state, days string) {
	w.Helper()
	w.logRow([]any{"req", state, time.Now(), "listens", 0, 1, 1, 0, 1, 0, nil, nil, days, ""})
}

// located logs that an erasure is about to take rows.
func (w *world) located() {
	w.Helper()
	w.logRow([]any{"req", "located", time.Now(), "listens", 0, 1, 1, 0, 1, 0, nil, w.head(catalog.ListensCounted).ID(), nil, ""})
}

// loggedErased logs that rows of days are deleted, and which plays of many people are among them.
func (w *world) loggedErased(days map[string]bool, plays string) {
	w.Helper()
	w.logRow([]any{"req", "rows_deleted", time.Now(), "listens", 0, 1, 1, 0, 1, 0, nil, nil, strings.Join(sorted(days), ","), "", "", plays})
}

func (w *world) logRow(row []any) {
	w.Helper()
	w.replace(catalog.DeletionLog, "deletions", false, [][]any{row}, nil)
}

func (w *world) eraseRows(table, user string) {
	w.Helper()
	if table == catalog.ListensCounted {
		w.ledger = maps.Clone(w.ledger)
		maps.DeleteFunc(w.ledger, func(_ string, c copyOf) bool { return c.user == user })
	}
	s := w.head(table)
	files, err := s.Files(w.Context())
	w.check(err)
	d := w.Reading(w.T, "t", table)
	rows, err := d.PositionsText(w.Context(), files, "SELECT _file, _pos FROM t WHERE user_id = ?", user)
	w.check(err)
	if len(rows) == 0 {
		return
	}
	deletes, err := s.WritePositionDeletes(w.Context(), "deletions", files, rows)
	w.check(err)
	_, err = w.Commit(w.Context(), table, lake.Commit{
		Job: "deletions", Deletes: deletes, Stage: func(lake.Snapshot) (map[string]string, error) { return nil, nil },
	})
	w.check(err)
}

// rollup runs the job.
func (w *world) rollup(o rollup.Options) rollup.Report {
	w.Helper()
	report, err := rollup.Run(w.Context(), envOf(w.Lake), o)
	w.check(err)
	return report
}

var (
	plain  = rollup.Options{}
	trueUp = rollup.Options{TrueUp: true, PieceCopies: 2} // so few that most days are compared alone
)

// unchanged runs the job, which must find nothing to do.
func (w *world) unchanged(o rollup.Options) {
	w.Helper()
	before := w.heads()
	r := w.rollup(o)
	if r.SnapshotID != 0 || len(r.DaysRewritten) != 0 || r.DeltaRows != 0 {
		w.Fatalf("a run with nothing to do reports %+v", r)
	}
	if !o.TrueUp && r.ExactThrough != 0 {
		w.Fatal("days were compared again although nothing moved")
	}
	w.equal(w.heads(), before)
}

func (w *world) equal(got, want any) {
	w.Helper()
	if diff := gocmp.Diff(want, got); diff != "" {
		w.Fatalf("(-want +got)\n%s", diff)
	}
}

// counting are the copies that count.
func counting(copies []copyOf) []copyOf {
	var list []copyOf
	for _, c := range winners(copies) {
		list = append(list, c)
	}
	return list
}

func winners(copies []copyOf) map[string]copyOf {
	best := map[string]copyOf{}
	for _, c := range copies {
		now, ok := best[c.listen]
		if !ok || cmp.Or(c.received.Compare(now.received), c.event.Compare(now.event), cmp.Compare(c.ms, now.ms),
			strings.Compare(c.track, now.track), strings.Compare(c.user, now.user), strings.Compare(c.device, now.device)) < 0 {
			best[c.listen] = c
		}
	}
	return best
}
