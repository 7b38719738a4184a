package lake

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	icetable "github.com/apache/iceberg-go/table"
	"github.com/google/uuid"
)

// manifestChange is how copies of manifests of main differ from them.
type manifestChange struct {
	doing string
	// find lists the manifests that must be written anew. None: nothing is done.
	find func(ctx context.Context, now Snapshot) (manifestsOf, error)
	// entry changes an entry, or leaves it out by [errLeftOut].
	entry func(t *Table) func(AvroRecord) error
	// list changes what the manifest list says of a copy; nil: nothing. says is the summary beside that of all commits.
	list func(AvroRecord)
	says func(now Snapshot) map[string]string
}

// manifestsOf are manifests to write anew, by path, and how many of their entries change. Those that keep no entry are
// not written.
type manifestsOf struct {
	paths, empty map[string]bool
	entries      int
}

// copied is a manifest that was written anew.
type copied struct {
	uri   string
	bytes int64
}

// changeManifests commits a snapshot of operation replace that differs from the current one by copies of manifests. It
// returns the snapshot, the current one where there was nothing to do.
func (l *Lake) changeManifests(ctx context.Context, name, job string, c manifestChange) (Snapshot, manifestsOf, error) {
	id, written := uuid.NewString(), map[string]copied{}
	var done manifestsOf
	var r rounds
	for r.next(ctx) {
		t, err := l.Table(ctx, name)
		if err != nil {
			r.notLoaded(err)
			continue
		}
		if landed, ok := t.Current().findCommit(id); ok {
			return landed, done, nil
		}
		if r.settled(t) {
			break
		}
		found, err := c.find(ctx, t.Current())
		if missing(err) { // it may have gone with a snapshot that was the current one until now
			r.notConfirmed(fmt.Errorf("%s: %w", c.doing, err))
			continue
		}
		if err != nil || len(found.paths) == 0 {
			return t.Current(), manifestsOf{}, wrap(err, c.doing)
		}
		done = found
		if err := t.onTime(time.Now()); err != nil {
			return Snapshot{}, manifestsOf{}, err
		}
		if err := l.replaceManifests(ctx, t, job, id, c, found, written); err != nil {
			l.log.Debug("manifests not confirmed", "table", name, "attempt", r.attempt, "error", err)
			r.notConfirmed(err)
		}
	}
	return Snapshot{}, manifestsOf{}, r.failed(c.doing, "check that the catalog and the warehouse can be written, then run the command again")
}

// replaceManifests is one attempt. What it wrote stays in written for the next.
func (l *Lake) replaceManifests(ctx context.Context, t *Table, job, commitID string, c manifestChange, found manifestsOf, written map[string]copied) error {
	now := t.Current()
	folder := t.MetadataURI()[:strings.LastIndex(t.MetadataURI(), "/")+1]
	for path := range found.paths {
		if _, done := written[path]; done || found.empty[path] {
			continue
		}
		to := folder + uuid.NewString() + "-m0.avro"
		bytes, err := CopyAvro(ctx, path, to, false, nil, c.entry(t))
		if err != nil {
			return err
		}
		written[path] = copied{to, bytes}
	}
	next, err := t.nextReplace(job, commitID, c)
	if err != nil {
		return err
	}
	next.ManifestList = fmt.Sprintf("%ssnap-%d-0-%s.avro", folder, next.SnapshotID, commitID)
	header := map[string]string{
		"snapshot-id": strconv.FormatInt(next.SnapshotID, 10), "parent-snapshot-id": strconv.FormatInt(now.ID(), 10),
		"sequence-number": strconv.FormatInt(next.SequenceNumber, 10),
	}
	_, err = CopyAvro(ctx, now.ice.ManifestList, next.ManifestList, false, header, func(m AvroRecord) error {
		path, _ := m["manifest_path"].(string)
		switch {
		case found.empty[path]:
			return errLeftOut
		case found.paths[path]:
			m["manifest_path"], m["manifest_length"] = written[path].uri, written[path].bytes
			if c.list != nil {
				c.list(m)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return l.commitSnapshot(ctx, t, &next, commitID)
}

// nextReplace is a snapshot on top of the current one that changes no rows.
func (t *Table) nextReplace(job, commitID string, c manifestChange) (icetable.Snapshot, error) {
	now := t.Current()
	var says map[string]string
	if c.says != nil {
		says = c.says(now)
	}
	props, err := Commit{Job: job}.summary(now, commitID, says)
	if err != nil {
		return icetable.Snapshot{}, err
	}
	totals := maps.Clone(now.ice.Summary.Properties)
	maps.DeleteFunc(totals, func(key, _ string) bool { return !strings.HasPrefix(key, "total-") })
	maps.Copy(props, totals)
	return icetable.Snapshot{
		SnapshotID: rand.Int64N(1<<62) + 1, ParentSnapshotID: &now.ice.SnapshotID, SequenceNumber: t.ice.Metadata().LastSequenceNumber() + 1,
		TimestampMs: max(time.Now().UnixMilli(), t.ice.Metadata().LastUpdatedMillis()), SchemaID: now.ice.SchemaID,
		Summary: &icetable.Summary{Operation: icetable.OpReplace, Properties: props},
	}, nil
}
