package seek_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/seek"
)

// play is a row of plays_by_hour.
type play struct {
	Hour   int // since 1970
	Artist string
	Track  string
	Plays  int64
}

var noBase = func(lake.Snapshot) (map[string]string, error) { return nil, nil }

// commit adds files of rows, one file for each list, in the order of the rows.
func commit(t *testing.T, l *laketest.Lake, lists ...[]play) lake.Snapshot {
	t.Helper()
	c := lake.Commit{Job: "test", Stage: noBase}
	for _, list := range lists {
		rows := make([][]any, len(list))
		for i, p := range list {
			rows[i] = []any{time.Unix(int64(p.Hour)*3600, 0).UTC(), p.Artist, p.Track, "DE", "phone", p.Plays, int64(1000)}
		}
		files, err := l.Snapshot(t, catalog.PlaysByHour).Table().WriteRows(t.Context(), "test", rows)
		if err != nil {
			t.Fatal(err)
		}
		c.Add = append(c.Add, files...)
	}
	s, err := l.Commit(t.Context(), catalog.PlaysByHour, c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// read gives the rows of an artist, in order.
func read(t *testing.T, r *seek.Reader, s lake.Snapshot, artist string) []string {
	t.Helper()
	v, err := r.Open(t.Context(), s, "artist_id", "track_id", "hour", "plays")
	if err != nil {
		t.Fatal(err)
	}
	rows := []string{}
	err = v.Rows(t.Context(), artist, nil, func(row seek.Row) {
		rows = append(rows, fmt.Sprint(row.Text(0), " ", row.Number(1)/3_600_000_000, " ", row.Number(2)))
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(rows)
	return rows
}

func TestRowsOfAKeyAreThoseOfTheSnapshotWithoutTheDeleted(t *testing.T) {
	laketest.Costly(t)
	t.Parallel()
	l := laketest.New(t)
	random := rand.New(rand.NewPCG(3, 4))
	for _, cacheBytes := range []int64{1, 1 << 20} {
		r := seek.New(seek.Options{CacheBytes: cacheBytes, Verify: lake.NewVerifier()})
		for range 4 {
			list := make([]play, 200)
			for i := range list {
				list[i] = play{Hour: 500_000 + random.IntN(60), Artist: fmt.Sprintf("artist-with-a-long-name-%02d", random.IntN(9)), Track: fmt.Sprint("t", i), Plays: random.Int64N(50)}
			}
			s := commit(t, l, list)
			s = deleteSome(t, l, s, random)
			for artist := range 9 {
				name := fmt.Sprintf("artist-with-a-long-name-%02d", artist)
				if diff := cmp.Diff(byDuckDB(t, l, s, name), read(t, r, s, name)); diff != "" {
					t.Fatalf("%s (-DuckDB +seek):\n%s", name, diff)
				}
			}
			if rows := read(t, r, s, "artist-with-a-long-name"); len(rows) != 0 {
				t.Errorf("a key that is the begin of others has %d rows", len(rows))
			}
		}
	}
}

// deleteSome takes every seventh row of each file away.
func deleteSome(t *testing.T, l *laketest.Lake, s lake.Snapshot, random *rand.Rand) lake.Snapshot {
	t.Helper()
	files, err := s.Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string][]int64{}
	for _, f := range files {
		for at := random.Int64N(7); at < f.Count(); at += 7 {
			rows[f.FilePath()] = append(rows[f.FilePath()], at)
		}
	}
	deletes, err := s.WritePositionDeletes(t.Context(), "test", files, rows)
	if err != nil {
		t.Fatal(err)
	}
	s, err = l.Commit(t.Context(), catalog.PlaysByHour, lake.Commit{Job: "test", Stage: noBase, Deletes: deletes})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func byDuckDB(t *testing.T, l *laketest.Lake, s lake.Snapshot, artist string) []string {
	t.Helper()
	db := l.DB(t)
	if err := db.Bind(t.Context(), "plays_here", s); err != nil {
		t.Fatal(err)
	}
	rows := []string{}
	var row string
	err := db.EachText(t.Context(), "SELECT concat(track_id, ' ', epoch(hour)::BIGINT // 3600, ' ', plays) FROM plays_here WHERE artist_id = $1", []any{artist}, []any{&row}, func() error {
		rows = append(rows, row)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(rows)
	return rows
}

// Writers leave a bound out that is long.
func TestALongKeyHidesNoOther(t *testing.T) {
	for _, long := range []string{"m" + strings.Repeat("x", 5000), "a" + strings.Repeat("x", 5000), strings.Repeat("\U0010FFFF", 2000)} {
		l := laketest.New(t)
		s := commit(t, l, []play{{490_000, "k", "t1", 3}, {490_000, long, "t2", 4}})
		r := seek.New(seek.Options{CacheBytes: 1 << 20, Verify: lake.NewVerifier()})
		for artist, want := range map[string]string{"k": "t1 490000 3", long: "t2 490000 4", "j": ""} {
			if got := strings.Join(read(t, r, s, artist), ","); got != want {
				t.Errorf("beside %.3q: rows of %.3q are %q, want %q", long, artist, got, want)
			}
		}
	}
}

func TestAViewStaysAtItsSnapshot(t *testing.T) {
	t.Parallel()
	l := laketest.New(t)
	r := seek.New(seek.Options{CacheBytes: 1 << 20})
	before := commit(t, l, []play{{Hour: 1, Artist: "A", Track: "t1", Plays: 1}})
	after := commit(t, l, []play{{Hour: 1, Artist: "A", Track: "t2", Plays: 2}})
	if got := read(t, r, before, "A"); len(got) != 1 {
		t.Errorf("before: %v", got)
	}
	if got := read(t, r, after, "A"); len(got) != 2 {
		t.Errorf("after: %v", got)
	}
}

func TestPartitionsThatAreNotAskedForAreNotRead(t *testing.T) {
	t.Parallel()
	l := laketest.New(t)
	s := commit(t, l, []play{{Hour: 1, Artist: "A", Track: "t1", Plays: 1}, {Hour: 30, Artist: "A", Track: "t2", Plays: 2}})
	v, err := seek.New(seek.Options{CacheBytes: 1 << 20}).Open(t.Context(), s, "artist_id", "track_id")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	err = v.Rows(t.Context(), "A", func(partition any) bool { return partition == 1 }, func(r seek.Row) { got = append(got, r.Text(0)) })
	if err != nil || !slices.Equal(got, []string{"t2"}) {
		t.Errorf("%v %v", got, err)
	}
}

func TestADamagedByteIsNoValue(t *testing.T) {
	t.Parallel()
	l := laketest.New(t)
	list := make([]play, 50)
	for i := range list {
		list[i] = play{Hour: 7, Artist: "A", Track: fmt.Sprint("track-", i*i), Plays: int64(i)}
	}
	s := commit(t, l, list)
	files, err := s.Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	local, err := lake.LocalPath(files[0].FilePath())
	if err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(local)
	if err != nil {
		t.Fatal(err)
	}
	want := read(t, seek.New(seek.Options{CacheBytes: 1 << 20}), s, "A")
	flips, found := 0, 0
	for at := 0; at < len(whole); at += 13 {
		flips++
		flipped := slices.Clone(whole)
		flipped[at] ^= 4
		if err := os.WriteFile(local, flipped, 0o600); err != nil {
			t.Fatal(err)
		}
		var got []string
		v, err := seek.New(seek.Options{CacheBytes: 1 << 20}).Open(t.Context(), s, "artist_id", "track_id", "hour", "plays")
		if err == nil {
			err = v.Rows(t.Context(), "A", nil, func(r seek.Row) {
				got = append(got, fmt.Sprint(r.Text(0), " ", r.Number(1)/3_600_000_000, " ", r.Number(2)))
			})
		}
		slices.Sort(got)
		switch {
		case err == nil && !slices.Equal(got, want):
			t.Fatalf("byte %d: other rows: %v", at, got)
		case err != nil && !errors.Is(err, lake.ErrDamaged):
			t.Fatalf("byte %d: %v", at, err)
		case err != nil:
			found++
		}
	}
	if found < flips/2 {
		t.Errorf("%d of %d flips were found", found, flips)
	}
}

func TestAColumnThatNobodyMadeIsNamed(t *testing.T) {
	t.Parallel()
	l := laketest.New(t)
	s := commit(t, l, []play{{Hour: 1, Artist: "A", Track: "t1", Plays: 1}})
	if _, err := seek.New(seek.Options{}).Open(t.Context(), s, "artist_id", "nothing"); !errors.Is(err, lake.ErrUnfit) {
		t.Errorf("%v", err)
	}
}

// BenchmarkRows reads one of 1,000 artists out of a sorted file of 200,000 rows in row groups as large as the rollup's.
func BenchmarkRows(b *testing.B) {
	l := laketest.New(b)
	db := l.DB(b)
	t := l.Snapshot(b, catalog.PlaysByHour).Table()
	if err := db.ExecText(b.Context(), `CREATE TABLE many AS
		SELECT to_timestamp(1772323200 + (i % 24) * 3600) AS hour, printf('artist-%05d', i // 200) AS artist_id, printf('track-%d', i % 50) AS track_id, 'DE' AS country,
		  'phone' AS device, 1::BIGINT AS plays, 1000::BIGINT AS ms_played FROM range(200000) r(i) ORDER BY artist_id, track_id`); err != nil {
		b.Fatal(err)
	}
	files, err := db.Write(b.Context(), t, "test", "many")
	if err != nil {
		b.Fatal(err)
	}
	s, err := l.Commit(b.Context(), catalog.PlaysByHour, lake.Commit{Job: "test", Stage: noBase, Add: files})
	if err != nil {
		b.Fatal(err)
	}
	for name, bytes := range map[string]int64{"cold": 1, "warm": 1 << 30} {
		b.Run(name, func(b *testing.B) {
			v, err := seek.New(seek.Options{CacheBytes: bytes}).Open(b.Context(), s, "artist_id", "track_id", "hour", "plays", "ms_played")
			if err != nil {
				b.Fatal(err)
			}
			rows := 0
			for n := range b.N {
				rows = 0
				if err := v.Rows(b.Context(), fmt.Sprintf("artist-%05d", n*7919%1000), nil, func(seek.Row) { rows++ }); err != nil || rows != 200 {
					b.Fatal(rows, err)
				}
			}
		})
	}
}

func TestWhatWasWarmedIsInMemory(t *testing.T) {
	t.Parallel()
	l := laketest.New(t)
	s := commit(t, l, []play{{1, "A", "t1", 3}, {2, "B", "t2", 4}}, []play{{1, "A", "t3", 5}})
	warmed, cold := seek.New(seek.Options{CacheBytes: 1 << 20}), seek.New(seek.Options{CacheBytes: 1 << 20})
	v, err := warmed.Open(t.Context(), s, "artist_id", "track_id", "hour", "plays")
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Warm(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	files, err := s.Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		path, err := lake.LocalPath(f.FilePath())
		if err == nil {
			err = os.Truncate(path, 0)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"t1 1 3", "t3 1 5"}, read(t, warmed, s, "A")); diff != "" {
		t.Errorf("rows of A (-want +got):\n%s", diff)
	}
	c, err := cold.Open(t.Context(), s, "artist_id", "track_id")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Warm(t.Context(), nil); err == nil {
		t.Error("files that are empty are warmed")
	}
}
