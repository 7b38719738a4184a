package lake

import (
	"context"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/apache/iceberg-go"
	iceio "github.com/apache/iceberg-go/io"
	icetable "github.com/apache/iceberg-go/table"
	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"
)

// cloneable refuses a snapshot whose manifests a new table cannot take. A catalog numbers columns and partition specs
// of a new table by their order, and the manifests name them by number. Statements name columns of a clone as lakectl
// does, so these must be the table's names; engines take both cases for one.
func (s Snapshot) cloneable(ctx context.Context) error {
	t := s.table
	for _, c := range t.columns {
		if !strings.EqualFold(c.Name, c.Field.Name) {
			return WithHint(fmt.Errorf("another engine calls column %s %s: %w", c.Name, c.Field.Name, ErrUnsupported), "set engine to duckdb for this command")
		}
	}
	schema := t.writeSchema()
	fresh, err := iceberg.AssignFreshSchemaIDs(schema, nil)
	if err != nil {
		return err
	}
	_, manifests, err := s.manifests(ctx)
	if err != nil {
		return err
	}
	fits := sameFields(fresh, schema) && t.spec.ID() == 0
	for _, m := range manifests {
		fits = fits && m.PartitionSpecID() == 0
	}
	if !fits {
		return WithHint(fmt.Errorf("another engine added a partition spec, or a column between those of lakectl: %w", ErrUnsupported), "set engine to duckdb for this command")
	}
	return nil
}

// manifests are those of the snapshot, and the storage that they lie on.
func (s Snapshot) manifests(ctx context.Context) (iceio.IO, []iceberg.ManifestFile, error) {
	fs, err := s.table.FS(ctx)
	if err != nil {
		return nil, nil, err
	}
	manifests, err := s.ice.Manifests(fs)
	if err != nil {
		return nil, nil, fmt.Errorf("read manifest list of %s snapshot %d: %w", s.table.name, s.ID(), NameFile(s.ice.ManifestList, err))
	}
	return fs, manifests, nil
}

// makeClone makes the staging table that is on record and puts a snapshot into it that has the files of base. The
// manifests are copies and gc.enabled is false, so nobody who expires or drops the clone takes a file of its table.
func (l *Lake) makeClone(ctx context.Context, t *Table, s Staging, base Snapshot) error {
	props := t.stagingProperties()
	maps.Copy(props, iceberg.Properties{"gc.enabled": "false", "write.delete.mode": "merge-on-read", "commit.manifest-merge.enabled": "false"})
	made, err := l.makeStaging(ctx, t, s, props, nil)
	if err != nil {
		return err
	}
	next := icetable.Snapshot{
		SnapshotID: rand.Int64N(1<<62) + 1, SequenceNumber: base.Sequence(), TimestampMs: max(time.Now().UnixMilli(), made.LastUpdatedMillis()),
		SchemaID: &made.CurrentSchema().ID, Summary: &icetable.Summary{Operation: icetable.OpAppend, Properties: base.totals()},
	}
	folder := t.Location() + "/" + s.Folder() + "/metadata/"
	next.ManifestList = fmt.Sprintf("%ssnap-%d-0-%s.avro", folder, next.SnapshotID, uuid.NewString())
	if err := base.copyManifests(ctx, folder, next); err != nil {
		return fmt.Errorf("copy manifests: %w", err)
	}
	_, _, err = l.catalog.CommitTable(ctx, l.stagings().identifier(s.Name()), []icetable.Requirement{icetable.AssertTableUUID(made.TableUUID())}, []icetable.Update{
		icetable.NewAddSnapshotUpdate(&next), icetable.NewSetSnapshotRefUpdate(icetable.MainBranch, next.SnapshotID, icetable.BranchRef, 0, 0, 0),
	})
	return wrap(err, "give it the snapshot")
}

// copyManifests copies the manifests of the snapshot into a folder, and its list for another snapshot that has them.
func (s Snapshot) copyManifests(ctx context.Context, folder string, next icetable.Snapshot) error {
	local, err := LocalPath(folder)
	if err == nil {
		err = os.MkdirAll(filepath.Clean(local), 0o755)
	}
	if err != nil {
		return err
	}
	_, manifests, err := s.manifests(ctx)
	if err != nil {
		return err
	}
	to := make(map[string]string, len(manifests))
	workers, copying := errgroup.WithContext(ctx)
	workers.SetLimit(4)
	for i, m := range manifests {
		at := fmt.Sprintf("%s%s-m%d.avro", folder, uuid.NewString(), i)
		to[m.FilePath()] = at
		workers.Go(Safely(func() error { return copyWhole(copying, m.FilePath(), at) }))
	}
	if err := workers.Wait(); err != nil {
		return err
	}
	header := map[string]string{"snapshot-id": strconv.FormatInt(next.SnapshotID, 10), "parent-snapshot-id": "null"}
	_, err = CopyAvro(ctx, s.ice.ManifestList, next.ManifestList, false, header, func(m AvroRecord) error {
		path, _ := m["manifest_path"].(string)
		m["manifest_path"] = to[path]
		return nil
	})
	return err
}

// copyWhole copies a file byte by byte.
func copyWhole(ctx context.Context, from, to string) error {
	in, err := Open(ctx, from)
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // read only
	_, err = WriteWhole(ctx, to, func(out io.Writer) error {
		_, err := io.Copy(out, in)
		return err
	})
	return err
}

// totals are what the summary of the snapshot says of the table as a whole.
func (s Snapshot) totals() iceberg.Properties {
	totals := iceberg.Properties{}
	if s.ice.Summary != nil {
		maps.Copy(totals, s.ice.Summary.Properties)
	}
	maps.DeleteFunc(totals, func(key, _ string) bool { return !strings.HasPrefix(key, "total-") })
	return totals
}
