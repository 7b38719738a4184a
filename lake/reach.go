package lake

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	iceio "github.com/apache/iceberg-go/io"
	icetable "github.com/apache/iceberg-go/table"
)

// reach tells which files of a table's folder something refers to.
type reach struct {
	table    *Table
	remote   *Remote // nil for a table on this machine
	storage  iceio.WriteFileIO
	named    string              // the folder, as the table names it
	root     string              // the folder without symbolic links
	metadata string              // where its metadata files lie
	newer    []icetable.Metadata // of files that are newer than the catalog's
	folders  map[string]string   // of names that lie elsewhere by name: where that is below the folder
	standing map[string]bool     // ids of staging tables on record, whose files are theirs
	left     map[string]Orphan   // what nothing is known to refer to so far
}

func newReach(ctx context.Context, t *Table) (*reach, error) {
	r := &reach{table: t, folders: map[string]string{}, standing: map[string]bool{}}
	for _, s := range t.Stagings() {
		r.standing[s.ID] = true
	}
	r.remote, _ = remoteOf(t.Location())
	var err error
	if r.named, err = LocalPath(t.Location()); err != nil {
		return nil, err
	}
	if r.root, err = r.real(); err != nil {
		return nil, fmt.Errorf("folder of %s: %w", t.name, err)
	}
	if r.storage, err = t.FS(ctx); err != nil {
		return nil, err
	}
	at, err := r.place(t.MetadataURI())
	if err != nil {
		return nil, err
	}
	r.metadata = filepath.Join(r.root, filepath.Dir(at))
	return r, r.readNewer(ctx)
}

// readNewer finds the metadata files that the catalog does not name yet, or not any more since it was put back from a
// backup. What they refer to must stay for as long as 'catalog restore' may take them: until the table has passed their
// number.
func (r *reach) readNewer(ctx context.Context) error {
	files, err := r.listMetadata(ctx)
	if err != nil {
		return fmt.Errorf("list metadata of %s: %w", r.table.name, err)
	}
	at := versionOf(filepath.Base(r.table.MetadataURI()))
	for _, f := range files {
		if !isMetadataFile(f.Name()) || !f.Type().IsRegular() || versionOf(f.Name()) <= at {
			continue
		}
		text, err := r.readMetadata(ctx, filepath.Join(r.metadata, f.Name()))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		meta, parseErr := icetable.ParseMetadataBytes(text)
		if err = errors.Join(err, parseErr); err != nil {
			continue // torn: nobody can go on from it
		}
		if err := r.sameTable(f.Name(), meta); err != nil {
			return err
		}
		r.newer = append(r.newer, meta)
	}
	return nil
}

// versionOf is the number in the name of a metadata file, the largest of all where it has none.
func versionOf(name string) int64 {
	digits := strings.TrimPrefix(name, "v")
	if end := strings.IndexFunc(digits, func(c rune) bool { return c < '0' || c > '9' }); end >= 0 {
		digits = digits[:end]
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return math.MaxInt64
	}
	return n
}

// sameTable refuses metadata of another table that has, or had, rows in the folder.
func (r *reach) sameTable(file string, meta icetable.Metadata) error {
	if meta.TableUUID() == r.table.ice.Metadata().TableUUID() || len(meta.Snapshots()) == 0 {
		return nil
	}
	return WithHint(fmt.Errorf("metadata file %s in the folder of %s is of another table, %s: %w", file, r.table.name, meta.TableUUID(), ErrUnsupported),
		"nothing was deleted; if that table was dropped, move its metadata file away, else give each table a folder of its own")
}

// unreached are those of the files that nothing refers to, by path. Most often all are accounted for by the newest
// snapshot: then the manifests of the others are not read.
func (r *reach) unreached(ctx context.Context, files map[string]Orphan) ([]Orphan, error) {
	r.left = files
	if err := r.spare(ctx, r.table.ice.Metadata(), false); err != nil {
		return nil, err
	}
	if err := r.name(r.table.MetadataURI()); err != nil {
		return nil, err
	}
	for _, meta := range r.newer {
		if err := r.spare(ctx, meta, true); err != nil {
			return nil, err
		}
	}
	rest := slices.SortedFunc(maps.Values(r.left), func(a, b Orphan) int { return strings.Compare(a.Path, b.Path) })
	if err := r.onlyOurs(ctx, rest); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(rest, func(f Orphan) bool { return r.belongs(ctx, f) }), nil
}

// belongs tells whether a file must stay for what it stands beside: a checksum that Hadoop wrote beside a file that
// stays, a newer metadata file.
func (r *reach) belongs(ctx context.Context, f Orphan) bool {
	folder, name := filepath.Split(f.Path)
	if of, is := strings.CutPrefix(name, "."); is && strings.HasSuffix(of, ".crc") {
		of = strings.TrimSuffix(of, ".crc")
		_, orphan := r.left[folder+of]
		_, err := r.stat(ctx, folder+of)
		return !orphan && err == nil
	}
	return len(r.newer) > 0 && isMetadataFile(name) && versionOf(name) > versionOf(filepath.Base(r.table.MetadataURI()))
}

// onlyOurs looks into the metadata files that nothing refers to: losers of a race are of this table.
func (r *reach) onlyOurs(ctx context.Context, list []Orphan) error {
	for _, f := range list {
		if _, staged := stagingOf(filepath.ToSlash(f.Path)); staged || !isMetadataFile(f.Path) {
			continue
		}
		text, err := r.readMetadata(ctx, filepath.Join(r.root, f.Path))
		if err != nil {
			continue // gone or torn
		}
		if meta, err := icetable.ParseMetadataBytes(text); err == nil {
			if err := r.sameTable(f.Path, meta); err != nil {
				return err
			}
		}
	}
	return nil
}

// spare takes out of what is left all that one metadata file refers to. A newer one need not be whole.
func (r *reach) spare(ctx context.Context, meta icetable.Metadata, newer bool) error {
	for m := range meta.PreviousFiles() {
		if err := r.name(m.MetadataFile); err != nil {
			return err
		}
	}
	for f := range meta.Statistics() {
		if err := r.name(f.StatisticsPath); err != nil {
			return err
		}
	}
	for f := range meta.PartitionStatistics() {
		if err := r.name(f.StatisticsPath); err != nil {
			return err
		}
	}
	seen := map[string]bool{}
	for _, s := range slices.Backward(meta.Snapshots()) {
		if err := r.name(s.ManifestList); err != nil {
			return err
		}
		if len(r.left) == 0 {
			return nil
		}
		if err := r.spareSnapshot(ctx, s, seen); err != nil && !(newer && missing(err)) {
			return err
		}
	}
	return nil
}

// spareSnapshot reads the manifests of a snapshot that are not among those seen.
func (r *reach) spareSnapshot(ctx context.Context, s icetable.Snapshot, seen map[string]bool) error {
	manifests, err := s.Manifests(r.storage)
	if err = errors.Join(err, ctx.Err()); err != nil {
		return fmt.Errorf("read manifest list of snapshot %d: %w", s.SnapshotID, NameFile(s.ManifestList, err))
	}
	for _, m := range manifests {
		if seen[m.FilePath()] {
			continue
		}
		seen[m.FilePath()] = true
		if err := r.name(m.FilePath()); err != nil {
			return err
		}
		for e, err := range m.Entries(r.storage, true) {
			if err = errors.Join(err, ctx.Err()); err != nil {
				return fmt.Errorf("read manifest: %w", NameFile(m.FilePath(), err))
			}
			if err := r.name(e.DataFile().FilePath()); err != nil {
				return err
			}
		}
	}
	return nil
}

// name notes that something refers to a file.
func (r *reach) name(uri string) error {
	at, err := r.place(uri)
	if err != nil {
		return err
	}
	delete(r.left, at)
	if raw := strings.TrimPrefix(strings.TrimPrefix(uri, r.table.Location()), "/"); raw != at {
		delete(r.left, raw) // a name that was never encoded
	}
	return nil
}

// place is where a file lies below the folder, under whatever name it is called.
func (r *reach) place(uri string) (string, error) {
	path := uri
	if u, err := url.Parse(uri); err != nil || u.Scheme != "" || !strings.HasPrefix(uri, "/") {
		if path, err = LocalPath(uri); err != nil {
			return "", r.outside(uri)
		}
	}
	if rel, is := strings.CutPrefix(path, r.named+"/"); is {
		return rel, nil
	}
	folder := filepath.Dir(path)
	at, known := r.folders[folder]
	if !known {
		var err error
		if at, err = r.find(folder); err != nil {
			return "", r.outside(uri)
		}
		r.folders[folder] = at
	}
	return filepath.Join(at, filepath.Base(path)), nil
}

// find is where a folder lies below the table's, by other names than the table's own.
func (r *reach) find(folder string) (string, error) {
	real, err := CanonicalPath("file://" + (&url.URL{Path: folder}).EscapedPath())
	if err != nil {
		return "", err
	}
	root, err := os.Stat(r.root)
	if err != nil {
		return "", err
	}
	rest := ""
	for at := real; ; at = filepath.Dir(at) {
		if info, err := os.Stat(at); err == nil && os.SameFile(info, root) {
			return rest, nil
		}
		if at == filepath.Dir(at) {
			return "", fs.ErrNotExist
		}
		rest = filepath.Join(filepath.Base(at), rest)
	}
}

func (r *reach) outside(uri string) error {
	return WithHint(fmt.Errorf("table %s, which lies in %s, names file %s: %w", r.table.name, r.table.Location(), uri, ErrOutside),
		"nothing was deleted; let the engine that wrote it use the table's own folder (write.data.path, write.metadata.path), or run 'lakectl catalog relocate' if the lake was moved")
}
