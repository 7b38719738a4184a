package laketest

import (
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"github.com/google/uuid"

	"github.com/lakectl/lakectl/catalog/open"
)

// template is an empty lake as [open.Init] leaves it. Writing one anew under other names takes a quarter of the CPU
// that making one takes, and a plain run needs hundreds. Lakes of one process have the same subject key, nothing else
// in common.
type template struct {
	dir     string
	catalog []byte
	texts   map[string]text // by path in the folder
	ids     []string        // every UUID in the texts: of the lake and of its tables
}

type text struct {
	content string // of metadata without its compression
	mode    fs.FileMode
}

const (
	catalogFile    = "catalog.db"
	compressedName = ".gz.metadata.json"
)

// initLake makes an empty lake, by [open.Init] in CI.
func initLake(ctx context.Context, dir string, o open.Options) error {
	if InCI() || !bare(dir) {
		_, err := open.Init(ctx, o)
		return err
	}
	empty, err := emptyLake()
	if err != nil {
		return err
	}
	return empty.write(ctx, dir)
}

// bare tells whether a folder is empty and has one name only, the same in a URL: the template's is replaced by it.
func bare(dir string) bool {
	entries, err := os.ReadDir(dir)
	resolved, linkErr := filepath.EvalSymlinks(dir)
	inURL := url.URL{Path: dir}
	return err == nil && linkErr == nil && len(entries) == 0 && resolved == dir && filepath.IsAbs(dir) && inURL.EscapedPath() == dir
}

var emptyLake = sync.OnceValues(func() (e template, err error) {
	if e.dir, err = os.MkdirTemp(inMemory(), "lakectl"); err != nil {
		return e, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(e.dir)) }()
	if e.dir, err = filepath.EvalSymlinks(e.dir); err != nil {
		return e, err
	}
	if _, err = open.Init(context.Background(), options(e.dir)); err != nil {
		return e, err
	}
	e.texts = map[string]text{}
	return e, filepath.WalkDir(e.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		return e.read(path)
	})
})

var anyID = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

func (e *template) read(path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	name, err := filepath.Rel(e.dir, path)
	switch {
	case err != nil:
		return err
	case name == catalogFile:
		e.catalog = content
		return nil
	case strings.HasSuffix(name, compressedName):
		unpacked, err := gzip.NewReader(bytes.NewReader(content))
		if err != nil {
			return err
		}
		if content, err = io.ReadAll(unpacked); err != nil {
			return err
		}
	}
	e.texts[name] = text{string(content), info.Mode().Perm()}
	e.ids = append(e.ids, anyID.FindAllString(string(content), -1)...)
	return nil
}

// write puts the lake into an empty folder. Names of metadata files stay.
func (e *template) write(ctx context.Context, dir string) error {
	names := []string{e.dir, dir}
	for _, id := range e.ids { // of one that is there twice, the first counts
		names = append(names, id, uuid.NewString())
	}
	renamed := strings.NewReplacer(names...)
	for name, text := range e.texts {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		text.content = renamed.Replace(text.content)
		if err := text.write(path); err != nil {
			return err
		}
	}
	return e.writeCatalog(ctx, dir)
}

func (e *template) writeCatalog(ctx context.Context, dir string) (err error) {
	path := filepath.Join(dir, catalogFile)
	if err := os.WriteFile(path, e.catalog, 0o644); err != nil {
		return err
	}
	db, err := sql.Open("sqlite", path) // the driver of package open
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	_, err = db.ExecContext(ctx, "UPDATE iceberg_tables SET metadata_location = replace(metadata_location, ?, ?)", e.dir, dir)
	return err
}

var packers = sync.Pool{New: func() any {
	w, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	if err != nil {
		panic(fmt.Sprintf("gzip refuses its own level: %v", err))
	}
	return w
}}

func (f text) write(path string) error {
	if !strings.HasSuffix(path, compressedName) {
		return os.WriteFile(path, []byte(f.content), f.mode)
	}
	var packed bytes.Buffer
	w := packers.Get().(*gzip.Writer)
	defer packers.Put(w)
	w.Reset(&packed)
	_, err := io.WriteString(w, f.content)
	if err := errors.Join(err, w.Close()); err != nil {
		return err
	}
	return os.WriteFile(path, packed.Bytes(), f.mode)
}
