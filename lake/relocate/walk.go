package relocate

import (
	"context"
	"fmt"

	"github.com/apache/iceberg-go"
	iceio "github.com/apache/iceberg-go/io"
	icetable "github.com/apache/iceberg-go/table"

	"github.com/lakectl/lakectl/lake"
)

// Load reads a metadata file.
func Load(uri string) (icetable.Metadata, error) {
	text, _, err := readMetadata(uri)
	if err != nil {
		return nil, err
	}
	meta, err := icetable.ParseMetadataBytes(text)
	if err != nil {
		return nil, fmt.Errorf("metadata file %s: %w", uri, err)
	}
	return meta, nil
}

// Walk visits every file that the retained snapshots of a table name: manifest lists, manifests, data and delete files,
// statistics. live is false for files that a snapshot removed and that need not be there. A file is visited once or
// more.
func Walk(ctx context.Context, meta icetable.Metadata, visit func(uri string, live bool) error) error {
	storage, err := iceio.LoadFS(ctx, nil, meta.Location())
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, s := range meta.Snapshots() {
		if err := visit(s.ManifestList, true); err != nil {
			return err
		}
		manifests, err := s.Manifests(storage)
		if err != nil {
			return fmt.Errorf("read manifest list of snapshot %d: %w", s.SnapshotID, err)
		}
		for _, m := range manifests {
			if seen[m.FilePath()] {
				continue
			}
			seen[m.FilePath()] = true
			if err := walkManifest(ctx, m, storage, visit); err != nil {
				return err
			}
		}
	}
	for f := range meta.Statistics() {
		if err := visit(f.StatisticsPath, true); err != nil {
			return err
		}
	}
	for f := range meta.PartitionStatistics() {
		if err := visit(f.StatisticsPath, true); err != nil {
			return err
		}
	}
	return nil
}

func walkManifest(ctx context.Context, m iceberg.ManifestFile, storage iceio.IO, visit func(string, bool) error) error {
	if err := visit(m.FilePath(), true); err != nil {
		return err
	}
	for e, err := range m.Entries(storage, false) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("read manifest %s: %w", m.FilePath(), err)
		}
		live := e.Status() != iceberg.EntryStatusDELETED
		if err := visit(e.DataFile().FilePath(), live); err != nil {
			return err
		}
		if target := e.DataFile().ReferencedDataFile(); target != nil {
			if err := visit(*target, false); err != nil {
				return err
			}
		}
	}
	return nil
}

// verify reads what was written the way the jobs will, and holds that all of it lies at the new place.
func verify(ctx context.Context, name, metadata, to string) error {
	meta, err := Load(metadata)
	if err != nil {
		return err
	}
	inside := Move{From: to, To: to}
	err = Walk(ctx, meta, func(uri string, _ bool) error {
		if _, ok := inside.Apply(uri); !ok {
			return fmt.Errorf("%s is not below %s: %w", uri, to, lake.ErrUnsupported)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("check the new metadata of table %s: %w", name, err)
	}
	return nil
}
