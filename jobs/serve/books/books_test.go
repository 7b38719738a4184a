package books_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/royalty"
	"github.com/lakectl/lakectl/jobs/royalty/statement"
	"github.com/lakectl/lakectl/jobs/serve/books"
)

// label is a lake with two closed months: what came late for March was posted to April, and what came later still to
// May, which is open.
type label struct {
	*testing.T
	*laketest.Lake
	env     jobs.Env
	offset  int
	artists []string
}

func (l *label) insert(table string, rows ...[]any) {
	l.Helper()
	l.Put(l.T, "test", table, nil, rows...)
}

func (l *label) listens(random *rand.Rand, month time.Month, n int) {
	l.Helper()
	var rows [][]any
	for range n {
		at := time.Date(2026, month, 1+random.IntN(28), random.IntN(24), 0, 0, 0, time.UTC)
		artist := random.IntN(len(l.artists))
		rows = append(rows, []any{
			fmt.Sprint("l", l.offset), fmt.Sprint("u", random.IntN(50)), fmt.Sprintf("t%d", artist+len(l.artists)*random.IntN(3)), l.artists[artist], "phone", at, 20_000 + random.IntN(60_000), 200_000,
			[]string{"SE", "DE", "NO"}[random.IntN(3)], []string{"free", "premium"}[random.IntN(2)], nil, nil, at, nil, "listens", 0, l.offset,
		})
		l.offset++
	}
	l.insert(catalog.Listens, rows...)
}

func (l *label) run() {
	l.Helper()
	if _, err := royalty.Run(l.Context(), l.env, royalty.Options{}); err != nil {
		l.Fatal(err)
	}
}

func (l *label) close(period string) {
	l.Helper()
	if _, err := royalty.Close(l.Context(), l.env, period, royalty.CloseOptions{By: "ann"}); err != nil {
		l.Fatal(err)
	}
}

func newLabel(t *testing.T, seed uint64) *label {
	t.Helper()
	l := &label{T: t, Lake: laketest.New(t), artists: []string{"A/1", "=B", "C", "Björk"}}
	l.env = jobs.Env{Lake: l.Lake.Lake, Duck: l.Duck, Log: slog.New(slog.DiscardHandler), Now: time.Now, CodeVersion: "test", Progress: func(string) {}}
	random := rand.New(rand.NewPCG(seed, 4))
	day := func(m time.Month, d int) time.Time { return time.Date(2026, m, d, 0, 0, 0, 0, time.UTC) }
	at := day(3, 1)
	var pools [][]any
	for _, period := range []string{"2026-03", "2026-04", "2026-05"} {
		pools = append(pools, []any{int64(1), at, period, "*", "*", "EUR", int64(100_001)}, []any{int64(1), at, period, "DE", "premium", "SEK", int64(777)})
	}
	l.insert(catalog.RoyaltyPools, pools...)
	// t1 changes hands within March, t2 on its first day, t3 is nobody's in April, t4 has two rows that hold.
	l.insert(catalog.Tracks,
		[]any{"t0", "Zero", "Ana", "L1", "One", "ISRC0", nil, nil},
		[]any{"t1", "First", "=Bo", "L1", "One", nil, nil, day(3, 10)}, []any{"t1", "First again", "=Bo", "L2", "Two", nil, day(3, 10), nil},
		[]any{"t2", "Old", "Cy", "L1", "One", nil, nil, day(3, 1)}, []any{"t2", "New", "Cy", "L2", "Two", nil, day(3, 1), nil},
		[]any{"t3", "Short", nil, "L2", nil, nil, nil, day(4, 1)},
		[]any{"t4", "Early", "Ana", "L2", "Two", nil, day(2, 1), nil}, []any{"t4", "Later", "Ana", "L1", "One", nil, day(2, 20), nil})
	l.listens(random, 3, 200)
	l.listens(random, 4, 100)
	l.run()
	l.close("2026-03")
	l.listens(random, 3, 40)
	l.run()
	l.insert(catalog.Tracks, []any{"t5", "Learned since", "=Bo", "L1", "One", nil, nil, nil})
	l.close("2026-04")
	l.listens(random, 3, 20)
	l.listens(random, 4, 20)
	l.run()
	return l
}

func (l *label) books() *books.Books {
	l.Helper()
	b, err := books.New(l.env, 1<<20).Newest(l.Context())
	if err != nil {
		l.Fatal(err)
	}
	return b
}

// exported is the file that an export makes of one holder.
func (l *label) exported(h books.Holder, period, format string) []byte {
	l.Helper()
	report, err := statement.Export(l.Context(), l.env, statement.Options{Run: period, By: h.Kind, Format: format, Dir: l.TempDir(), ID: &h.ID, Sender: "lakectl"})
	if err != nil {
		l.Fatal(err)
	}
	for _, name := range []string{"*.tsv", h.Kind + "-*.csv", "*.parquet"} {
		if found, _ := filepath.Glob(filepath.Join(report.Folder, name)); len(found) == 1 {
			body, err := os.ReadFile(found[0])
			if err != nil {
				l.Fatal(err)
			}
			return body
		}
	}
	l.Fatalf("no file in %s", report.Folder)
	return nil
}

func (l *label) delivered(b *books.Books, h books.Holder, period, format string) []byte {
	l.Helper()
	s, ok := b.Statement(period)
	if !ok {
		l.Fatalf("%s is not closed", period)
	}
	rows, err := b.Rows(l.Context(), s, h, format != "dsr")
	if err != nil {
		l.Fatal(err)
	}
	f, _, err := statement.Deliver(s.Delivery(h, format, "lakectl"), rows)
	if err != nil {
		l.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // read only
	body, err := io.ReadAll(f)
	if err != nil {
		l.Fatal(err)
	}
	return body
}

func TestStatementsAreWhatRunsPublished(t *testing.T) {
	laketest.Costly(t)
	t.Parallel()
	l := newLabel(t, 1)
	b := l.books()
	t.Run("a file of a holder is the one that an export makes", func(t *testing.T) { l.files(b) })
	t.Run("a statement and what was posted is what the newest run pays", func(t *testing.T) { l.pays(t, b) })
	t.Run("a track that came to a label after the close is counted as one", func(t *testing.T) { l.givesLater(t, b) })
	t.Run("what labels are corrected by is what their files say", func(t *testing.T) { l.corrects(t, b) })
}

func (l *label) files(b *books.Books) {
	for i, h := range []books.Holder{{Kind: "artist", ID: "A/1"}, {Kind: "artist", ID: "=B"}, {Kind: "artist", ID: "Björk"}, {Kind: "label", ID: "L1"}, {Kind: "label", ID: "L2"}} {
		for j, period := range []string{"2026-03", "2026-04"} {
			format := statement.Formats[(i+j)%len(statement.Formats)]
			if got, want := l.delivered(b, h, period, format), l.exported(h, period, format); !bytes.Equal(got, want) {
				l.Errorf("%s of %v as %s: %d bytes, an export has %d\n%.1500s\n%.1500s", period, h, format, len(got), len(want), got, want)
			}
		}
	}
}

func (l *label) pays(t *testing.T, b *books.Books) {
	for _, period := range []string{"2026-03", "2026-04"} {
		newest, err := royalty.NewestRun(t.Context(), l.env, period)
		if err != nil {
			t.Fatal(err)
		}
		restated, err := royalty.Show(t.Context(), l.env, newest.RunID)
		if err != nil {
			t.Fatal(err)
		}
		published, err := royalty.Show(t.Context(), l.env, period)
		if err != nil {
			t.Fatal(err)
		}
		for _, artist := range l.artists {
			h := books.Holder{Kind: books.Artist, ID: artist}
			s, _ := b.Statement(period)
			sums, err := b.Sums(t.Context(), s, h)
			if err != nil {
				t.Fatal(err)
			}
			posted, err := b.Posted(t.Context(), h)
			if err != nil {
				t.Fatal(err)
			}
			first, now := map[string]int64{}, map[string]int64{}
			for _, m := range sums {
				first[m.Currency], now[m.Currency] = m.Minor, m.Minor
			}
			for _, p := range posted {
				if p.Origin == period {
					now[p.Currency] += p.Minor
				}
			}
			if diff := cmp.Diff(paidTo(published, artist), first); diff != "" {
				t.Errorf("%s of %s as published (-run +statement):\n%s", period, artist, diff)
			}
			if diff := cmp.Diff(paidTo(restated, artist), now); diff != "" {
				t.Errorf("%s of %s by now (-run +statement):\n%s", period, artist, diff)
			}
		}
	}
}

func paidTo(st royalty.Statement, artist string) map[string]int64 {
	sums := map[string]int64{}
	for _, p := range st.Payouts {
		if p.ArtistID == artist {
			sums[p.Currency] += p.AmountMinor
		}
	}
	return sums
}

func (l *label) corrects(t *testing.T, b *books.Books) {
	april, _ := b.Statement("2026-04")
	for _, id := range []string{"L1", "L2"} {
		h := books.Holder{Kind: books.Label, ID: id}
		posted, err := b.Posted(t.Context(), h)
		if err != nil {
			t.Fatal(err)
		}
		carried, err := b.Carried(t.Context(), april, h)
		if err != nil {
			t.Fatal(err)
		}
		sum := func(list []books.Posted, to string) (minor int64, rows int) {
			for _, p := range list {
				if p.To == to {
					minor += p.Minor
					rows++
				}
			}
			return minor, rows
		}
		a, n := sum(posted, "2026-04")
		c, m := sum(carried, "2026-04")
		if a != c || n != m || n == 0 {
			t.Errorf("%s: %d in %d rows posted to April, its statement carries %d in %d", id, a, n, c, m)
		}
		march, _ := b.Statement("2026-03")
		sums, err := b.Sums(t.Context(), march, h)
		if err != nil {
			t.Fatal(err)
		}
		paid, err := b.Paid(t.Context(), march, h)
		if err != nil {
			t.Fatal(err)
		}
		by := map[string]int64{}
		for _, p := range paid {
			by[p.Currency] += p.Minor
		}
		for _, s := range sums {
			by[s.Currency] -= s.Minor
		}
		for currency, left := range by {
			if left != 0 {
				t.Errorf("%s: rows and sums differ by %d %s", id, left, currency)
			}
		}
	}
}

// t5 is known since March was closed, and before April was.
func (l *label) givesLater(t *testing.T, b *books.Books) {
	got := map[string]int{}
	for _, period := range []string{"2026-03", "2026-04"} {
		of, _ := b.Statement(period)
		for _, h := range []books.Holder{{Kind: books.Label, ID: "L1"}, {Kind: books.Label, ID: "L2"}, {Kind: books.Artist, ID: "=B"}} {
			posted, err := b.Posted(t.Context(), h)
			if err != nil {
				t.Fatal(err)
			}
			n, err := b.LaterTracks(t.Context(), of, h, posted)
			if err != nil {
				t.Fatal(err)
			}
			got[period+" "+h.ID] = n
		}
	}
	want := map[string]int{"2026-03 L1": 1, "2026-03 L2": 0, "2026-03 =B": 0, "2026-04 L1": 0, "2026-04 L2": 0, "2026-04 =B": 0}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
