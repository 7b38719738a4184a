package lake

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	icetable "github.com/apache/iceberg-go/table"
)

// Ref is a branch or a tag of a table.
type Ref struct {
	Name       string
	SnapshotID int64
	Branch     bool
	MaxAge     time.Duration // counted from the snapshot's time, as every engine does; 0: it is kept
}

// maxRefAgeProperty is the age of refs that say none of their own.
const maxRefAgeProperty = "history.expire.max-ref-age-ms"

// NamedRefs lists the table's branches and tags by name, main among them. An age is the ref's own.
func (t *Table) NamedRefs() []Ref {
	var refs []Ref
	for name, ref := range t.ice.Metadata().Refs() {
		r := Ref{Name: name, SnapshotID: ref.SnapshotID, Branch: ref.SnapshotRefType == icetable.BranchRef}
		if ref.MaxRefAgeMs != nil {
			r.MaxAge = milliseconds(*ref.MaxRefAgeMs)
		}
		refs = append(refs, r)
	}
	slices.SortFunc(refs, func(a, b Ref) int { return strings.Compare(a.Name, b.Name) })
	return refs
}

func (t *Table) ref(name string) (Ref, bool) {
	for _, r := range t.NamedRefs() {
		if r.Name == name {
			return r, true
		}
	}
	return Ref{}, false
}

// RefAge is the age that the table gives to refs without one of their own, 0 for none.
func (t *Table) RefAge() time.Duration {
	return milliseconds(int64(t.ice.Properties().GetInt(maxRefAgeProperty, 0)))
}

// milliseconds is a duration; what passes its range is for ever.
func milliseconds(n int64) time.Duration {
	if n <= 0 || n > int64(1<<63-1)/int64(time.Millisecond) {
		return 0
	}
	return time.Duration(n) * time.Millisecond
}

const maxTagBytes = 100

// CheckTagName says what is wrong with a tag's name. A name is used where a time or the id of a snapshot may stand
// too, so it must look like neither: it needs a letter.
func CheckTagName(name string) error {
	letter := false
	for i, c := range []byte(name) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
			letter = true
		case c >= '0' && c <= '9', i > 0 && (c == '-' || c == '_' || c == '.'):
		default:
			return badTag(name)
		}
	}
	if !letter || len(name) > maxTagBytes || name == icetable.MainBranch {
		return badTag(name)
	}
	return nil
}

func badTag(name string) error {
	if len(name) > maxTagBytes {
		name = name[:maxTagBytes] + "..."
	}
	return WithHint(fmt.Errorf("tag %q is no name for a snapshot", name),
		"use up to %d letters, digits, - _ and ., with a letter in it and none of - _ . in front, such as audit-2026", maxTagBytes)
}

// Tag names a snapshot of a table; maxAge 0 keeps it until the tag is dropped. A tag never moves: where one of that
// name is on another snapshot, or comes there first, the error is [ErrFenced]. Tagging a snapshot again only sets the
// age.
func (l *Lake) Tag(ctx context.Context, tag string, s Snapshot, maxAge time.Duration) error {
	doing := fmt.Sprintf("tag snapshot %d of %s", s.ID(), s.table.name)
	if err := CheckTagName(tag); err != nil {
		return err
	}
	if maxAge > 0 { // 0 would keep it
		maxAge = max(maxAge.Truncate(time.Millisecond), time.Millisecond)
	}
	if s.ID() == 0 {
		return WithHint(fmt.Errorf("tag %s: table %s has no snapshot yet: %w", tag, s.table.name, ErrNotFound), "tag it when there are rows in it")
	}
	return l.changeRefs(ctx, s.table.name, doing, func(now *Table) ([]icetable.Requirement, []icetable.Update, error) {
		if _, err := now.ByID(s.ID()); err != nil {
			return nil, nil, err
		}
		var was *int64 // none: a ref that does not exist
		if r, there := now.ref(tag); there {
			if r.SnapshotID != s.ID() || r.Branch {
				return nil, nil, tagTaken(now, r)
			}
			if r.MaxAge == maxAge {
				return nil, nil, nil
			}
			was = &r.SnapshotID
		}
		return []icetable.Requirement{icetable.AssertRefSnapshotID(tag, was)},
			[]icetable.Update{icetable.NewSetSnapshotRefUpdate(tag, s.ID(), icetable.TagRef, maxAge.Milliseconds(), 0, 0)}, nil
	})
}

func tagTaken(t *Table, r Ref) error {
	if r.Branch {
		return WithHint(fmt.Errorf("%s is a branch of table %s: %w", r.Name, t.name, ErrFenced), "choose another name")
	}
	return WithHint(fmt.Errorf("tag %s of table %s already names snapshot %d: %w", r.Name, t.name, r.SnapshotID, ErrFenced),
		"a tag is never moved: choose another name, or drop it with 'lakectl tag --drop %s %s'", t.name, r.Name)
}

// DropRefs drops the branches and tags that choose picks of the table as it is then, and returns them. The snapshots
// stay until they are expired.
func (l *Lake) DropRefs(ctx context.Context, name string, choose func(now *Table) []Ref) ([]Ref, error) {
	tried := map[string]Ref{}
	err := l.changeRefs(ctx, name, "drop tags of "+name, func(now *Table) (need []icetable.Requirement, do []icetable.Update, err error) {
		for _, r := range choose(now) {
			if r.Name == icetable.MainBranch {
				return nil, nil, fmt.Errorf("drop %s of table %s: %w", r.Name, name, ErrUnsupported)
			}
			tried[r.Name] = r
			need = append(need, icetable.AssertRefSnapshotID(r.Name, &r.SnapshotID))
			do = append(do, icetable.NewRemoveSnapshotRefUpdate(r.Name))
		}
		return need, do, nil
	})
	dropped := make([]Ref, 0, len(tried))
	for _, r := range tried {
		dropped = append(dropped, r)
	}
	slices.SortFunc(dropped, func(a, b Ref) int { return strings.Compare(a.Name, b.Name) })
	return dropped, err
}

// changeRefs commits a change of branches and tags. stage is called with the table before each attempt: nothing to
// do ends it, which is how an answer that was lost is found to have landed, and an error ends it too.
func (l *Lake) changeRefs(ctx context.Context, name, doing string, stage func(now *Table) ([]icetable.Requirement, []icetable.Update, error)) error {
	var r rounds
	for r.next(ctx) {
		now, err := l.Table(ctx, name)
		if err != nil {
			r.notLoaded(err)
			continue
		}
		need, do, err := stage(now)
		if err == nil && len(do) > 0 {
			err = now.onTime(time.Now())
		}
		if err != nil || len(do) == 0 {
			return wrap(err, doing)
		}
		if r.settled(now) {
			break
		}
		need = append(need, icetable.AssertTableUUID(now.ice.Metadata().TableUUID()))
		after, _, err := l.catalog.CommitTable(ctx, l.identifier(name), need, do)
		if err == nil {
			now.dropOldMetadata(ctx, l.log, after)
			return nil
		}
		l.log.Debug("change of tags not confirmed", "table", name, "attempt", r.attempt, "error", err)
		r.notConfirmed(err)
	}
	return r.failed(doing, "check that the catalog and the warehouse can be written, then run the command again")
}

// dropOldMetadata deletes the metadata files that a commit past the library took off the table's list, as the
// library does after its own. One that stays does no harm.
func (t *Table) dropOldMetadata(ctx context.Context, log *slog.Logger, after icetable.Metadata) {
	if !after.Properties().GetBool(icetable.MetadataDeleteAfterCommitEnabledKey, icetable.MetadataDeleteAfterCommitEnabledDefault) {
		return
	}
	listed := map[string]bool{}
	for m := range after.PreviousFiles() {
		listed[m.MetadataFile] = true
	}
	fs, err := t.FS(ctx)
	for m := range t.ice.Metadata().PreviousFiles() {
		if err == nil && !listed[m.MetadataFile] {
			err = fs.Remove(m.MetadataFile)
		}
	}
	if err != nil && !missing(err) {
		log.Debug("old metadata file not deleted", "table", t.name, "error", err)
	}
}
