package seek_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/seek"
)

// each reads the rows of several artists file by file.
func each(t *testing.T, r *seek.Reader, s lake.Snapshot, artists []string) []string {
	t.Helper()
	v, err := r.Open(t.Context(), s, "artist_id", "track_id", "hour", "plays")
	if err != nil {
		t.Fatal(err)
	}
	rows := []string{}
	for _, f := range v.Files(nil) {
		err := f.Each(t.Context(), artists, func(_ string, row seek.Row) {
			rows = append(rows, fmt.Sprint(row.Text(0), " ", row.Number(1)/3_600_000_000, " ", row.Number(2)))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(rows)
	return rows
}

func TestRowsOfManyKeysAreThoseOfEach(t *testing.T) {
	t.Parallel()
	l := laketest.New(t)
	random := rand.New(rand.NewPCG(5, 4))
	r := seek.New(seek.Options{CacheBytes: 1 << 20, Verify: lake.NewVerifier()})
	list := make([]play, 300)
	for i := range list {
		list[i] = play{Hour: 500_000 + random.IntN(60), Artist: fmt.Sprintf("artist-with-a-long-name-%02d", random.IntN(40)), Track: fmt.Sprint("t", i), Plays: random.Int64N(50)}
	}
	s := deleteSome(t, l, commit(t, l, list[:150], list[150:]), random)
	for _, step := range []int{1, 2, 7, 39} { // from 40 keys to 2, and keys that nobody has
		artists, want := []string{"", "a", "artist-with-a-long-name"}, []string{}
		for n := 0; n < 40; n += step {
			name := fmt.Sprintf("artist-with-a-long-name-%02d", n)
			artists = append(artists, name)
			want = append(want, read(t, r, s, name)...)
		}
		artists = append(artists, "b")
		slices.Sort(want)
		if diff := cmp.Diff(want, each(t, r, s, artists)); diff != "" {
			t.Errorf("every %d: (-one by one +together):\n%s", step, diff)
		}
	}
}

func TestWhatIsMadeOfAFileIsMadeAgainWhenRowsOfItAreDeleted(t *testing.T) {
	t.Parallel()
	l := laketest.New(t)
	r := seek.New(seek.Options{CacheBytes: 1 << 20, Verify: lake.NewVerifier()})
	s := commit(t, l, slices.Repeat([]play{{500_000, "A", "t1", 1}}, 8))
	names := func(s lake.Snapshot) (list []string) {
		v, err := r.Open(t.Context(), s, "artist_id", "track_id")
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range v.Files(nil) {
			list = append(list, f.Name())
		}
		return list
	}
	before := names(s)
	if again := names(s); !slices.Equal(before, again) {
		t.Errorf("%v then %v", before, again)
	}
	if after := names(deleteSome(t, l, s, rand.New(rand.NewPCG(1, 1)))); slices.Equal(before, after) {
		t.Errorf("the names stay %v", after)
	}
}
