package ingest_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/lakectl/lakectl/jobs/ingest"
	"github.com/lakectl/lakectl/lake"
)

func TestMarksAndPaddingAreNoPartOfTheText(t *testing.T) {
	w := newWorld(t)
	const mark = "\xef\xbb\xbf"
	list := w.samples(12)
	half := [2][]byte{content(list[:6]), content(list[6:])}
	zeros := make([]byte, 700)
	joined := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	for name, packed := range map[string][]byte{
		"mark":             joined([]byte(mark), half[0], half[1]),
		"marks":            joined([]byte(mark), half[0], []byte(mark), half[1]),
		"mark.gz":          gzipped(t, joined([]byte(mark), half[0], half[1])),
		"padded.gz":        joined(gzipped(t, joined(half[0], half[1])), zeros),
		"padded parts.gz":  joined(gzipped(t, half[0]), zeros, gzipped(t, half[1]), zeros[:1]),
		"empty members.gz": joined(gzipped(t, nil), gzipped(t, half[0]), gzipped(t, nil), zeros, gzipped(t, half[1])),
		"empty frames.zst": joined(zstandard(t, nil), zstandard(t, half[0]), []byte("\x50\x2a\x4d\x18\x01\x00\x00\x00x"), zstandard(t, half[1])),
	} {
		w.mustFiles(ingest.Options{Source: name}, w.write(name, packed))
		for i, s := range list {
			w.expect(name, 0, int64(i+1), s.outcome)
		}
	}
	w.check()
}

func TestAFormThatIsNotJSONLinesIsRefusedByItsName(t *testing.T) {
	w := newWorld(t)
	text := content(w.samples(5))
	utf16of := func(s string) (b []byte) {
		for _, unit := range utf16.Encode([]rune(s)) {
			b = append(b, byte(unit), byte(unit>>8))
		}
		return b
	}
	for name, c := range map[string]struct {
		content    []byte
		form, hint string
	}{
		"x.zip":      {zipped(t, text), "a zip archive", "unzip -p PATH | lakectl ingest file --source NAME -"},
		"no ending":  {zipped(t, text), "a zip archive", "unzip -p PATH |"},
		"zip.gz":     {zipped(t, text), "a zip archive", "unzip -p PATH |"},
		"x.bz2":      {[]byte("BZh91AY&SY\x9a\x1f"), "a bzip2 file", "bzip2 -dc PATH |"},
		"x.xz":       {[]byte("\xfd7zXZ\x00\x00\x04\xe6\xd6"), "an xz file", "xz -dc PATH |"},
		"x.7z":       {[]byte("7z\xbc\xaf\x27\x1c\x00\x04"), "a 7z archive", "7z x -so PATH |"},
		"x.lz4":      {[]byte("\x04\x22\x4d\x18\x64\x40\xa7"), "an lz4 file", "lz4 -dc PATH |"},
		"x.Z":        {[]byte("\x1f\x9d\x90{"), "a file of the program compress", "gzip -dc PATH |"},
		"x.parquet":  {[]byte("PAR1\x15\x04"), "a Parquet file", "export its rows"},
		"x.tar":      {tarred(t, text), "a tar archive", "tar -xOf PATH |"},
		"x.tar.gz":   {gzipped(t, tarred(t, text)), "a tar archive", "tar -xOf PATH |"},
		"twice.gz":   {gzipped(t, gzipped(t, text)), "a file that was packed twice", "gzip -dc PATH | lakectl"},
		"gz.zst":     {zstandard(t, gzipped(t, text)), "a file that was packed twice", "zstd -dc PATH |"},
		"utf16":      {append([]byte("\xff\xfe"), utf16of(string(text))...), "UTF-16 text", "iconv -f UTF-16 -t UTF-8 PATH |"},
		"utf16le":    {utf16of(string(text)), "UTF-16 text", "iconv -f UTF-16LE"},
		"utf16be":    {append([]byte{0}, utf16of(string(text))...), "UTF-16 text", "iconv -f UTF-16BE"},
		"array":      {slices.Concat([]byte("\xef\xbb\xbf \n["), text, []byte("]")), "a JSON array", "jq -c '.[]' PATH |"},
		"array.gz":   {gzipped(t, slices.Concat([]byte("["), text)), "a JSON array", "jq -c '.[]' PATH |"},
		"pretty":     {[]byte("{\r\n  \"type\": \"listen\"\r\n}\r\n"), "JSON that takes several lines", "jq -c . PATH |"},
		"sequence":   {append([]byte("\x1e"), text...), "a JSON text sequence", `tr -d '\036' < PATH |`},
		"cr":         {bytes.ReplaceAll(text, []byte("\n"), []byte("\r")), "text whose lines end with CR alone", `tr '\r' '\n' < PATH |`},
		"a\tb.jsonl": {[]byte("["), "a JSON array", "jq"},
	} {
		path, good := w.write(name, c.content), w.write("good", text)
		// Another file of the same command does not get in before it.
		_, err := w.files(w.lake, ingest.Options{}, good, path)
		hint := strings.ReplaceAll(c.hint, "PATH", path)
		if !errors.Is(err, ingest.ErrUsage) || !strings.Contains(err.Error(), "read "+path+": it looks like "+c.form) || !strings.Contains(lake.Hint(err), hint) {
			t.Errorf("%s: got %v, hint %q", name, err, lake.Hint(err))
		}
		_, err = ingest.Files(t.Context(), w.env(w.lake), []string{"-"}, bytes.NewReader(c.content), ingest.Options{Source: "s"})
		piped := !strings.HasSuffix(name, ".gz") || !bytes.HasPrefix(c.content, []byte("PK"))
		if piped && (!errors.Is(err, ingest.ErrUsage) || !strings.Contains(err.Error(), "read stdin: it looks like "+c.form)) {
			t.Errorf("%s piped: got %v", name, err)
		}
	}
	if len(w.found()) != 0 || w.lake.Snapshot(t, "listens").ID() != 0 || w.lake.Snapshot(t, "quarantine").ID() != 0 {
		t.Error("something was written")
	}
}

func TestAPathThatCannotBeReadSaysWhy(t *testing.T) {
	w := newWorld(t)
	text := content(w.samples(3))
	if err := os.Mkdir(filepath.Join(w.lake.Dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		content   []byte
		why, hint string
		usage     bool
	}{
		"missing.jsonl": {nil, "no such file", "give paths of JSON Lines files", true},
		"folder":        {nil, "it is a folder", "folder/*.jsonl'", true},
		"plain.gz":      {text, "it is plain text", "rename it", true},
		"plain.zst":     {text, "it is plain text", "rename it", true},
		"cut.gz":        {gzipped(t, text)[:100], "unexpected EOF", "transfer it again", false},
		"more.gz":       {append(gzipped(t, text), "\x00more"...), "is not gzip", "leave it out: 'gzip -dc < ", false},
		"more gzip.gz":  {append(gzipped(t, text), "\x1f\x8b\x00\x00\x00\x00\x00\x00\x00\x00\x00"...), "is not gzip", "leave it out", false},
	} {
		path := filepath.Join(w.lake.Dir, name)
		if c.content != nil {
			path = w.write(name, c.content)
		}
		_, err := w.files(w.lake, ingest.Options{}, path)
		if err == nil || errors.Is(err, ingest.ErrUsage) != c.usage || !strings.Contains(err.Error(), path) ||
			!strings.Contains(err.Error(), c.why) || !strings.Contains(lake.Hint(err), c.hint) {
			t.Errorf("%s: got %v, hint %q", name, err, lake.Hint(err))
		}
	}
}

func zipped(t *testing.T, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	f, err := z.Create("a.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Write(text)
	if err := errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func tarred(t *testing.T, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := tar.NewWriter(&b)
	err := z.WriteHeader(&tar.Header{Name: "a.jsonl", Size: int64(len(text)), Mode: 0o600})
	_, written := z.Write(text)
	if err := errors.Join(err, written, z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
