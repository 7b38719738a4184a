package ingest_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/ingest"
	"github.com/lakectl/lakectl/lake"
)

func gzipped(t *testing.T, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write(content)
	if err := errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zstandard(t *testing.T, content []byte) []byte {
	t.Helper()
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return z.EncodeAll(content, nil)
}

func content(list []sample) []byte {
	var b bytes.Buffer
	for _, s := range list {
		b.WriteString(s.value + "\n")
	}
	return b.Bytes()
}

func TestSameFileTwiceChangesNothing(t *testing.T) {
	w := newWorld(t)
	list := w.samples(30)
	path := w.write("a.jsonl", content(list))
	first := w.mustFiles(ingest.Options{FlushRows: 20}, path)
	source := first.Files[0].Source
	if !strings.HasPrefix(source, "file:") || len(source) != len("file:")+32 {
		t.Fatalf("source %q", source)
	}
	for i, s := range list {
		w.expect(source, 0, int64(i+1), s.outcome)
	}
	w.check()
	want := []ingest.FileReport{{Path: path, Source: source, Records: 30}}
	if diff := cmp.Diff(want, first.Files); diff != "" {
		t.Error(diff)
	}
	before := w.snapshots()
	again := w.mustFiles(ingest.Options{}, path, w.write("renamed.json", content(list)))
	if again.Records != 0 || !again.Files[0].Already || !again.Files[1].Already {
		t.Errorf("%+v", again)
	}
	if diff := cmp.Diff(before, w.snapshots()); diff != "" {
		t.Errorf("tables changed\n%s", diff)
	}
}

func TestCompressedFilesAndStdinGiveTheSameRows(t *testing.T) {
	laketest.Costly(t)
	for name, pack := range map[string]func(*testing.T, []byte) []byte{
		"a.jsonl": func(_ *testing.T, b []byte) []byte { return b },
		"a.gz":    gzipped,
		"a.zst":   zstandard,
		"parts.gz": func(t *testing.T, b []byte) []byte {
			return append(gzipped(t, b[:len(b)/2]), gzipped(t, b[len(b)/2:])...)
		},
		"unnamed": zstandard,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			list := w.samples(25)
			packed := pack(t, content(list))
			w.file("ignored", "piped", list)
			_, err := ingest.Files(t.Context(), w.env(w.lake), []string{"-"}, iotest.HalfReader(bytes.NewReader(packed)), ingest.Options{Source: "piped", FlushRows: 10})
			if err != nil {
				t.Fatal(err)
			}
			w.check()
			w.mustFiles(ingest.Options{Source: "named"}, w.write(name, packed))
			for i, s := range list {
				// The requests of the first source cover the listens of the second just the same.
				w.expect("named", 0, int64(i+1), s.outcome)
			}
			w.check()
		})
	}
}

func TestDamagedFileIsNotIngestedAtAll(t *testing.T) {
	w := newWorld(t)
	whole := content(w.samples(500))
	for name, damaged := range map[string][]byte{
		"cut.gz":   gzipped(t, whole)[:800],
		"cut.zst":  zstandard(t, whole)[:800],
		"plain.gz": whole,
		"long":     append(append(append([]byte{}, whole...), bytes.Repeat([]byte("x"), 17<<20)...), '\n'),
	} {
		t.Run(name, func(t *testing.T) {
			path := w.write(name, damaged)
			_, err := w.files(w.lake, ingest.Options{FlushRows: 10}, path)
			if err == nil || !strings.Contains(err.Error(), path) || lake.Hint(err) == "" {
				t.Fatalf("got %v", err)
			}
			if name == "long" && !strings.Contains(err.Error(), "line 501 is longer than 16 MiB") {
				t.Errorf("got %v", err)
			}
			if len(w.found()) != 0 {
				t.Error("something of it was ingested")
			}
		})
	}
}

func TestBlankLinesAreSkippedButNumbered(t *testing.T) {
	w := newWorld(t)
	one := func(id string) string { return listenJSON(id, "u", day(1), day(1)) }
	path := w.write("a.jsonl", []byte("\n"+one("a")+"\r\n  \t\n{\n"+one("b")))
	w.want = map[string]string{"s/0/2": "listens a", "s/0/4": "quarantine malformed_json", "s/0/5": "listens b"}
	if got := w.mustFiles(ingest.Options{Source: "s"}, path); got.Records != 3 {
		t.Errorf("%d records", got.Records)
	}
	w.check()
	w.finished(map[string]int64{"s": 6})
}

// finished compares the table sources.
func (w *world) finished(want map[string]int64) {
	w.t.Helper()
	d := w.lake.DB(w.t)
	if err := d.Bind(w.t.Context(), "s", w.lake.Snapshot(w.t, catalog.Sources)); err != nil {
		w.t.Fatal(err)
	}
	got := map[string]int64{}
	var source string
	var next int64
	err := d.EachText(w.t.Context(), "SELECT source, next_line FROM s WHERE finished_at = TIMESTAMPTZ '2026-03-20 10:00:00Z'", nil, []any{&source, &next},
		func() error { got[source] = next; return nil })
	if err != nil {
		w.t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		w.t.Errorf("sources (-want +got)\n%s", diff)
	}
}

func TestEmptyFileCountsAsDone(t *testing.T) {
	w := newWorld(t)
	for _, text := range []string{"", "\n \n"} {
		path := w.write("a.jsonl", []byte(text))
		if got := w.mustFiles(ingest.Options{}, path); got.Files[0].Already || got.Snapshots != 0 {
			t.Errorf("%q: %+v", text, got)
		}
		if got := w.mustFiles(ingest.Options{}, path); !got.Files[0].Already {
			t.Errorf("%q: not done", text)
		}
	}
}

func TestReceivedTimeOfTheFileFillsInForRecordsWithout(t *testing.T) {
	w := newWorld(t)
	line := `{"type":"listen","listen_id":"a","user_id":"u","track_id":"t","artist_id":"A","device":"phone","event_time":"2026-03-01T10:00:00Z","ms_played":1}`
	path := w.write("a.jsonl", []byte(line))
	w.mustFiles(ingest.Options{Source: "without"}, path)
	at := day(2)
	w.mustFiles(ingest.Options{Source: "with", ReceivedTime: &at}, path)
	w.want = map[string]string{"without/0/1": "quarantine missing_field", "with/0/1": "listens a"}
	if diff := cmp.Diff(w.want, w.found()); diff != "" {
		t.Error(diff)
	}
	refused, err := ingest.Quarantined(t.Context(), w.env(w.lake), ingest.Filter{})
	if err != nil || len(refused) != 1 || !refused[0].ReceivedTime.Equal(day(20)) {
		t.Errorf("%+v, %v: want the time it was read", refused, err)
	}
}

func TestWrongUsageIsToldBeforeAnythingIsRead(t *testing.T) {
	w := newWorld(t)
	path := w.write("a.jsonl", content(w.samples(3)))
	for name, c := range map[string]struct {
		source string
		paths  []string
	}{
		"stdin without a name":    {"", []string{path, "-"}},
		"one name for two":        {"s", []string{path, path}},
		"name with control codes": {"a\x1b[2J", []string{path}},
		"name without end":        {strings.Repeat("a", 257), []string{path}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ingest.Files(t.Context(), w.env(w.lake), c.paths, iotest.ErrReader(io.ErrUnexpectedEOF), ingest.Options{Source: c.source})
			if !errors.Is(err, ingest.ErrUsage) || lake.Hint(err) == "" {
				t.Fatalf("got %v", err)
			}
		})
	}
	if len(w.found()) != 0 {
		t.Error("something was ingested")
	}
}

func TestPathThatIsNoFileIsNamed(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{filepath.Join(w.lake.Dir, "missing"), w.lake.Dir, os.DevNull} {
		if _, err := w.files(w.lake, ingest.Options{}, path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v", path, err)
		}
	}
}

func TestSourceNamedLikeATopicStops(t *testing.T) {
	k := newKafka(t, 1)
	k.produce(k.samples(10))
	k.mustIngest(ingest.Options{})
	_, err := k.files(k.lake, ingest.Options{Source: "listens"}, k.write("a.jsonl", content(k.samples(10))))
	if !errors.Is(err, ingest.ErrUsage) || lake.Hint(err) == "" {
		t.Fatalf("got %v", err)
	}
	k.check()
}

// stopping cancels a context after it has given out so many bytes.
type stopping struct {
	io.Reader
	left int
	stop context.CancelFunc
}

func (s *stopping) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p[:min(len(p), 2000)])
	if s.left -= n; s.left <= 0 {
		s.stop()
	}
	return n, err
}

func TestInterruptedFileGoesOnWhereItStopped(t *testing.T) {
	w := newWorld(t)
	list := w.samples(3000)
	w.file("ignored", "piped", list)
	read := func(ctx context.Context, r io.Reader) (ingest.Report, error) {
		return ingest.Files(ctx, w.env(w.lake), []string{"-"}, r, ingest.Options{Source: "piped"})
	}
	ctx, stop := context.WithCancel(t.Context())
	first, err := read(ctx, &stopping{bytes.NewReader(content(list)), 300_000, stop})
	if !errors.Is(err, jobs.ErrPartial) || lake.Hint(err) == "" || first.Records == 0 || first.Records >= 3000 {
		t.Fatalf("%d records, %v", first.Records, err)
	}
	if first.Files[0].Records != first.Records {
		t.Errorf("file report %+v", first.Files)
	}
	second, err := read(t.Context(), bytes.NewReader(content(list)))
	if err != nil || first.Records+second.Records != 3000 {
		t.Fatalf("%d and %d records, %v", first.Records, second.Records, err)
	}
	w.check()
	w.finished(map[string]int64{"piped": 3001})
}

func TestReadErrorOfStdinKeepsWhatCameBefore(t *testing.T) {
	w := newWorld(t)
	list := w.samples(50)
	w.file("ignored", "piped", list)
	broken := io.MultiReader(bytes.NewReader(content(list[:20])), iotest.ErrReader(errors.New("pipe broke")))
	_, err := ingest.Files(t.Context(), w.env(w.lake), []string{"-"}, broken, ingest.Options{Source: "piped", FlushRows: 10})
	if err == nil || !strings.Contains(err.Error(), "after line 20: pipe broke") {
		t.Fatalf("got %v", err)
	}
	got, err := ingest.Files(t.Context(), w.env(w.lake), []string{"-"}, bytes.NewReader(content(list)), ingest.Options{Source: "piped"})
	if err != nil || got.Records != 30 {
		t.Fatalf("%d records, %v", got.Records, err)
	}
	w.check()
}

func TestOtherContentUnderAnInterruptedNameStops(t *testing.T) {
	w := newWorld(t)
	path := w.write("a.jsonl", content(w.samples(40)))
	if _, err := w.files(w.lake.With(cutOff(catalog.Sources)), ingest.Options{Source: "s"}, path); err == nil {
		t.Fatal("the run survived")
	}
	w.write("a.jsonl", content(w.samples(10)))
	_, err := w.files(w.lake, ingest.Options{Source: "s"}, path)
	if err == nil || !strings.Contains(err.Error(), "ends at line 10") || lake.Hint(err) == "" {
		t.Fatalf("got %v", err)
	}
}

// New content under a name that is finished would be lost if it were taken for the old one.
func TestOtherContentUnderAFinishedNameStops(t *testing.T) {
	w := newWorld(t)
	list := w.samples(20)
	path := w.file("a.jsonl", "s", list)
	w.mustFiles(ingest.Options{Source: "s"}, path)
	before := w.snapshots()
	for name, c := range map[string]struct{ text, says string }{
		"more":    {string(content(list)) + string(content(w.samples(30))), "has more"},
		"one":     {string(content(list)) + listenJSON("x", "u", day(1), day(1)), "has more"},
		"fewer":   {string(content(list[:19])), "has 19 lines"},
		"nothing": {"", "has 0 lines"},
	} {
		for _, from := range []string{w.write("b.jsonl", []byte(c.text)), "-"} {
			got, err := ingest.Files(t.Context(), w.env(w.lake), []string{from}, strings.NewReader(c.text), ingest.Options{Source: "s"})
			if !errors.Is(err, ingest.ErrUsage) || !strings.Contains(err.Error(), "with 20 lines") || !strings.Contains(err.Error(), c.says) || !strings.Contains(lake.Hint(err), "--source") {
				t.Errorf("%s from %s: %v", name, from, err)
			}
			if got.Records != 0 || len(got.Files) != 1 || got.Files[0].Already {
				t.Errorf("%s from %s: %+v", name, from, got)
			}
		}
	}
	for _, from := range []string{w.write("a.gz", gzipped(t, content(list))), "-"} {
		got, err := ingest.Files(t.Context(), w.env(w.lake), []string{from}, bytes.NewReader(content(list)), ingest.Options{Source: "s"})
		if err != nil || !got.Files[0].Already || got.Records != 0 {
			t.Errorf("the same from %s: %+v, %v", from, got, err)
		}
	}
	if diff := cmp.Diff(before, w.snapshots()); diff != "" {
		t.Errorf("tables changed\n%s", diff)
	}
	w.check()
}

func TestReceivedTimeThatNoTableCanHoldIsWrongUsage(t *testing.T) {
	w := newWorld(t)
	at := time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)
	_, err := w.files(w.lake, ingest.Options{ReceivedTime: &at}, w.write("a.jsonl", content(w.samples(3))))
	if !errors.Is(err, ingest.ErrUsage) || lake.Hint(err) == "" {
		t.Fatalf("got %v", err)
	}
}

// A slow pipe is committed by age although it does not end.
func TestPipeIsCommittedByAge(t *testing.T) {
	w := newWorld(t)
	list := w.samples(3)
	w.file("ignored", "piped", list)
	r, in := io.Pipe()
	done := make(chan error, 1)
	go func() {
		got, err := ingest.Files(t.Context(), w.env(w.lake), []string{"-"}, r, ingest.Options{Source: "piped", FlushAge: time.Nanosecond})
		if got.Snapshots != 3 {
			err = errors.Join(err, fmt.Errorf("%d snapshots", got.Snapshots))
		}
		done <- err
	}()
	for _, s := range list {
		if _, err := io.WriteString(in, s.value+"\n"); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(in.Close(), <-done); err != nil {
		t.Fatal(err)
	}
	w.check()
}
