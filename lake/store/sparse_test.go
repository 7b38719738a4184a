package store_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
)

// large is one file of a table in a bucket, as a machine without copies finds it.
type large struct {
	*laketest.Lake
	bucket *laketest.Bucket
	file   lake.File
	stored []byte
	path   string // of the copy
}

const playsRows = 60_000

func aLargeFile(t *testing.T) large {
	t.Helper()
	b := laketest.NewBucket(t)
	writer := b.Lake(t, 1<<16)
	d := writer.DB(t)
	err := d.ExecText(t.Context(), `CREATE TABLE p AS SELECT TIMESTAMPTZ '2026-03-01 10:00:00+00' AS hour, md5(x::VARCHAR) AS artist_id, sha256(x::VARCHAR) AS track_id,
		'DE' AS country, 'phone' AS device, x AS plays, (hash(x) % 1000000)::BIGINT AS ms_played, NULL::BLOB AS listeners FROM range(?) a(x)`, playsRows)
	if err != nil {
		t.Fatal(err)
	}
	tbl, err := writer.Table(t.Context(), catalog.PlaysByHour)
	if err != nil {
		t.Fatal(err)
	}
	files, err := d.Write(t.Context(), tbl, "test", "p")
	if err != nil || len(files) != 1 {
		t.Fatal(len(files), err)
	}
	if _, err := writer.Commit(t.Context(), catalog.PlaysByHour, lake.Commit{Job: "test", Add: files, Stage: func(lake.Snapshot) (map[string]string, error) { return nil, nil }}); err != nil {
		t.Fatal(err)
	}
	if err := writer.Catalog.Close(); err != nil {
		t.Fatal(err)
	}
	l := large{Lake: writer.WithoutCopies(t), bucket: b}
	found, err := l.Snapshot(t, catalog.PlaysByHour).Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	l.file = found[0]
	l.stored = b.Objects[strings.TrimPrefix(l.file.FilePath(), "s3://bucket/")]
	if l.path, err = lake.LocalPath(l.file.FilePath()); err != nil || len(l.stored) < 1<<20 {
		t.Fatal(len(l.stored), err)
	}
	return l
}

// sent are the bytes that the bucket sends while something is done.
func (l large) sent(t *testing.T, do func() error) int64 {
	t.Helper()
	_, before := l.served()
	if err := do(); err != nil {
		t.Fatal(err)
	}
	_, after := l.served()
	return after - before
}

// served is what the bucket has sent so far. An answer counts when it has ended for the bucket too.
func (l large) served() (objects int, bytes int64) {
	l.bucket.Lock()
	defer l.bucket.Unlock()
	return l.bucket.Gets, l.bucket.Sent
}

func (l large) fetch(t *testing.T, columns ...string) error {
	t.Helper()
	fields := l.Snapshot(t, catalog.PlaysByHour).Schema().Fields()
	wanted := fields[:0:0]
	for _, f := range fields {
		if slices.Contains(columns, f.Name) {
			wanted = append(wanted, f)
		}
	}
	return lake.FetchColumns(t.Context(), []lake.File{l.file}, wanted)
}

func (l large) whole(t *testing.T) bool {
	t.Helper()
	text, err := os.ReadFile(l.path)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Equal(text, l.stored)
}

func TestOfALargeFileTheColumnsAreFetchedThatAreReadAndItGrows(t *testing.T) {
	l := aLargeFile(t)
	d := l.DB(t)
	s := l.Snapshot(t, catalog.PlaysByHour)
	size := int64(len(l.stored))
	few := l.sent(t, func() error { return d.Bind(t.Context(), "narrow", s, "ms_played") })
	if few > size/4 || l.whole(t) {
		t.Errorf("%d of %d bytes were fetched", few, size)
	}
	again := l.sent(t, func() error { return d.Bind(t.Context(), "again", s, "ms_played", "hour") })
	if again > size/20 {
		t.Errorf("what was there is fetched again: %d bytes", again)
	}
	more := l.sent(t, func() error { return d.Bind(t.Context(), "wide", s, "artist_id") })
	var rows, ids int64
	for _, view := range []string{"narrow", "again"} {
		if err := d.OneText(t.Context(), "SELECT count(*) FROM "+view+" WHERE ms_played >= 0", nil, []any{&rows}); err != nil || rows != playsRows {
			t.Errorf("%s has %d rows, %v", view, rows, err)
		}
	}
	if err := d.OneText(t.Context(), "SELECT count(*) FROM (SELECT artist_id FROM wide INTERSECT SELECT md5(x::VARCHAR) FROM range(?) a(x))", []any{playsRows}, []any{&ids}); err != nil || ids != playsRows {
		t.Errorf("%d ids, %v", ids, err)
	}
	rest := l.sent(t, func() error { return lake.Fetch(t.Context(), l.file.FilePath()) })
	if !l.whole(t) || few+again+more+rest > size+1<<16 { // and the end, which came first
		t.Errorf("of %d bytes %d, %d, %d and %d were fetched", size, few, again, more, rest)
	}
	if n := l.sent(t, func() error { return lake.Fetch(t.Context(), l.file.FilePath()) }); n != 0 {
		t.Errorf("a whole copy is fetched again: %d bytes", n)
	}
}

// The views that jobs read have no column that was not asked for. This is what stands behind that.
func TestAColumnThatWasNotFetchedIsAnErrorAndNoValue(t *testing.T) {
	l := aLargeFile(t)
	d := l.DB(t)
	if err := l.fetch(t); err != nil {
		t.Fatal(err)
	}
	var rows int64
	read := func(what string) error {
		return d.OneText(t.Context(), "SELECT count("+what+") FROM read_parquet(?)", []any{l.path}, []any{&rows})
	}
	if err := read("*"); err != nil || rows != playsRows {
		t.Errorf("%d rows by the footer, %v", rows, err)
	}
	// Not so listeners: the footer says that all are NULL, and nobody reads on.
	for _, column := range []string{"hour", "artist_id", "track_id", "country", "device", "plays", "ms_played"} {
		if err := read("hash(" + column + ")"); err == nil {
			t.Errorf("column %s is read from a hole: %d", column, rows)
		}
	}
	if err := l.fetch(t, "country"); err != nil {
		t.Fatal(err)
	}
	if err := read("hash(country)"); err != nil || rows != playsRows {
		t.Errorf("%d countries, %v", rows, err)
	}
	if err := read("hash(device)"); err == nil {
		t.Error("a column is read that was not fetched")
	}
}

// What is sealed lies in the file, so no record of what was fetched can be wrong about it.
func TestOnlyBytesThatWereSealedAreTakenIntoASparseCopy(t *testing.T) {
	l := aLargeFile(t)
	for at := range 10 { // in the longest column
		l.stored[len(l.stored)/3+at] ^= 1
	}
	if err := l.fetch(t, "ms_played"); err != nil {
		t.Fatal(err)
	}
	d := l.DB(t)
	err := d.Bind(t.Context(), "damaged", l.Snapshot(t, catalog.PlaysByHour), "track_id", "artist_id")
	if err == nil || !strings.Contains(err.Error(), lake.ErrDamaged.Error()) {
		t.Errorf("damaged bytes are bound: %v", err)
	}
}

func TestManyWhoReadOneFileLoseNoColumnOfEachOther(t *testing.T) {
	l := aLargeFile(t)
	columns := []string{"hour", "artist_id", "country", "device", "plays", "ms_played"}
	var many errgroup.Group
	for i := range 4 * len(columns) {
		many.Go(func() error {
			column := columns[i%len(columns)]
			if err := l.fetch(t, column); err != nil {
				return err
			}
			var rows int64
			d := l.DB(t)
			if err := d.OneText(t.Context(), "SELECT count(hash("+column+")) FROM read_parquet(?)", []any{l.path}, []any{&rows}); err != nil || rows != playsRows {
				return fmt.Errorf("%s: %d rows, %w", column, rows, err)
			}
			return nil
		})
	}
	if err := many.Wait(); err != nil {
		t.Error(err)
	}
	if _, sent := l.served(); sent > int64(len(l.stored))+1<<20 {
		t.Errorf("%d bytes were fetched of %d", sent, len(l.stored))
	}
}

// Who has a file open when it grows, or becomes whole, reads on.
func TestAReaderOfASparseCopyIsNotDisturbedByItsGrowth(t *testing.T) {
	l := aLargeFile(t)
	if err := l.fetch(t, "plays"); err != nil {
		t.Fatal(err)
	}
	before, err := os.Open(l.path)
	if err != nil {
		t.Fatal(err)
	}
	defer before.Close() //nolint:errcheck // read only
	text, err := io.ReadAll(before)
	if err != nil {
		t.Fatal(err)
	}
	if f, err := lake.Open(t.Context(), l.file.FilePath()); err != nil || !l.whole(t) {
		t.Fatal(err)
	} else if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	after := make([]byte, len(text))
	if _, err := before.ReadAt(after, 0); err != nil || !bytes.Equal(text, after) {
		t.Errorf("the file that is open changed: %v", err)
	}
}

func TestASparseCopyCountsForWhatItTakesOnDisk(t *testing.T) {
	l := aLargeFile(t)
	if err := l.fetch(t, "ms_played"); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-2 * time.Hour)
	left := func(limit int64) bool {
		t.Helper()
		if err := os.Chtimes(l.path, old, old); err != nil {
			t.Fatal(err)
		}
		o := l.Options.S3
		sweepOf(t, o.Copies, l.bucket.URL, limit)
		_, err := os.Stat(l.path)
		return err == nil
	}
	if !left(int64(len(l.stored)) / 2) {
		t.Error("a copy goes that takes less than the limit")
	}
	if left(1000) {
		t.Error("a copy stays that takes more than the limit")
	}
}

// Some file systems have one mode for all files.
func TestACopyIsWholeWhereTheModeOfAllFilesSaysThatColumnsMayLack(t *testing.T) {
	l := aLargeFile(t)
	other := l.Snapshot(t, catalog.PlaysByHour).Table().MetadataURI()
	local, err := lake.LocalPath(other)
	if err != nil {
		t.Fatal(err)
	}
	for uri, path := range map[string]string{other: local, l.file.FilePath(): l.path} {
		if err := lake.Fetch(t.Context(), uri); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
		sent := l.sent(t, func() error {
			f, err := lake.Open(t.Context(), uri)
			if err != nil {
				return err
			}
			return f.Close()
		})
		if sent != 0 {
			t.Errorf("%s is fetched again: %d bytes", uri, sent)
		}
	}
}
