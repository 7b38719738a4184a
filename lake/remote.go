package lake

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/apache/iceberg-go"
)

// Remote is a place that is no folder of this machine. A folder has copies of its files under the same names: files
// never change, so a copy is as good as what it was made of. Nobody may write to the copy of what is stored: one that
// can be written to is under way there. Package lake/store has the one there is.
type Remote struct {
	Prefix string // of the URIs of all that lies there, without a last slash
	Folder string // with the copies
	// Fetch makes the copies that are lacking. Of sealed files it may leave out other columns than those, see
	// [SparseCopy]. Columns are field ids; nil: the copies are whole. So are those of files whose length is not known.
	Fetch func(ctx context.Context, files []RemoteFile, columns []int) error
	// Put stores what was written as a copy. Before that nobody else sees the file.
	Put func(ctx context.Context, uri string) error
	// Stat describes what is stored, by the clock of the store.
	Stat func(ctx context.Context, uri string) (RemoteFile, error)
	// List visits all that is stored below a URI.
	List func(ctx context.Context, uri string, visit func(RemoteFile) error) error
	// Forget removes a copy.
	Forget func(uri string) error
}

// RemoteFile describes a file of a [Remote]. It is a [fs.FileInfo].
type RemoteFile struct {
	URI      string
	Bytes    int64
	Modified time.Time
}

// Name is the last element of the URI.
func (f RemoteFile) Name() string { return f.URI[strings.LastIndexByte(f.URI, '/')+1:] }

// Size is the length in bytes.
func (f RemoteFile) Size() int64 { return f.Bytes }

// Mode is that of a file without rights.
func (f RemoteFile) Mode() fs.FileMode { return 0 }

// ModTime is when it was stored.
func (f RemoteFile) ModTime() time.Time { return f.Modified }

// IsDir is false: stores have no folders.
func (f RemoteFile) IsDir() bool { return false }

// Sys is nothing.
func (f RemoteFile) Sys() any { return nil }

var remotes struct {
	sync.RWMutex
	list []*Remote
}

// Mount lets this process read what lies at a remote place. The last of several with one prefix counts.
func Mount(r Remote) (unmount func()) {
	remotes.Lock()
	defer remotes.Unlock()
	remotes.list = append(remotes.list, &r)
	return func() {
		remotes.Lock()
		defer remotes.Unlock()
		remotes.list = slices.DeleteFunc(remotes.list, func(one *Remote) bool { return one == &r })
	}
}

// remoteOf is the place that a URI lies at, nil for a file of this machine and for places that are not mounted.
func remoteOf(uri string) (*Remote, string) {
	if strings.HasPrefix(uri, "file:") || !strings.Contains(uri, "://") {
		return nil, ""
	}
	remotes.RLock()
	defer remotes.RUnlock()
	for _, r := range slices.Backward(remotes.list) {
		if rest, below := strings.CutPrefix(uri, r.Prefix); below && (rest == "" || rest[0] == '/') {
			return r, rest
		}
	}
	return nil, ""
}

// Fetch makes sure that files can be read at their [LocalPath], whole. On this machine they can.
func Fetch(ctx context.Context, uris ...string) error {
	files := make([]RemoteFile, len(uris))
	for i, uri := range uris {
		files[i].URI = uri
	}
	return fetch(ctx, files, nil)
}

// fetch lets each remote place make copies of its files.
func fetch(ctx context.Context, files []RemoteFile, columns []int) error {
	lacking := map[*Remote][]RemoteFile{}
	for _, f := range files {
		if r, _ := remoteOf(f.URI); r != nil {
			lacking[r] = append(lacking[r], f)
		}
	}
	for r, list := range lacking {
		if err := r.Fetch(ctx, list, columns); err != nil {
			return err
		}
	}
	return nil
}

// FetchFiles is [Fetch] of files of a snapshot.
func FetchFiles(ctx context.Context, files []File) error { return fetchFiles(ctx, files, nil) }

// FetchColumns is [FetchFiles] for who reads those columns and no others. The copy of a large file may lack the others,
// and what reads one of these fails: a hole is no page of a column. Parts of nested columns are not told apart.
func FetchColumns(ctx context.Context, files []File, columns []iceberg.NestedField) error {
	ids := make([]int, len(columns))
	for i, c := range columns {
		if _, nested := c.Type.(iceberg.NestedType); nested {
			return FetchFiles(ctx, files)
		}
		ids[i] = c.ID
	}
	return fetchFiles(ctx, files, ids)
}

func fetchFiles(ctx context.Context, files []File, columns []int) error {
	if len(files) == 0 || !Away(files[0].FilePath()) {
		return nil
	}
	list := make([]RemoteFile, len(files))
	for i, f := range files {
		list[i] = RemoteFile{URI: f.FilePath(), Bytes: f.FileSizeBytes()}
	}
	return fetch(ctx, list, columns)
}

// Away tells whether a file is read by its copy.
func Away(uri string) bool {
	r, _ := remoteOf(uri)
	return r != nil
}

// Open opens a file for reading.
func Open(ctx context.Context, uri string) (*os.File, error) {
	return open(uri, true, func() error { return Fetch(ctx, uri) })
}

// OpenColumns opens a file of a snapshot for who reads those columns and no others, see [FetchColumns].
func OpenColumns(ctx context.Context, f File, columns []iceberg.NestedField) (*os.File, error) {
	return open(f.FilePath(), false, func() error { return FetchColumns(ctx, []File{f}, columns) })
}

func open(uri string, whole bool, fetch func() error) (*os.File, error) {
	local, err := LocalPath(uri)
	if err != nil {
		return nil, err
	}
	for attempt := 0; ; attempt++ {
		if err := fetch(); err != nil {
			return nil, err
		}
		f, err := os.Open(local)
		if err == nil && whole && Away(uri) {
			f, err = onlyWhole(f)
		}
		if !Away(uri) || attempt == 3 || !errors.Is(err, fs.ErrNotExist) { // a copy may go before it is opened
			return f, err
		}
	}
}

// onlyWhole takes a copy that lacks columns for none.
func onlyWhole(f *os.File) (*os.File, error) {
	info, err := f.Stat()
	if err == nil && MayLack(f.Name(), info) {
		chunks, unread := SealedChunks(f.Name(), f, info.Size())
		if unread != nil || slices.ContainsFunc(chunks, func(c ColumnChunk) bool { return !c.In(f) }) {
			err = fmt.Errorf("whole copy %s: %w", f.Name(), fs.ErrNotExist)
		}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Put stores a file that was written at its [LocalPath]. On this machine it is stored.
func Put(ctx context.Context, uri string) error {
	r, _ := remoteOf(uri)
	if r == nil {
		return nil
	}
	return r.Put(ctx, uri)
}

// Stat describes a file by the clock of the store it lies on.
func Stat(ctx context.Context, uri string) (fs.FileInfo, error) {
	if r, _ := remoteOf(uri); r != nil {
		return r.Stat(ctx, uri)
	}
	path, err := LocalPath(uri)
	if err != nil {
		return nil, err
	}
	return os.Stat(path)
}

// LocalFolder is a folder of this machine with all that lies below a URI, and nothing that is there no more.
func LocalFolder(ctx context.Context, uri string) (string, error) {
	local, err := LocalPath(uri)
	r, _ := remoteOf(uri)
	if err != nil || r == nil {
		return local, err
	}
	var files []RemoteFile
	there := map[string]bool{}
	err = r.List(ctx, uri, func(f RemoteFile) error {
		path, err := LocalPath(f.URI)
		files, there[path] = append(files, f), true
		return err
	})
	if err == nil {
		err = r.Fetch(ctx, files, nil)
	}
	if err != nil {
		return "", fmt.Errorf("fetch all files below %s: %w", uri, err)
	}
	return local, r.forgetOthers(ctx, local, uri, there)
}

// underWay tells whether a copy is still written, or gone.
func underWay(d fs.DirEntry) bool {
	info, err := d.Info()
	return err != nil || info.Mode().Perm()&0o200 != 0
}

// forgetOthers removes the copies of what is stored no more. What is under way stays, or was stored meanwhile.
func (r *Remote) forgetOthers(ctx context.Context, local, uri string, there map[string]bool) error {
	return filepath.WalkDir(local, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || d.IsDir() || there[path] || strings.HasPrefix(d.Name(), ".") || underWay(d) {
			return err
		}
		one := uri + filepath.ToSlash(strings.TrimPrefix(path, local))
		if _, err := r.Stat(ctx, one); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return r.Forget(one)
	})
}

// dropCopy removes a copy that does not hold what was stored, and tells whether the path is one.
func dropCopy(path string) bool {
	remotes.RLock()
	defer remotes.RUnlock()
	for _, r := range remotes.list {
		if strings.HasPrefix(path, r.Folder+"/") {
			os.Remove(path) //nolint:errcheck // then the next reader finds it damaged again
			return true
		}
	}
	return false
}
