package lake

import (
	"context"
	"errors"
	"time"

	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"
	"github.com/google/uuid"
)

// ForgottenProperty is the table property that says when older metadata files were forgotten.
const ForgottenProperty = "lakectl.forgotten"

// ForgetMetadata takes the older metadata files of a table out of its log and deletes them, where one names a snapshot
// that has expired. The newest of them stays in the log. It returns how many it deleted. Killed between, the files are
// orphans.
func (l *Lake) ForgetMetadata(ctx context.Context, name string) (deleted int, err error) {
	mark, listed := time.Now().UTC().Format(time.RFC3339)+" "+uuid.NewString(), map[string]bool{}
	var r rounds
	for r.next(ctx) {
		t, err := l.Table(ctx, name)
		if err != nil {
			r.notLoaded(err)
			continue
		}
		if r.settled(t) {
			break
		}
		if t.Property(ForgottenProperty) == mark {
			return t.deleteUnlisted(ctx, listed)
		}
		stale, err := t.namesExpired(ctx)
		if err != nil || !stale {
			return 0, wrap(err, "read older metadata files of "+name)
		}
		for m := range t.ice.Metadata().PreviousFiles() {
			listed[m.MetadataFile] = true
		}
		if err := t.onTime(time.Now()); err != nil {
			return 0, err
		}
		requirements := []icetable.Requirement{icetable.AssertTableUUID(t.ice.Metadata().TableUUID())}
		updates := []icetable.Update{icetable.NewSetPropertiesUpdate(iceberg.Properties{ForgottenProperty: mark}), emptyLog{}}
		if _, _, err := l.catalog.CommitTable(ctx, l.identifier(name), requirements, updates); err != nil {
			l.log.Debug("older metadata not confirmed as forgotten", "table", name, "attempt", r.attempt, "error", err)
			r.notConfirmed(err)
		}
	}
	return 0, r.failed("forget older metadata files of "+name, "check that the catalog and the warehouse can be written, then run the command again")
}

// namesExpired tells whether an older metadata file that the table lists has a snapshot that the table has no more.
func (t *Table) namesExpired(ctx context.Context) (bool, error) {
	for m := range t.ice.Metadata().PreviousFiles() {
		old, err := icetable.NewFromLocation(ctx, t.ice.Identifier(), m.MetadataFile, t.ice.FS, nil)
		if missing(err) {
			continue
		}
		if err = errors.Join(err, ctx.Err()); err != nil {
			return false, NameFile(m.MetadataFile, err)
		}
		for _, s := range old.Metadata().Snapshots() {
			if t.ice.SnapshotByID(s.SnapshotID) == nil {
				return true, nil
			}
		}
	}
	return false, nil
}

// deleteUnlisted deletes metadata files that the table listed and lists no more.
func (t *Table) deleteUnlisted(ctx context.Context, listed map[string]bool) (int, error) {
	storage, err := t.FS(ctx)
	if err != nil {
		return 0, err
	}
	now := map[string]bool{t.MetadataURI(): true}
	for m := range t.ice.Metadata().PreviousFiles() {
		now[m.MetadataFile] = true
	}
	w := &sweep{storage: storage}
	for path := range listed {
		if !now[path] {
			w.remove(ctx, path, 0)
		}
	}
	return w.done.Files, errors.Join(append(w.failed, ctx.Err())...)
}

// emptyLog is the change of a table's metadata that lists no older metadata file; the one that is replaced is listed
// after it. The catalogs that are served apply changes in this process.
type emptyLog struct{}

// Action names the change.
func (emptyLog) Action() string { return "lakectl-empty-metadata-log" }

// Apply implements [icetable.Update].
func (emptyLog) Apply(b *icetable.MetadataBuilder) error {
	b.TrimMetadataLogs(0)
	return nil
}

// PostCommit implements [icetable.Update].
func (emptyLog) PostCommit(context.Context, *icetable.Table, *icetable.Table) error { return nil }
