package cut_test

import (
	"encoding/binary"
	"log/slog"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/serve/cut"
	"github.com/lakectl/lakectl/lake"
)

// service is a lake whose dashboard the test fills, and a clock.
type service struct {
	*testing.T
	*laketest.Lake
	now time.Time
}

func newService(t *testing.T) *service {
	return &service{T: t, Lake: laketest.New(t), now: time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC)}
}

func (s *service) reader() *cut.Reader {
	env := jobs.Env{Lake: s.Lake.Lake, Duck: s.Duck, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return s.now }, Progress: func(string) {}}
	return cut.New(env, 1<<20)
}

// commit adds rows to a table, with state.
func (s *service) commit(table string, state map[string]string, rows ...[]any) lake.Snapshot {
	s.Helper()
	return s.Put(s.T, catalog.RollupJob, table, state, rows...)
}

func day(d int) time.Time { return time.Date(2026, 3, d, 0, 0, 0, 0, time.UTC) }

func listeners(hashes ...uint64) []byte {
	var raw []byte
	for _, h := range hashes {
		raw = binary.BigEndian.AppendUint64(raw, h)
	}
	return raw
}

// publish makes a cut of the tables as they are, with more rows of plays_by_day.
func (s *service) publish(state map[string]string, rows ...[]any) lake.Snapshot {
	s.Helper()
	named := catalog.Cut{}
	for _, table := range catalog.Dashboard[:len(catalog.Dashboard)-1] {
		named[table] = s.Snapshot(s.T, table).ID()
	}
	all := map[string]string{catalog.CutKey: named.String(), catalog.CoversListens: strconv.FormatInt(s.Snapshot(s.T, catalog.Listens).ID(), 10)}
	for k, v := range state {
		all[k] = v
	}
	return s.commit(catalog.PlaysByDay, all, rows...)
}

// newest looks eleven seconds later, so that the cut before is no longer of use.
func (s *service) newest(r *cut.Reader) *cut.Cut {
	s.Helper()
	s.now = s.now.Add(11 * time.Second)
	c, err := r.Newest(s.Context())
	if err != nil {
		s.Fatal(err)
	}
	return c
}

var march = cut.Span{From: day(1), To: day(32)}

func (s *service) plays(c *cut.Cut) (days, audience int64) {
	s.Helper()
	list, err := c.Days(s.Context(), "A", march)
	if err != nil {
		s.Fatal(err)
	}
	for _, p := range list {
		days += p.Plays
	}
	heard, err := c.Audience(s.Context(), "A", march)
	if err != nil {
		s.Fatal(err)
	}
	for _, h := range heard {
		audience += h.Plays
	}
	return days, audience
}

func TestAllFiguresAreOfTheCutThatWasPublished(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := s.reader()
	empty := s.newest(r)
	if days, audience := s.plays(empty); days != 0 || audience != 0 || empty.Snapshot != 0 {
		t.Errorf("an empty lake has %d plays by day, %d by audience", days, audience)
	}
	archive := s.commit(catalog.Listens, map[string]string{catalog.Watermarks: `{"listens":{"0":1774958400000000}}`})
	s.commit(catalog.AudienceByDay, nil, []any{day(3), "A", "DE", "phone", int64(2), int64(2000), listeners(7, 9)})
	s.commit(catalog.ListenersByDay, nil, []any{day(3), "A", "t1", listeners(7, 9)}, []any{day(3), "A", "", listeners(7, 9)}, []any{day(4), "A", "", listeners(9, 11)})
	s.publish(map[string]string{catalog.ProvisionalDays: "2026-03-03", catalog.MarkedDays: "2026-03-05"}, []any{day(3), "A", "t1", int64(2), int64(2000)})
	// A run that has not ended: its audience is there, its days are not.
	s.commit(catalog.AudienceByDay, nil, []any{day(3), "A", "SE", "phone", int64(5), int64(5000), listeners(8)})
	c := s.newest(r)
	if days, audience := s.plays(c); days != 2 || audience != 2 {
		t.Errorf("%d plays by day, %d by audience, want 2 and 2", days, audience)
	}
	if c.Snapshot != archive.ID() || !c.AsOf.Equal(archive.Time()) || c.Watermark.Format(time.RFC3339) != "2026-03-31T12:00:00Z" {
		t.Errorf("snapshot %d of %s, watermark %s", c.Snapshot, c.AsOf, c.Watermark)
	}
	if got := []bool{c.Provisional(day(3)), c.Provisional(day(4)), c.Provisional(day(5))}; !slices.Equal(got, []bool{true, false, true}) {
		t.Errorf("days 3 to 5 are provisional: %v", got)
	}
	sets, err := c.Listeners(t.Context(), "A", march)
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int64{}
	for track, set := range sets {
		counts[track] = set.Count().Listeners
	}
	if diff := cmp.Diff(map[string]int64{"": 3, "t1": 2}, counts); diff != "" {
		t.Errorf("listeners (-want +got):\n%s", diff)
	}
	s.publish(nil, []any{day(3), "A", "t1", int64(5), int64(5000)})
	if days, audience := s.plays(s.newest(r)); days != 7 || audience != 7 {
		t.Errorf("after the run: %d plays by day, %d by audience", days, audience)
	}
	if days, audience := s.plays(c); days != 2 || audience != 2 {
		t.Errorf("the cut before has changed: %d, %d", days, audience)
	}
}

func TestNamesHoldWhileTheyAreValid(t *testing.T) {
	t.Parallel()
	s := newService(t)
	first, second := day(1), day(10)
	s.commit(catalog.Tracks, nil,
		[]any{"t1", "Old title", "Ana", "l1", "Label One", nil, nil, second}, []any{"t1", "New title", "Ana", "l2", "Label Two", nil, second, nil}, []any{"t2", "Other", "Ana", "l1", "Label One", nil, first, nil})
	c := s.newest(s.reader())
	if row, ok := c.Names.Track("t1", day(9)); !ok || row.Title != "Old title" {
		t.Errorf("on the ninth: %+v", row)
	}
	if row, ok := c.Names.Track("t1", day(10)); !ok || row.Title != "New title" {
		t.Errorf("on the tenth: %+v", row)
	}
	for _, o := range []struct {
		label string
		at    int
		want  bool
	}{{"l1", 9, true}, {"l1", 10, false}, {"l2", 9, false}, {"l2", 10, true}, {"l3", 9, false}} {
		if got := c.Names.Owns(o.label, "t1", day(o.at)); got != o.want {
			t.Errorf("label %s owns t1 on day %d: %t", o.label, o.at, got)
		}
	}
	for _, o := range []struct {
		label, track string
		want         bool
	}{{"l1", "t1", true}, {"l2", "t1", true}, {"l2", "t2", false}, {"", "t2", false}, {"l1", "t9", false}} {
		if got := c.Names.Had(o.label, o.track); got != o.want {
			t.Errorf("label %q had %s: %t", o.label, o.track, got)
		}
	}
	if tracks := c.Names.TracksOf("l1"); len(tracks) != 2 {
		t.Errorf("tracks of l1: %v", tracks)
	}
	if name, ok := c.Names.Label("l2"); !ok || name != "Label Two" {
		t.Errorf("l2 is called %q", name)
	}
}

func TestACutStaysWhileTheLakeCannotBeRead(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.publish(nil, []any{day(3), "A", "t1", int64(2), int64(2000)})
	r := s.reader()
	c := s.newest(r)
	if err := s.Catalog.Close(); err != nil {
		t.Fatal(err)
	}
	if again := s.newest(r); again != c {
		t.Error("another cut, of a catalog that is closed")
	}
}

// What other engines do to the rows is in no figure, neither of a server that runs nor of one that starts afterwards.
func TestFiguresStayThoseOfTheRollupWhateverAnotherEngineDoes(t *testing.T) {
	t.Parallel()
	for name, alter := range map[string]func(laketest.Hand){
		"inserts":    func(h laketest.Hand) { h.Insert([]any{day(3), "A", "t1", int64(900), int64(1)}) },
		"truncates":  func(h laketest.Hand) { h.Truncate() },
		"rolls back": func(h laketest.Hand) { h.Rollback(1) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			s.publish(nil, []any{day(3), "A", "t1", int64(2), int64(2000)})
			s.publish(nil, []any{day(4), "A", "t1", int64(3), int64(3000)})
			r := s.reader()
			before := s.newest(r)
			alter(s.Hand(t, catalog.PlaysByDay))
			for _, reader := range []*cut.Reader{r, s.reader()} {
				c := s.newest(reader)
				if days, _ := s.plays(c); days != 5 || c.Tag() != before.Tag() {
					t.Errorf("%d plays of cut %s, want 5 of %s", days, c.Tag(), before.Tag())
				}
			}
		})
	}
	t.Run("forgets the history", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		s.publish(nil, []any{day(3), "A", "t1", int64(2), int64(2000)})
		h := s.Hand(t, catalog.PlaysByDay)
		h.Truncate()
		h.Forget()
		s.now = s.now.Add(2 * time.Second)
		if _, err := s.reader().Newest(t.Context()); err == nil || lake.Hint(err) == "" {
			t.Errorf("got %v, without anything published", err)
		}
	})
}

func TestADayOfATrackHasOneOwner(t *testing.T) {
	t.Parallel()
	s := newService(t)
	// Another engine wrote rows that overlap.
	s.commit(catalog.Tracks, nil,
		[]any{"t1", "a", "Ana", "l1", "", nil, nil, nil}, []any{"t1", "b", "Ana", "l2", "", nil, day(5), nil}, []any{"t1", "c", "Ana", "l3", "", nil, day(5), day(8)}, []any{"t1", "d", "Ana", "", "", nil, day(9), day(9)})
	c := s.newest(s.reader())
	for at, want := range map[int]string{1: "l1", 4: "l1", 5: "l3", 7: "l3", 8: "l2", 9: "l2"} {
		for _, label := range []string{"l1", "l2", "l3"} {
			if got := c.Names.Owns(label, "t1", day(at).Add(23*time.Hour)); got != (label == want) {
				t.Errorf("on day %d the track is %s's: %t", at, label, got)
			}
		}
	}
}

func TestASearchFindsArtistsAndLabelsByIdAndName(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.commit(catalog.Tracks, nil, []any{"t1", "a", "Nils Aurora", "l1", "Nordlicht", nil, nil, nil}, []any{"t2", "a", "Ana", "l2", "Aurora Records", nil, nil, nil})
	s.publish(nil, []any{day(3), "A1", "t1", int64(2), int64(2000)}, []any{day(3), "A2", "t2", int64(2), int64(2000)}, []any{day(3), "x-nil", "t9", int64(2), int64(2000)})
	artists, err := s.newest(s.reader()).Artists(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string][]string{"AURORA": {"Aurora Records", "Nils Aurora"}, "a1": {"Nils Aurora"}, "nil": {"Nils Aurora", "x-nil"}, " l2 ": {"Aurora Records"}, "nobody": nil} {
		var got []string
		found, count := artists.Search(text, 10)
		for _, f := range found {
			got = append(got, f.Text())
		}
		if diff := cmp.Diff(want, got); diff != "" || count != len(want) {
			t.Errorf("%q finds %d (-want +got):\n%s", text, count, diff)
		}
	}
	if list := artists.Of("l1"); len(list) != 1 || list[0] != (cut.Artist{ID: "A1", Name: "Nils Aurora"}) {
		t.Errorf("artists of l1: %v", list)
	}
	if _, ok := artists.Has("l1", "A2"); ok {
		t.Error("l1 has an artist of l2")
	}
}
