package dayfile_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/ingest/dayfile"
	"github.com/lakectl/lakectl/lake/listen"
)

// Differences of all widths, runs of all lengths across the ends of pages, and a dictionary of one value or of many.
func TestEncodingsHoldAnyValues(t *testing.T) {
	l := laketest.New(t)
	tbl, err := l.Table(t.Context(), catalog.Listens)
	if err != nil {
		t.Fatal(err)
	}
	for _, rows := range []int{1, 2, 7, 8, 9, 129, 1000, 70_000} {
		r := rand.New(rand.NewPCG(3, uint64(rows)))
		batch := &dayfile.Rows{}
		at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
		offsets, clients, tracks := make([]int64, rows), make([]string, rows), make([]string, rows)
		for i := range rows {
			offsets[i] = int64(r.Uint64()) >> r.IntN(64)
			if r.IntN(50) == 0 {
				offsets[i] = []int64{math.MinInt64, math.MaxInt64}[r.IntN(2)]
			}
			clients[i], tracks[i] = "app", fmt.Sprint("track-", r.IntN(300))
			if i > 0 && r.IntN(9) > 0 {
				clients[i], tracks[i] = clients[i-1], tracks[i-1]
			} else if r.IntN(2) == 0 {
				clients[i] = ""
			}
			*batch.Add() = dayfile.Row{Listen: listen.Listen{
				ListenID: fmt.Sprint("listen-", i), UserID: "user", TrackID: tracks[i], ArtistID: "artist", Device: "phone",
				EventTime: at + int64(i), ReceivedTime: at, Country: "DE", Tier: "free", Client: clients[i],
			}, Offset: offsets[i]}
		}
		files, err := dayfile.Write(t.Context(), tbl, batch, "topic", "test")
		if err != nil {
			t.Fatal(err)
		}
		table := tableOf(t, laketest.Parquet(t, files[0]))
		for name, want := range map[string]any{"source_offset": offsets, "client": clients, "track_id": tracks} {
			if diff := cmp.Diff(want, columnOf(t, table, name)); diff != "" {
				t.Errorf("%s of %d rows (-want +got)\n%.2000s", name, rows, diff)
			}
		}
	}
}

// columnOf is a column as a slice, with "" where there is no text.
func columnOf(t *testing.T, table arrow.Table, name string) any {
	t.Helper()
	var numbers []int64
	var texts []string
	for _, chunk := range table.Column(table.Schema().FieldIndices(name)[0]).Data().Chunks() {
		switch list := chunk.(type) {
		case *array.Int64:
			numbers = append(numbers, list.Int64Values()...)
		case *array.String:
			for i := range list.Len() {
				texts = append(texts, list.Value(i))
			}
		default:
			t.Fatalf("%s is %T", name, list)
		}
	}
	if texts != nil {
		return texts
	}
	return numbers
}
