package audit

import (
	"cmp"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// archived is one copy; the fields are in the published order.
type archived struct {
	id              string
	received, event time.Time
	ms              int64
	text            [6]string // track, artist, user, country, tier, device
	trackMs         int64     // the largest stands for an absent one
}

const absent = 1 << 40

func (c archived) row(offset int) []any {
	var length any
	if c.trackMs != absent {
		length = c.trackMs
	}
	x := c.text
	return []any{c.id, x[2], x[0], x[1], x[5], c.event, c.ms, length, x[3], x[4], nil, nil, c.received, nil, "listens", 0, offset}
}

func before(a, b archived) int {
	return cmp.Or(a.received.Compare(b.received), a.event.Compare(b.event), cmp.Compare(a.ms, b.ms), slices.Compare(a.text[:], b.text[:]), cmp.Compare(a.trackMs, b.trackMs))
}

// Every field of the order gets to decide, in any number of slices.
func TestTheSmallestCopyCountsHoweverManyAreComparedAtOnce(t *testing.T) {
	l := laketest.New(t)
	r := rand.New(rand.NewPCG(1, 2))
	first := time.Date(2026, 2, 27, 0, 0, 0, 0, time.UTC)
	var copies []archived
	var rows [][]any
	for i := range 600 {
		c := archived{id: fmt.Sprint("l", r.IntN(150)), received: first, event: first.AddDate(0, 0, 3), ms: 7, trackMs: 5}
		if i > 0 && r.IntN(3) > 0 { // as another copy, but for one field
			c = copies[r.IntN(i)]
		}
		switch f := r.IntN(11); f {
		case 0:
			c.received = first.Add(time.Duration(r.IntN(3)) * time.Second)
		case 1:
			c.event = first.AddDate(0, 0, r.IntN(5))
		case 2:
			c.ms = int64(r.IntN(3))
		case 3:
			c.trackMs = []int64{4, 5, absent}[r.IntN(3)]
		case 4:
		default:
			c.text[f-5] = []string{"", "Z", "a", "é", "\U0001F600", "\uFF5E"}[r.IntN(6)]
		}
		copies, rows = append(copies, c), append(rows, c.row(i))
	}
	best := map[string]archived{}
	for _, c := range copies {
		if now, ok := best[c.id]; !ok || before(c, now) < 0 {
			best[c.id] = c
		}
	}
	var want []string
	for _, c := range best {
		if c.event.Month() == time.March {
			want = append(want, fmt.Sprintf("%s %d %s %s %s %s %s %d", c.event.Format(time.DateOnly), c.ms, c.text[0], c.text[1], c.text[3], c.text[4], c.text[5], c.trackMs))
		}
	}
	slices.Sort(want)

	tbl, err := l.Table(t.Context(), catalog.Listens)
	if err != nil {
		t.Fatal(err)
	}
	files, err := tbl.WriteRows(t.Context(), "test", rows)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Commit(t.Context(), catalog.Listens, lake.Commit{Job: "test", Add: files, Stage: lake.IfUnmoved(tbl.Current(), nil)}); err != nil {
		t.Fatal(err)
	}
	for _, atOnce := range []int64{1000, 7} {
		a := &audit{db: jobs.NewSession(l.DB(t), nil), run: &pinned{from: first.AddDate(0, 0, 2), until: first.AddDate(0, 1, 2)}}
		a.env = jobs.Env{Lake: l.Lake, Duck: l.Duck, Log: slog.New(slog.DiscardHandler), Progress: func(string) {}}
		if err := a.db.Bind(t.Context(), "cut", l.Snapshot(t, catalog.Listens)); err != nil {
			t.Fatal(err)
		}
		if err := a.pick(t.Context(), atOnce); err != nil {
			t.Fatal(err)
		}
		var got []string
		var line string
		err := a.db.EachText(t.Context(), fmt.Sprintf("SELECT concat_ws(' ', strftime(event_time, '%%Y-%%m-%%d'), ms_played, track_id, artist_id, country, tier, device, coalesce(track_ms, %d)) FROM counted", absent), nil, []any{&line},
			func() error { got = append(got, strings.Clone(line)); return nil })
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(got)
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Fatalf("%d at once (-want +got)\n%s", atOnce, diff)
		}
	}
}
