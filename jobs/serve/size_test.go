package serve_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
)

// large is a label with a million tracks of ten thousand artists, each track played on two days in February and three
// in March.
const (
	largeTracks  = 1_000_000
	largeArtists = 10_000
)

// fillLarge writes the tables of a large label and publishes them.
func fillLarge(s *service) {
	s.Helper()
	d := s.DB(s.T)
	err := errors.Join(d.KeepOrder(s.Context()), d.ExecText(s.Context(), fmt.Sprintf(`CREATE TABLE songs AS SELECT i, printf('t%%07d', i) AS track_id, printf('a%%05d', i // %d) AS artist_id FROM range(%d) t(i)`, largeTracks/largeArtists, largeTracks)),
		d.ExecText(s.Context(), `CREATE VIEW tracks AS SELECT track_id, 'Song ' || i AS title, 'Artist ' || artist_id AS artist_name, 'L1' AS label_id, 'Large' AS label_name, NULL::VARCHAR AS isrc, NULL::DATE AS valid_from, NULL::DATE AS valid_to FROM songs;
CREATE VIEW february AS SELECT artist_id, track_id, unnest([DATE '2026-02-20', DATE '2026-02-21']) AS day, CAST(1 + hash(i) % 100000 AS BIGINT) AS plays, plays * 180000 AS ms_played FROM songs;
CREATE VIEW march AS SELECT artist_id, track_id, unnest([DATE '2026-03-10', DATE '2026-03-20', DATE '2026-03-30']) AS day, CAST(1 + hash(i) % 100000 AS BIGINT) AS plays, plays * 180000 AS ms_played FROM songs;
CREATE VIEW heard AS SELECT artist_id, track_id, DATE '2026-03-20' AS day, CAST(CAST(CAST(hash(i) // 2 AS BIGINT) AS BIT) AS BLOB) AS listeners FROM songs`))
	if err != nil {
		s.Fatal(err)
	}
	february, march := int(lake.MonthOf(time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC))), int(lake.MonthOf(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)))
	s.add(d, catalog.Tracks, nil, part{"tracks", nil})
	s.commit(catalog.Listens, map[string]string{catalog.Watermarks: fmt.Sprintf(`{"listens":{"0":%d}}`, time.Date(2026, 3, 31, 11, 0, 0, 0, time.UTC).UnixMicro())})
	s.add(d, catalog.ListenersByDay, nil, part{"heard", march})
	named := catalog.Cut{}
	for _, table := range catalog.Dashboard[:len(catalog.Dashboard)-1] {
		named[table] = s.Snapshot(s.T, table).ID()
	}
	s.add(d, catalog.PlaysByDay, map[string]string{catalog.CutKey: named.String(), catalog.CoversListens: strconv.FormatInt(s.Snapshot(s.T, catalog.Listens).ID(), 10)}, part{"february", february}, part{"march", march})
}

// part is a relation that is written to a partition; nil is all of the table.
type part struct {
	relation string
	value    any
}

// writer writes relations of a DuckDB as files of a table.
type writer interface {
	Write(ctx context.Context, t *lake.Table, job, relation string) ([]iceberg.DataFile, error)
	WriteInOrder(ctx context.Context, t *lake.Table, job, relation string, value any, groupRows int) ([]iceberg.DataFile, error)
}

// add writes relations to a table, in the order that they have.
func (s *service) add(d writer, table string, state map[string]string, parts ...part) {
	s.Helper()
	c := lake.Commit{Job: catalog.RollupJob, Stage: func(lake.Snapshot) (map[string]string, error) {
		summary := map[string]string{}
		for k, v := range state {
			summary[lake.StateKey(k)] = v
		}
		return summary, nil
	}}
	for _, p := range parts {
		t := s.Snapshot(s.T, table).Table()
		files, err := d.Write(s.Context(), t, "test", p.relation)
		if p.value != nil {
			files, err = d.WriteInOrder(s.Context(), t, "test", p.relation, p.value, 20_480)
		}
		if err != nil {
			s.Fatal(err)
		}
		c.Add = append(c.Add, files...)
	}
	if _, err := s.Lake.Commit(s.Context(), table, c); err != nil {
		s.Fatal(err)
	}
}

// listed is a page of tracks or of a roster.
type listed struct {
	Plays  int64
	Count  int
	Next   string
	Tracks []struct {
		ID    string `json:"track_id"`
		Plays int64
	}
	Artists []struct {
		ID    string `json:"artist_id"`
		Plays int64
	}
}

// pages follows a cursor for so many pages of a hundred, and says what the first and the last one took. The rows of all
// are in order and none comes twice.
func (s *service) pages(path string, most int) (first, last time.Duration, page listed) {
	s.Helper()
	seen := map[string]bool{}
	before := int64(1 << 62)
	for n := range most {
		began := time.Now()
		code, _, body := s.get(path + "&cursor=" + page.Next)
		last = time.Since(began)
		first = cmp.Or(first, last)
		page = listed{}
		if err := json.Unmarshal([]byte(body), &page); err != nil || code != http.StatusOK {
			s.Fatalf("%s, page %d: %d %v", path, n+1, code, err)
		}
		for _, t := range page.Tracks {
			page.Artists = append(page.Artists, struct {
				ID    string `json:"artist_id"`
				Plays int64
			}(t))
		}
		for _, row := range page.Artists {
			if seen[row.ID] || row.Plays > before {
				s.Errorf("%s, page %d: %+v comes after one with %d plays", path, n+1, row, before)
			}
			seen[row.ID], before = true, row.Plays
		}
	}
	if len(seen) != 100*most {
		s.Errorf("%s: %d rows on %d pages", path, len(seen), most)
	}
	return first, last, page
}

func TestALabelOfAMillionTracksIsRankedOnceForAllPages(t *testing.T) {
	laketest.Long(t, "a million tracks")
	s := newServiceOf(t, 256<<20)
	fillLarge(s)
	began := time.Now()
	s.get("/readyz")
	t.Logf("opening the tables, which the server does before it is ready: %d ms", time.Since(began).Milliseconds())
	began = time.Now()
	sum := s.ask("/v1/labels/L1/summary?days=31")
	t.Logf("the first question: %d ms", time.Since(began).Milliseconds())
	began = time.Now()
	s.ask("/v1/labels/L1/summary?from=2026-03-01&to=2026-03-31")
	t.Logf("summary: %d ms", time.Since(began).Milliseconds())
	for name, count := range map[string]int{"tracks": largeTracks, "roster": largeArtists} {
		first, last, page := s.pages("/v1/labels/L1/"+name+"?days=31&limit=100", 50)
		t.Logf("%s: page 1 in %d ms, page 50 in %d ms", name, first.Milliseconds(), last.Milliseconds())
		if page.Count != count || page.Plays != sum.Plays {
			t.Errorf("%s: %d rows with %d plays, want %d with %d", name, page.Count, page.Plays, count, sum.Plays)
		}
		if name == "tracks" && last > first/2 {
			t.Errorf("page 50 took %s and page 1 %s: the tracks are ranked again", last, first)
		}
	}
}
