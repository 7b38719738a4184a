package rollup_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"testing"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
)

// estimate counts the listeners of a sketch as the package comment says.
func estimate(sketch []byte, k int) float64 {
	n := len(sketch) / 8
	if n < k {
		return float64(n)
	}
	largest := binary.BigEndian.Uint64(sketch[(k-1)*8:])
	return float64(k-1) / (float64(largest) / math.Pow(2, 64))
}

// listened archives one listen of each of so many users, from one on, on a day of March.
func (w *world) listened(day, from, users int) {
	w.Helper()
	d := w.DB(w.T)
	w.check(d.ExecText(w.Context(), fmt.Sprintf(`CREATE TABLE l AS SELECT 'l' || i AS listen_id, 'user' || i AS user_id, 't1' AS track_id, 'A-1' AS artist_id, 'phone' AS device,
		TIMESTAMPTZ '2026-03-%02d 10:00:00' AS event_time, 1000 AS ms_played, 2000 AS track_ms, 'DE' AS country, 'free' AS tier, NULL::VARCHAR AS client, NULL::BOOLEAN AS offline,
		TIMESTAMPTZ '2026-03-%02d 10:01:00' AS received_time, NULL::VARCHAR AS extra, 'listens' AS source_topic, %d AS source_partition, i AS source_offset FROM range(%d, %d) r(i)`,
		day, day, day, from, from+users)))
	files, err := d.Write(w.Context(), w.head(catalog.Listens).Table(), "ingest", "l")
	w.check(err)
	_, err = w.Commit(w.Context(), catalog.Listens, lake.Commit{Job: "ingest", Add: files, Stage: func(lake.Snapshot) (map[string]string, error) { return nil, nil }})
	w.check(err)
}

// united are the listeners of an artist over all days and rows, in one sketch.
func (w *world) united(artist string) (sketch []byte) {
	w.Helper()
	d := w.DB(w.T)
	w.check(d.Bind(w.Context(), "s", w.head(catalog.ListenersByDay)))
	text := `SELECT unhex(array_to_string(list(h ORDER BY h), '')) FROM (SELECT DISTINCT h FROM (
		SELECT unnest(regexp_extract_all(hex(listeners), '.{16}')) AS h FROM s WHERE artist_id = ? AND track_id = '') ORDER BY h LIMIT ?)`
	w.check(d.OneText(w.Context(), text, []any{artist, catalog.SketchSize(catalog.ListenersByDay)}, []any{&sketch}))
	return sketch
}

func TestListenersAreExactWhereTheyAreFewAndUniteOverDays(t *testing.T) {
	w := newWorld(t)
	w.listened(1, 0, 999)
	w.rollup(plain)
	if n := estimate(w.united("A-1"), catalog.SketchSize(catalog.ListenersByDay)); n != 999 {
		t.Errorf("%v listeners of 999", n)
	}
	w.listened(2, 500, 600)
	w.listened(2, 700, 700)
	w.rollup(plain)
	if n := estimate(w.united("A-1"), catalog.SketchSize(catalog.ListenersByDay)); n != 1400 {
		t.Errorf("%v listeners of 1400", n)
	}
}

func TestAMillionListenersAreWithinOnePercent(t *testing.T) {
	laketest.Long(t, "a million listens are written and summed")
	w := newWorld(t)
	w.listened(1, 0, 600_000)
	w.rollup(plain)
	w.listened(2, 400_000, 600_000)
	w.rollup(plain)
	n := estimate(w.united("A-1"), catalog.SketchSize(catalog.ListenersByDay))
	if off := math.Abs(n-1e6) / 1e6; off > 0.01 {
		t.Errorf("%.0f listeners of a million: %.2f %% off", n, 100*off)
	}
}

func TestADeletionMovesEveryFigureItTouches(t *testing.T) {
	w := newWorld(t)
	w.archive(heard("l1", "u1", "t1", at(1, 9)), heard("l2", "u2", "t1", at(1, 9)), heard("l3", "u2", "t2", at(3, 9)), heard("l4", "u3", "t2", at(4, 9)))
	w.royalties()
	w.rollup(plain)
	w.erase("u2")
	w.royalties()
	r := w.rollup(plain)
	w.equal(r.DaysRewritten, []string{"2026-03-01", "2026-03-03"})
	w.mustShow(recount(w.copies))
	w.equal(r.DaysMarked, []string{})
	w.unchanged(plain)
}
