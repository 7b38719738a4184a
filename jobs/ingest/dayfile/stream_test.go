package dayfile_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/ingest/dayfile"
	"github.com/lakectl/lakectl/lake/listen"
)

// A row group is full of texts that are too large to be kept, and a track is numbered that no row has.
func TestStreamForgetsLargeTextsAndWritesThoseOfItsRowsAlone(t *testing.T) {
	l := laketest.New(t)
	tbl, err := l.Table(t.Context(), catalog.Listens)
	if err != nil {
		t.Fatal(err)
	}
	const rows = 250_000 + 2000
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	s, err := dayfile.NewStream(t.Context(), tbl, int(day/listen.MicrosPerDay), "test")
	if err != nil {
		t.Fatal(err)
	}
	word := func(column int, text string) uint32 { return s.Word(column, text, dayfile.Hash(text)) }
	epochs, tracks := map[int]int{}, make([]string, rows)
	for i := range rows {
		if err := s.Room(); err != nil {
			t.Fatal(err)
		}
		epochs[s.Epoch()]++
		word(dayfile.TrackID, fmt.Sprint("erased-", i/1000))
		tracks[i] = fmt.Sprint("track-", i/7%500)
		r := dayfile.Packed{ListenID: fmt.Sprint("listen-", i), UserID: fmt.Sprintf("user-%06d", i/3), Event: day + int64(i)}
		for column, text := range map[int]string{
			dayfile.TrackID: tracks[i], dayfile.ArtistID: "artist", dayfile.Device: "phone", dayfile.Country: "DE", dayfile.Tier: "free", dayfile.SourceTopic: "topic",
		} {
			r.Words[column] = word(column, text)
		}
		if i%1000 == 1 {
			r.Words[dayfile.Extra] = word(dayfile.Extra, fmt.Sprint(i, strings.Repeat("-", 300_000)))
		}
		s.Append(&r)
	}
	made, err := s.Close()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[int]int{1: 250_000, 2: 2000}, epochs); diff != "" {
		t.Errorf("rows by epoch (-want +got)\n%s", diff)
	}
	f := laketest.Parquet(t, made)
	if diff := cmp.Diff(any(tracks), columnOf(t, tableOf(t, f), "track_id")); diff != "" {
		t.Errorf("tracks (-want +got)\n%.2000s", diff)
	}
	for group := range f.NumRowGroups() {
		pages, err := f.RowGroup(group).GetColumnPageReader(f.MetaData().Schema.ColumnIndexByName("track_id"))
		if err != nil {
			t.Fatal(err)
		}
		pages.Next()
		words, is := pages.Page().(*file.DictionaryPage)
		if !is || strings.Contains(string(words.Data()), "erased") || words.NumValues() > 500 {
			t.Errorf("the first page of row group %d has texts of no row: %T", group, pages.Page())
		}
	}
}
