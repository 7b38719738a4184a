package ingest_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"
	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/ingest"
	"github.com/lakectl/lakectl/lake"
)

const (
	fullListen = `{"type":"listen","listen_id":"l1","user_id":"u2","track_id":"t","artist_id":"A","device":"tv","event_time":"2026-03-01T10:00:00.123456789+02:00",` +
		`"ms_played":86400000,"track_ms":200000,"country":"de","tier":"premium","client":"app 1.2","offline":true,"received_time":"2026-03-01T08:00:01Z","mood":"calm","n":1.50}`
	bareListen = `{"type":"listen","listen_id":"l2","user_id":"u1","track_id":"t","artist_id":"Ä","device":"phone","event_time":"2026-03-01T00:00:00Z",` +
		`"ms_played":0,"offline":false,"received_time":"2026-03-02T00:00:00Z"}`
)

// wantListens are the rows of these two, by listen_id, as "column=value", absent columns left out.
var wantListens = map[string]string{
	"l1": "artist_id=A client=app 1.2 country=DE device=tv event_time=2026-03-01 08:00:00.123456 extra={\"mood\":\"calm\",\"n\":1.50} listen_id=l1 ms_played=86400000 " +
		"offline=true received_time=2026-03-01 08:00:01 source_offset=1 source_partition=0 source_topic=s tier=premium track_id=t track_ms=200000 user_id=u2",
	"l2": "artist_id=Ä country=ZZ device=phone event_time=2026-03-01 00:00:00 listen_id=l2 ms_played=0 " +
		"offline=false received_time=2026-03-02 00:00:00 source_offset=2 source_partition=0 source_topic=s tier=unknown track_id=t user_id=u1",
}

func describe(row map[string]string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(row)) {
		parts = append(parts, name+"="+row[name])
	}
	return strings.Join(parts, " ")
}

func TestEveryColumnIsReadBackByDuckDB(t *testing.T) {
	w := newWorld(t)
	w.mustFiles(ingest.Options{Source: "s"}, w.write("a.jsonl", []byte(fullListen+"\n"+bareListen)))
	if diff := cmp.Diff(wantListens, w.readBack()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// readBack gives the rows of wantListens as a job reads them.
func (w *world) readBack() map[string]string {
	t := w.t
	t.Helper()
	d := w.lake.DB(t)
	s := w.lake.Snapshot(t, catalog.Listens)
	if err := d.Bind(t.Context(), "l", s); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for id := range wantListens {
		row := map[string]string{}
		for _, c := range s.Table().Columns() {
			var value *string
			query := fmt.Sprintf("SELECT replace(CAST(%s AS VARCHAR), '+00', '') FROM l WHERE listen_id = $1", c.Name)
			if err := d.OneText(t.Context(), query, []any{id}, []any{&value}); err != nil {
				t.Fatal(err)
			}
			if value != nil {
				row[c.Name] = *value
			}
		}
		got[id] = describe(row)
	}
	return got
}

// Another engine may rename, move, widen and add columns between two batches.
func TestListensAreWrittenByFieldID(t *testing.T) {
	type update = icetable.UpdateSchema
	wide := icetable.ColumnUpdate{FieldType: iceberg.Optional[iceberg.Type]{Val: iceberg.PrimitiveTypes.Int64, Valid: true}}
	optional := icetable.ColumnUpdate{Required: iceberg.Optional[bool]{Val: false, Valid: true}}
	for name, change := range map[string]func(*update){
		"int to long": func(u *update) {
			u.UpdateColumn([]string{"ms_played"}, wide).UpdateColumn([]string{"track_ms"}, wide).UpdateColumn([]string{"source_partition"}, wide)
		},
		"renamed": func(u *update) {
			u.RenameColumn([]string{"listen_id"}, "id").RenameColumn([]string{"client"}, "app").RenameColumn([]string{"event_time"}, "at")
		},
		"moved": func(u *update) {
			u.MoveFirst([]string{"extra"}).MoveAfter([]string{"user_id"}, []string{"source_offset"})
		},
		"made optional": func(u *update) {
			u.UpdateColumn([]string{"device"}, optional).UpdateColumn([]string{"ms_played"}, optional).UpdateColumn([]string{"event_time"}, optional)
		},
		"a list in front": func(u *update) {
			u.AddColumn([]string{"tags"}, &iceberg.ListType{ElementID: 99, Element: iceberg.PrimitiveTypes.String}, "", false, nil).MoveFirst([]string{"tags"})
		},
		"a decimal": func(u *update) { u.AddColumn([]string{"fee"}, iceberg.DecimalTypeOf(10, 2), "", false, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.lake.Alter(t, catalog.Listens, func(tx *icetable.Transaction) error {
				u := tx.UpdateSchema(true, true)
				change(u)
				return u.Commit()
			})
			w.mustFiles(ingest.Options{Source: "s"}, w.write("a.jsonl", []byte(fullListen+"\n"+bareListen)))
			if diff := cmp.Diff(wantListens, w.readBack()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestEveryColumnIsReadBackByIceberg(t *testing.T) {
	w := newWorld(t)
	w.mustFiles(ingest.Options{Source: "s"}, w.write("a.jsonl", []byte(fullListen+"\n"+bareListen)))
	tbl, err := w.lake.Catalog.Ice.LoadTable(t.Context(), icetable.Identifier{catalog.Namespace, catalog.Listens})
	if err != nil {
		t.Fatal(err)
	}
	_, batches, err := tbl.Scan().ToArrowRecords(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for batch, err := range batches {
		if err != nil {
			t.Fatal(err)
		}
		for i := range int(batch.NumRows()) {
			row := map[string]string{}
			for c := range int(batch.NumCols()) {
				if column := batch.Column(c); column.IsValid(i) {
					text := column.ValueStr(i)
					if ts, ok := column.(*array.Timestamp); ok {
						text = strings.TrimSuffix(time.UnixMicro(int64(ts.Value(i))).UTC().Format("2006-01-02 15:04:05.000000"), ".000000")
					}
					row[batch.ColumnName(c)] = text
				}
			}
			got[row["listen_id"]] = describe(row)
		}
		batch.Release()
	}
	if diff := cmp.Diff(wantListens, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestBatchOfManyDaysMakesOneFileADay(t *testing.T) {
	w := newWorld(t)
	var list []sample
	const days = 400
	for i := range 3 * days {
		at := time.Date(2025, 1, 1+i%days, 12, 0, 0, 0, time.UTC)
		id := fmt.Sprint("l", i)
		list = append(list, sample{"u", listenJSON(id, fmt.Sprint("u", i%50), at, at), "listens " + id})
	}
	w.mustFiles(ingest.Options{Source: "s"}, w.file("a.jsonl", "s", list))
	w.check()
	files, err := w.lake.Snapshot(t, catalog.Listens).Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := map[any]int64{}
	for _, f := range files {
		got[lake.PartitionValue(f)] += f.Count()
		if lower, bounded := f.LowerBoundValues()[1]; bounded {
			t.Fatalf("the manifest has a bound of listen_id: %q", lower)
		}
	}
	if len(files) != days || len(got) != days {
		t.Fatalf("%d files of %d days, want %d", len(files), len(got), days)
	}
	first := lake.Day(time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC))
	for day := first; day < first+days; day++ {
		if got[day] != 3 {
			t.Errorf("day %d has %d rows", day, got[day])
		}
	}
}

func TestRowsOfAFileAreSortedByUserAndTime(t *testing.T) {
	w := newWorld(t)
	var list []sample
	for i := range 500 {
		id := fmt.Sprint("l", i)
		user := []string{"anna", "ann", "annabelle-the-second", "annabelle-the-first", "bo", "ä"}[i%6]
		at := time.Date(2026, 3, 1, 0, (i*37)%600, 0, 0, time.UTC)
		list = append(list, sample{user, listenJSON(id, user, at, at), "listens " + id})
	}
	w.mustFiles(ingest.Options{Source: "s"}, w.file("a.jsonl", "s", list))
	w.check()
	d := w.lake.DB(t)
	s := w.lake.Snapshot(t, catalog.Listens)
	if err := d.Bind(t.Context(), "l", s); err != nil {
		t.Fatal(err)
	}
	files, err := s.Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if order := f.SortOrderID(); order == nil || *order != 1 {
			t.Errorf("the manifest says sort order %v", order)
		}
	}
	var misplaced int64
	if err := d.OneText(t.Context(), `SELECT count(*) FROM (
		SELECT _pos, row_number() OVER (ORDER BY user_id, event_time, source_offset) - 1 AS n FROM l) WHERE _pos <> n`, nil, []any{&misplaced}); err != nil || misplaced != 0 {
		t.Errorf("%d rows out of order, %v", misplaced, err)
	}
}

// These settings take less than half the CPU of the library's defaults.
func TestParquetSettings(t *testing.T) {
	w := newWorld(t)
	w.mustFiles(ingest.Options{Source: "s"}, w.file("a.jsonl", "s", w.samples(500)))
	s := w.lake.Snapshot(t, catalog.Listens)
	files, err := s.Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r := laketest.Parquet(t, files[0])
	group := r.MetaData().RowGroup(0)
	for i, f := range s.Schema().Fields() {
		column, err := group.ColumnChunk(i)
		if err != nil {
			t.Fatal(err)
		}
		if id := r.MetaData().Schema.Column(i).SchemaNode().FieldID(); int(id) != f.ID {
			t.Errorf("%s has field id %d, want %d", f.Name, id, f.ID)
		}
		if column.Compression() != compress.Codecs.Zstd {
			t.Errorf("%s is compressed with %s", f.Name, column.Compression())
		}
		stats, err := column.StatsSet()
		if err != nil || stats == (f.Name == "listen_id") {
			t.Errorf("%s: statistics %v, %v", f.Name, stats, err)
		}
		plain := slices.Contains([]string{"offline", "listen_id", "event_time", "received_time", "ms_played", "track_ms", "source_partition", "source_offset"}, f.Name)
		if column.HasDictionaryPage() == plain {
			t.Errorf("%s: dictionary %v", f.Name, column.HasDictionaryPage())
		}
		if delta := slices.Contains(column.Encodings(), parquet.Encodings.DeltaBinaryPacked); delta != slices.Contains([]string{"event_time", "received_time", "source_offset"}, f.Name) {
			t.Errorf("%s: encodings %v", f.Name, column.Encodings())
		}
	}
}
