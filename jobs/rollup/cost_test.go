package rollup_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
)

// generate archives so many listens, made by SQL from their number i: when, the track, the artist and the user.
func (w *world) generate(n int, when, track, artist, user string) {
	w.Helper()
	d := w.DB(w.T)
	w.offset += int64(n)
	w.check(d.ExecText(w.Context(), fmt.Sprintf(`CREATE TABLE l AS SELECT 'g' || (i + %[1]d) AS listen_id, %[2]s AS user_id, %[3]s AS track_id, %[4]s AS artist_id, 'phone' AS device,
		%[5]s AS event_time, 1000 AS ms_played, 2000 AS track_ms, 'DE' AS country, 'free' AS tier, NULL::VARCHAR AS client, NULL::BOOLEAN AS offline,
		%[5]s + INTERVAL 1 MINUTE AS received_time, NULL::VARCHAR AS extra, 'listens' AS source_topic, 1 AS source_partition, i + %[1]d AS source_offset FROM range(%[6]d) r(i)`,
		w.offset, user, track, artist, when, n)))
	files, err := d.Write(w.Context(), w.head(catalog.Listens).Table(), "ingest", "l")
	w.check(err)
	w.commitFiles(catalog.Listens, "ingest", lake.Commit{Add: files}, nil)
	w.check(d.Close())
}

func (w *world) commitFiles(table, job string, c lake.Commit, state map[string]string) {
	w.Helper()
	c.Job, c.Stage = job, func(lake.Snapshot) (map[string]string, error) { return state, nil }
	_, err := w.Commit(w.Context(), table, c)
	w.check(err)
}

// countAll brings the ledger up to an archive without duplicates.
func (w *world) countAll() {
	w.Helper()
	d := w.DB(w.T)
	w.check(d.Bind(w.Context(), "l", w.head(catalog.Listens)))
	w.check(d.ExecText(w.Context(), `CREATE VIEW c AS SELECT listen_id, user_id, track_id, artist_id, device, event_time, ms_played, track_ms, country, tier,
		received_time, source_topic, source_partition, source_offset FROM l`))
	ledger := w.head(catalog.ListensCounted)
	was, err := ledger.Files(w.Context())
	w.check(err)
	deletes, err := ledger.DeleteFiles(w.Context())
	w.check(err)
	files, err := d.Write(w.Context(), ledger.Table(), "royalties", "c")
	w.check(err)
	covers := covering(w.head(catalog.Listens))
	covers[catalog.MovedDays] = catalog.MovedDaysText(nil)
	w.commitFiles(catalog.Duplicates, "royalties", lake.Commit{}, covers)
	w.commitFiles(catalog.ListensCounted, "royalties", lake.Commit{Add: files, Remove: append(was, deletes...)}, covers)
	w.check(d.Close())
}

// weigh is what the tables of the dashboard take, by file.
func (w *world) weigh() map[string]int64 {
	w.Helper()
	bytes := map[string]int64{}
	for _, table := range catalog.Compared {
		s := w.head(table)
		files, err := s.Files(w.Context())
		w.check(err)
		deletes, err := s.DeleteFiles(w.Context())
		w.check(err)
		for _, f := range append(files, deletes...) {
			bytes[f.FilePath()] = f.FileSizeBytes()
		}
	}
	return bytes
}

func TestALateRowAndAnErasureWriteNoMoreThanThreeTimesTheDaysTheyTouch(t *testing.T) {
	laketest.Long(t, "a history of days, TestAnyHistoryEndsExactAfterTheTrueUp is the short one")
	w := newWorld(t)
	const days = 3
	w.generate(days*4_000, fmt.Sprintf("TIMESTAMPTZ '2026-03-01 10:00:00' + INTERVAL 1 DAY * (i %% %d)", days), "'t' || (i % 2500)", "'A-' || (i % 500)", "'user' || (i // 300)")
	w.countAll()
	w.rollup(trueUp)
	whole := int64(0)
	for _, bytes := range w.weigh() {
		whole += bytes
	}
	w.unchanged(plain)
	costs := func(what string, days, of int64) {
		before := w.weigh()
		if r := w.rollup(plain); r.SnapshotID == 0 {
			t.Fatalf("%s changed nothing", what)
		}
		written := int64(0)
		for path, bytes := range w.weigh() {
			if _, was := before[path]; !was {
				written += bytes
			}
		}
		if most := 3 * whole * days / of; written > most {
			t.Errorf("%s: %d bytes written, the %d days that it touches have %d", what, written, days, most/3)
		}
	}
	w.archive(heard("late", "user7", "t7", at(1, 10)).late(at(5, 10)))
	costs("a late row", 1, days)
	w.countAll()
	costs("a late row that is counted", 1, days)
	w.eraseRows(catalog.Listens, "user7")
	w.eraseRows(catalog.ListensCounted, "user7")
	w.logged("rows_deleted", "2026-03-01,2026-03-02,2026-03-03")
	w.countAll()
	costs("an erasure", 3, days)
	w.unchanged(plain)
}

// groupsOf counts the row groups of a table, and those that may have rows of an artist.
func (w *world) groupsOf(table, artist string) (all, mine int) {
	w.Helper()
	files, err := w.head(table).Files(w.Context())
	w.check(err)
	var paths []string
	for _, f := range files {
		path, err := lake.LocalPath(f.FilePath())
		w.check(err)
		paths = append(paths, "'"+path+"'")
	}
	d := w.Reading(w.T, "unused", catalog.Listens)
	w.check(d.OneText(context.Background(), `SELECT count(*), count(*) FILTER (? BETWEEN stats_min_value AND stats_max_value)
		FROM parquet_metadata([`+strings.Join(paths, ",")+`]) WHERE path_in_schema = 'artist_id'`, []any{artist}, []any{&all, &mine}))
	return all, mine
}

func TestOneArtistOverAllTimeReadsFewRowGroups(t *testing.T) {
	laketest.Long(t, "a table of many files")
	w := newWorld(t)
	const months = 3
	for range 2 { // deltas too
		w.generate(months*45_000, fmt.Sprintf("TIMESTAMPTZ '2026-01-10 10:00:00' + INTERVAL 1 MONTH * (i %% %d)", months), "'t' || (i // 3)", "'A-' || ((i // 3) % 1000)", "'user' || (i % 7)")
		w.rollup(plain)
	}
	for _, table := range []string{catalog.PlaysByDay, catalog.AudienceByDay, catalog.ListenersByDay, catalog.PlaysByHour} {
		all, mine := w.groupsOf(table, "A-500")
		files, err := w.head(table).Files(w.Context())
		w.check(err)
		if table != catalog.AudienceByDay && all < 3*len(files) { // the only table without tracks
			t.Errorf("%s has %d row groups in %d files", table, all, len(files))
		}
		if mine > 2*len(files) {
			t.Errorf("%s: one artist is in %d of %d row groups, in %d files", table, mine, all, len(files))
		}
	}
	for _, table := range []string{catalog.PlaysByDay, catalog.ListenersByDay} {
		for part, n := range w.filesByPartition(table) {
			if n > 1 && part != int(lake.MonthOf(at(1, 0))) {
				t.Errorf("%s has %d files in month %v, which ended", table, n, part)
			}
		}
	}
}
