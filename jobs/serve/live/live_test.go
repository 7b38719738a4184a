package live_test

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/serve/live"
	"github.com/lakectl/lakectl/lake"
)

var noon = time.Date(2026, 3, 31, 12, 0, 30, 0, time.UTC)

// archive adds a file of plays of an artist, so many minutes before noon each.
func archive(t *testing.T, l *laketest.Lake, artist string, minutes ...int) lake.Snapshot {
	t.Helper()
	rows := make([][]any, len(minutes))
	for i, m := range minutes {
		at := noon.Add(-time.Duration(m) * time.Minute)
		rows[i] = []any{fmt.Sprint("l", i), "u1", "t1", artist, "web", at, 1000, nil, "DE", "free", nil, nil, at, nil, "listens", 0, int64(i)}
	}
	return l.Put(t, "test", catalog.Listens, nil, rows...)
}

func TestTheStripHasThePlaysOfTheLastHourByTheMinute(t *testing.T) {
	t.Parallel()
	l := laketest.New(t)
	now := noon
	c := live.New(jobs.Env{Lake: l.Lake, Duck: l.Duck, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return now }, Progress: func(string) {}})
	sum := func(artist string) (total int64, byAge map[int]int64) {
		t.Helper()
		now = now.Add(2 * time.Second)
		h, err := c.Newest(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		byAge = map[int]int64{}
		list := h.Plays(artist, noon, nil)
		for i, m := range list {
			total += m.Plays
			byAge[live.Minutes-1-i] = m.Plays
		}
		if len(list) != live.Minutes || !list[live.Minutes-1].At.Equal(noon.Truncate(time.Minute)) {
			t.Fatalf("%d minutes, the last at %s", len(list), list[len(list)-1].At)
		}
		return total, byAge
	}
	if total, _ := sum("A"); total != 0 {
		t.Errorf("%d plays in an empty archive", total)
	}
	archive(t, l, "A", 0, 0, 1, 59, 60, 300, -3) // an hour ago is over, three minutes ahead is not yet
	archive(t, l, "B", 5)
	if total, byAge := sum("A"); total != 4 || byAge[0] != 2 || byAge[1] != 1 || byAge[59] != 1 {
		t.Errorf("%d plays: %v", total, byAge)
	}
	s := archive(t, l, "A", 2)
	if total, byAge := sum("A"); total != 5 || byAge[2] != 1 {
		t.Errorf("with a file more: %d plays: %v", total, byAge)
	}
	files, err := s.Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f.AddedBy != s.ID() {
			continue
		}
		deletes, err := s.WritePositionDeletes(t.Context(), "test", []lake.File{f}, map[string][]int64{f.FilePath(): {0}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Commit(t.Context(), catalog.Listens, lake.Commit{Job: "test", Deletes: deletes, Stage: func(lake.Snapshot) (map[string]string, error) { return nil, nil }}); err != nil {
			t.Fatal(err)
		}
	}
	if total, _ := sum("A"); total != 4 {
		t.Errorf("after its erasure: %d plays", total)
	}
	if total, _ := sum("B"); total != 1 {
		t.Errorf("of another artist: %d plays", total)
	}
}
