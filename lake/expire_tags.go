package lake

import (
	"context"
	"errors"
	"fmt"

	icetable "github.com/apache/iceberg-go/table"
)

// tagKept looks for a tag that the newest attempt took with it, once the table is loaded again.
func (x *expiry) tagKept(ctx context.Context, now *Table) error {
	if x.asked == nil {
		return nil
	}
	if x.answer == nil {
		return x.tagLost(ctx, x.asked, now.ice.Metadata(), false)
	}
	err := x.tagLost(ctx, x.asked, x.answer, true)
	x.asked = nil
	return err
}

// tagLost finds the tag that an expiry took with it: one that was made on a chosen snapshot after asked was loaded and
// before the catalog committed. Only a REST server can have let that pass, for its protocol has no way to ask that no
// ref is new. Its table does not tell of such a tag any more. The metadata that the commit replaced does.
//
// It is not asked where the catalog checked the refs itself. Nothing is read where the commit replaced the very
// metadata that was asked about. after is the answer of the commit; where that was lost, the table as it is now, and
// then any metadata since asked may be the one that was replaced.
func (x *expiry) tagLost(ctx context.Context, asked *Table, after icetable.Metadata, confirmed bool) error {
	gone := func(id int64) bool {
		_, tried := x.tried[id]
		return tried && after.SnapshotByID(id) == nil && asked.ice.SnapshotByID(id) != nil
	}
	replaced, whole := asked.since(after, confirmed)
	for _, file := range replaced {
		was, err := icetable.NewFromLocation(ctx, asked.ice.Identifier(), file, asked.ice.FS, nil)
		if missing(err) {
			whole = false
			continue
		}
		if err = errors.Join(err, ctx.Err()); err != nil {
			return WithHint(fmt.Errorf("look for new tags of %s before files are deleted: %w", asked.name, NameFile(file, err)), keptHint)
		}
		for name, id := range refsOf(was.Metadata()) {
			if gone(id) {
				return WithHint(fmt.Errorf("tag %s of %s was made while its snapshot %d was expired, and the catalog let both go", name, asked.name, id),
					"no file was deleted: metadata file %s still tells of the snapshot; copy what it names until a sweep of orphans deletes it (orphans.grace)", file)
			}
		}
	}
	for id := range x.tried {
		if !whole && gone(id) {
			return WithHint(fmt.Errorf("expire snapshots of %s: the metadata they were taken from is gone, so nobody can tell whether a tag was made meanwhile", asked.name), keptHint)
		}
	}
	return nil
}

const keptHint = "no file was deleted; those of expired snapshots go with the next sweep of orphans (orphans.grace)"

// since lists the metadata files that came after t and up to after, which is in none of them: of a commit that was
// confirmed the one that it replaced. whole is false where the table no longer lists them all.
func (t *Table) since(after icetable.Metadata, confirmed bool) (files []string, whole bool) {
	for m := range after.PreviousFiles() {
		if m.MetadataFile == t.MetadataURI() {
			files, whole = nil, true
			continue
		}
		files = append(files, m.MetadataFile)
	}
	if confirmed && len(files) > 0 {
		return files[len(files)-1:], true
	}
	return files, whole
}
