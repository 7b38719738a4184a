package erase

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/erase/book"
	"github.com/lakectl/lakectl/lake"
)

func (f *fixture) foresee(id string) Forecast {
	f.t.Helper()
	forecast, err := Foresee(context.Background(), f.job(f.Lake), id)
	if err != nil {
		f.t.Fatal(err)
	}
	return forecast
}

// manyDays has listens of five people on each of some days, in commits of ten days, all in the ledger, and a request of
// user-1 for all of them.
func manyDays(t testing.TB, first string, days int, apart time.Duration) *fixture {
	f := newFixture(t)
	var all, batch []copyOf
	for day := range days {
		for user := range 5 {
			c := play(10*day+user, fmt.Sprint("l", day, "-", user), fmt.Sprint("user-", user), first)
			c.event = c.event.Add(time.Duration(day) * apart)
			c.received = c.event
			batch = append(batch, c)
		}
		if day%10 == 9 || day == days-1 {
			f.ingest(-1, batch...)
			all, batch = append(all, batch...), nil
		}
	}
	f.royalties(all, nil)
	f.request(ask{n: 1, id: "r1", user: "user-1", received: "2026-03-31 00:00:00"})
	return f
}

// held is what the record of files says of the bytes of all files that lost rows, and how many there are of a table.
func (f *fixture) held() (files map[string]int64, total int64) {
	f.t.Helper()
	noted, err := book.ReadFiles(context.Background(), f.job(f.Lake))
	if err != nil {
		f.t.Fatal(err)
	}
	files = map[string]int64{}
	for _, n := range noted {
		path, err := lake.LocalPath(n.URI)
		if err != nil {
			f.t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			f.t.Fatal(err)
		}
		files[n.Table]++
		total += info.Size()
	}
	return files, total
}

func TestWhatIsDoneIsWhatWasForeseen(t *testing.T) {
	laketest.Costly(t)
	for name, f := range map[string]*fixture{
		"25 days":   manyDays(t, "2026-03-01 10:00:00", 25, 24*time.Hour),
		"ten years": manyDays(t, "2016-04-02 10:00:00", 40, 91*24*time.Hour),
	} {
		t.Run(name, func(t *testing.T) {
			f.t = t
			want := f.foresee("")
			equal(t, "for the request alone", f.foresee("r1"), want)
			got := f.delete()
			equal(t, "rows", got.Rows, want.Rows)
			equal(t, "days", got.Days, want.Days)
			equal(t, "periods", got.Periods, want.Periods)
			files, size := f.held()
			foreseen := map[string]int64{}
			for _, table := range want.Tables {
				foreseen[table.Name] = table.Files
				if table.RowGroups < table.Files || table.Rows < table.RowGroups || table.RowBytes <= 0 || table.Amplification < 1 {
					t.Errorf("%+v", table)
				}
			}
			equal(t, "files", foreseen, files)
			equal(t, "bytes", want.Bytes, size)
			if want.Rows.Listens == 0 || want.Amplification < 2 || want.Amplification > 20 { // one row of five or more goes
				t.Errorf("foreseen %+v", want)
			}
			equal(t, "left to do", f.foresee("").Requests, []Foreseen(nil))
			equal(t, "left to do for the request", f.foresee("r1"), Forecast{Requests: []Foreseen{
				{RequestID: "r1", Position: Position{"listens", 0, 1}, State: RowsDeleted},
			}})
		})
	}
}

// content is every file of the lake.
func (f *fixture) content() map[string][]byte {
	f.t.Helper()
	all := map[string][]byte{}
	root, err := lake.LocalPath(f.Snapshot(f.t, catalog.Listens).Table().Location())
	if err != nil {
		f.t.Fatal(err)
	}
	err = filepath.WalkDir(filepath.Dir(root), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		all[path], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return all
}

func TestForeseeingTouchesNothing(t *testing.T) {
	f := fourTables(t)
	before, heads := f.content(), f.heads()
	if forecast := f.foresee(""); forecast.Rows.Listens != 3 || len(forecast.Tables) != 4 {
		t.Errorf("%+v", forecast)
	}
	after := f.content()
	if len(before) == 0 || len(before) != len(after) {
		t.Fatalf("%d files before, %d after", len(before), len(after))
	}
	for path, content := range before {
		if !bytes.Equal(content, after[path]) {
			t.Errorf("changed: %s", path)
		}
	}
	equal(t, "heads", f.heads(), heads)
}

func TestForecastOfOneRequestIsItsOwn(t *testing.T) {
	f := fourTables(t)
	f.request(
		ask{n: 2, id: "r2", user: "user-1", received: "2026-03-20 00:00:00", to: "2026-03-02 00:00:00"},
		ask{n: 3, id: "nobody", user: "user-9", received: "2026-03-20 00:00:00"},
	)
	r2 := f.foresee("r2")
	equal(t, "rows that another request covers too", r2.Rows, Counts{Listens: 1, Counted: 1})
	equal(t, "days", r2.Days, []string{"2026-03-01"})
	nobody := f.foresee("nobody")
	equal(t, "an unknown user", nobody, Forecast{Requests: []Foreseen{{RequestID: "nobody", Position: Position{"listens", 0, 3}, State: Requested}}})
	if _, err := Foresee(t.Context(), f.job(f.Lake), "r9"); !errors.Is(err, lake.ErrNotFound) {
		t.Errorf("of an unknown request: %v", err)
	}
}
