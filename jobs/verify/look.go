package verify

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/lakectl/lakectl/lake"
)

var gzipMagic = []byte{0x1f, 0x8b}

// look is one pass over files, by as many workers as there are cores. Each file is looked at by one.
type look struct {
	*wanted
	seen  map[string]bool // by path; of whoever hands out the files
	whole sync.Mutex      // held while a file is in memory as a whole

	mu     sync.Mutex // of what follows, and of the requests' counts
	checks map[string]*Check
	leaks  map[leakKey]*Leak
	unread []Unread
	rows   map[string]int64 // by path, that were decoded of a Parquet file
}

type leakKey struct {
	kind, file string
	request    *Request
}

func newLook(w *wanted) *look {
	return &look{wanted: w, checks: map[string]*Check{}, leaks: map[leakKey]*Leak{}, seen: map[string]bool{}, rows: map[string]int64{}}
}

func (l *look) found(kind, path string, r *Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := leakKey{kind, path, r}
	if l.leaks[key] == nil {
		l.leaks[key] = &Leak{Kind: kind, File: path, RequestID: r.RequestID, Expected: r.State != "purged"}
	}
	l.leaks[key].Count++
	r.Found++
}

func (l *look) foundAll(kind, path string, of []*Request) {
	for _, r := range of {
		l.found(kind, path, r)
	}
}

// kindOf tells what a file is by its first bytes; "" is unknown.
func kindOf(path string) (string, error) {
	in, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer in.Close() //nolint:errcheck // read only
	var head [4]byte
	n, err := io.ReadFull(in, head[:])
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return "", err
	}
	is := func(magic string) bool { return bytes.HasPrefix(head[:n], []byte(magic)) }
	name := filepath.Base(path)
	switch {
	case is("PAR1") || strings.HasSuffix(name, ".parquet"):
		return "parquet", nil
	case is("Obj\x01") || strings.HasSuffix(name, ".avro"):
		return "avro", nil
	case is("PFA1") || strings.HasSuffix(name, ".puffin") || strings.HasSuffix(name, ".stats"):
		return "puffin", nil
	case strings.HasSuffix(name, ".metadata.json") || strings.HasSuffix(name, ".metadata.json.gz"):
		return "metadata", nil
	}
	return "", nil
}

// file looks at one file and returns the locations that it leads to. unknown is the kind of a file of no known form.
func (l *look) file(ctx context.Context, path, unknown string, ids map[int32]bool) (leads []string) {
	info, err := os.Stat(path)
	kind := unknown
	if err == nil {
		kind, leads, err = l.decode(ctx, path, unknown, ids)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.unread = append(l.unread, Unread{File: path, Why: err.Error()})
		return nil
	}
	if l.checks[kind] == nil {
		l.checks[kind] = &Check{Kind: kind}
	}
	l.checks[kind].Files++
	l.checks[kind].Bytes += info.Size()
	return leads
}

func (l *look) decode(ctx context.Context, path, unknown string, ids map[int32]bool) (kind string, leads []string, err error) {
	form, err := kindOf(path)
	if err != nil {
		return unknown, nil, err
	}
	switch form {
	case "parquet":
		kind, err = l.parquet(path)
	case "avro":
		kind, leads, err = l.avro(ctx, path, ids)
	case "puffin":
		l.whole.Lock()
		defer l.whole.Unlock()
		kind, err = "statistics", l.statistics(path)
	case "metadata":
		l.whole.Lock()
		defer l.whole.Unlock()
		var text []byte
		if text, err = os.ReadFile(path); err == nil {
			leads, err = l.metadata(path, text)
		}
		kind = "metadata"
	default:
		kind, err = unknown, l.others(unknown, path)
	}
	return kind, leads, err
}

// follow looks at a file and all that it leads to, each once: at what files of one round lead to in the next.
func (l *look) follow(ctx context.Context, uri string, ids map[int32]bool) error {
	for next := []string{uri}; len(next) > 0; {
		round := next
		next = nil
		var mu sync.Mutex
		var workers errgroup.Group
		workers.SetLimit(runtime.GOMAXPROCS(0))
		for _, at := range round {
			path, err := lake.LocalPath(at)
			if err != nil {
				l.missed(at, err)
				continue
			}
			if l.seen[path] || ctx.Err() != nil {
				continue
			}
			l.seen[path] = true
			workers.Go(func() error {
				leads := l.file(ctx, path, "others", ids)
				mu.Lock()
				defer mu.Unlock()
				next = append(next, leads...)
				return nil
			})
		}
		if err := errors.Join(workers.Wait(), ctx.Err()); err != nil {
			return err
		}
	}
	return nil
}

// missed notes a place that cannot be looked at.
func (l *look) missed(at string, why error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.unread = append(l.unread, Unread{File: at, Why: why.Error()})
}

// walk looks at every file below a folder that was not seen. Nothing leads to those, and what they lead to is below
// some folder as well, or gone.
func (l *look) walk(ctx context.Context, root, unknown string, ids map[int32]bool, skip []string) error {
	var workers errgroup.Group
	workers.SetLimit(runtime.GOMAXPROCS(0))
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // somebody removed it, or the folder was never made
		}
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		if d.IsDir() && slices.Contains(skip, path) {
			return fs.SkipDir
		}
		if !d.Type().IsRegular() || l.seen[path] {
			return nil
		}
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		l.seen[path] = true
		workers.Go(func() error {
			l.file(ctx, path, unknown, ids)
			return nil
		})
		return nil
	})
	return errors.Join(err, workers.Wait())
}
