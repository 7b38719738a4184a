package lake

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/apache/iceberg-go"
	"golang.org/x/sync/errgroup"
)

// File is a live data file or position delete file of a snapshot.
type File struct {
	iceberg.DataFile
	AddedBy  int64 // id of the snapshot that added it
	Sequence int64 // data sequence number

	partition any // see [PartitionValue]
	placed    bool
}

// ReferencedDataFile is the URI of the one data file that a position delete file takes rows from; nil for one that may
// be of several.
func (f File) ReferencedDataFile() *string { return ReferencedDataFile(f.DataFile) }

// ReferencedDataFile is [File.ReferencedDataFile] of a manifest entry. The library has no column for the answer in
// manifests of format version 2, so it is lost there; equal bounds of the paths in the file say the same (Iceberg's
// ContentFileUtil.referencedDataFile goes by them too). Bounds that were cut off differ.
func ReferencedDataFile(f iceberg.DataFile) *string {
	if one := f.ReferencedDataFile(); one != nil || f.ContentType() != iceberg.EntryContentPosDeletes {
		return one
	}
	low, high := f.LowerBoundValues()[deletePathFieldID], f.UpperBoundValues()[deletePathFieldID]
	if len(low) == 0 || !bytes.Equal(low, high) {
		return nil
	}
	one := string(low)
	return &one
}

// Files lists the live data files.
func (s Snapshot) Files(ctx context.Context) ([]File, error) {
	return s.live(ctx, iceberg.ManifestContentData)
}

// DeleteFiles lists the live position delete files. Equality deletes and deletion vectors are refused with
// [ErrUnsupported]: reading the table without them would bring deleted rows back.
func (s Snapshot) DeleteFiles(ctx context.Context) ([]File, error) {
	files, err := s.live(ctx, iceberg.ManifestContentDeletes)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		if f.ContentType() != iceberg.EntryContentPosDeletes || f.FileFormat() != iceberg.ParquetFile {
			return nil, WithHint(fmt.Errorf("table %s has a delete file of kind %s in %s: %w", s.table.name, f.ContentType(), f.FileFormat(), ErrUnsupported),
				"another engine wrote it; rewrite the table's data files there with format version 2 and merge-on-read position deletes")
		}
	}
	return files, nil
}

func (s Snapshot) live(ctx context.Context, content iceberg.ManifestContent) ([]File, error) {
	var files []File
	err := s.entries(ctx, 0, true, func(e iceberg.ManifestEntry) {
		files = append(files, s.table.file(e))
	}, content)
	return files, err
}

// parallelManifests is how many manifests are read at a time, and held in memory until they were visited.
const parallelManifests = 8

// entries visits the manifest entries of the snapshot: of the contents named or of both, and with writtenBy not 0 only
// of the manifests which that snapshot wrote.
func (s Snapshot) entries(ctx context.Context, writtenBy int64, liveOnly bool, visit func(iceberg.ManifestEntry), of ...iceberg.ManifestContent) error {
	if s.ice == nil {
		return nil
	}
	fs, manifests, err := s.manifests(ctx)
	if err != nil {
		return err
	}
	manifests = slices.DeleteFunc(slices.Clone(manifests), func(m iceberg.ManifestFile) bool {
		return len(of) > 0 && !slices.Contains(of, m.ManifestContent()) || writtenBy != 0 && m.SnapshotID() != writtenBy
	})
	for some := range slices.Chunk(manifests, parallelManifests) {
		read := make([][]iceberg.ManifestEntry, len(some))
		var readers errgroup.Group
		for i, m := range some {
			readers.Go(Safely(func() (err error) {
				if read[i], err = s.table.kept.read(fs, m, liveOnly); err != nil {
					return fmt.Errorf("read manifest of %s snapshot %d: %w", s.table.name, s.ID(), NameFile(m.FilePath(), err))
				}
				return nil
			}))
		}
		if err := readers.Wait(); err != nil {
			return err
		}
		for _, e := range slices.Concat(read...) {
			visit(e)
		}
	}
	return nil
}

// readable reads the snapshot's manifests, to name the file at fault where somebody else's words do not.
func (s Snapshot) readable(ctx context.Context) error {
	return s.entries(ctx, 0, false, func(iceberg.ManifestEntry) {})
}

// Gained are the data files and delete files that s has and an older snapshot of the table lacks. lost tells that the
// older one had a file which s lacks.
func (s Snapshot) Gained(ctx context.Context, older Snapshot) (data, deletes []File, lost bool, err error) {
	for _, kind := range []struct {
		list func(Snapshot) ([]File, error)
		into *[]File
	}{
		{func(s Snapshot) ([]File, error) { return s.Files(ctx) }, &data},
		{func(s Snapshot) ([]File, error) { return s.DeleteFiles(ctx) }, &deletes},
	} {
		was, err := kind.list(older)
		if err != nil {
			return nil, nil, false, err
		}
		now, err := kind.list(s)
		if err != nil {
			return nil, nil, false, err
		}
		gone := make(map[string]bool, len(was))
		for _, f := range was {
			gone[f.FilePath()] = true
		}
		for _, f := range now {
			if !gone[f.FilePath()] {
				*kind.into = append(*kind.into, f)
			}
			delete(gone, f.FilePath())
		}
		lost = lost || len(gone) > 0
	}
	return data, deletes, lost, nil
}
