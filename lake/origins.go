package lake

import (
	"context"
	"fmt"

	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"
)

// Origins lists the data files that some snapshot of the table has and s has not, and from which rows of live files
// of s may come: those that rewrites took up, and those that they took up in turn. What a row of s was in before is
// among them as long as a snapshot keeps it. They may be too many, never too few: where nothing tells how a file was
// made, all older ones of its partition count.
//
// The manifests of all snapshots are read, each once, unless all of the files are known to have been appended.
func (s Snapshot) Origins(ctx context.Context, files []File) ([]File, error) {
	var made []span
	for _, f := range files {
		if m, rewritten := s.madeOf(f); rewritten {
			made = append(made, m)
		}
	}
	if len(made) == 0 {
		return nil, nil
	}
	live, err := s.Files(ctx)
	if err != nil {
		return nil, err
	}
	known := make(map[string]bool, len(live))
	for _, f := range live {
		known[f.FilePath()] = true
	}
	var list []File
	err = s.table.everyFile(ctx, func(f File) {
		if known[f.FilePath()] {
			return
		}
		for _, m := range made {
			if m.mayHold(f) {
				known[f.FilePath()] = true
				list = append(list, f)
				return
			}
		}
	})
	return list, err
}

// span is where rows of a file come from: its partition, and the sequence numbers of the commits that brought them.
type span struct {
	partition      any
	since, through int64
}

// madeOf is where the rows of a live file of s come from, and whether they may have been in another file.
func (s Snapshot) madeOf(f File) (span, bool) {
	m := span{partition: PartitionValue(f)}
	by := s.table.ice.SnapshotByID(f.AddedBy)
	m.since, m.through = s.Came(f)
	if by != nil && by.Summary != nil && by.Summary.Operation != icetable.OpReplace {
		m.since = 0
		return m, by.Summary.Operation != icetable.OpAppend
	}
	return m, true
}

func (m span) mayHold(f File) bool {
	if f.Sequence < m.since || f.Sequence > m.through {
		return false
	}
	here, known := m.partition.(int)
	there, also := PartitionValue(f).(int)
	return !known || !also || here == there
}

// everyFile visits the live data files of all snapshots of the table: a file once for each manifest that has it.
func (t *Table) everyFile(ctx context.Context, visit func(File)) error {
	storage, err := t.FS(ctx)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, s := range t.Snapshots() {
		manifests, err := s.ice.Manifests(storage)
		if err != nil {
			return fmt.Errorf("read manifest list of %s snapshot %d: %w", t.name, s.ID(), NameFile(s.ice.ManifestList, err))
		}
		for _, m := range manifests {
			if m.ManifestContent() != iceberg.ManifestContentData || seen[m.FilePath()] {
				continue
			}
			seen[m.FilePath()] = true
			for e, err := range m.Entries(storage, true) {
				if err != nil {
					return fmt.Errorf("read manifest of %s snapshot %d: %w", t.name, s.ID(), NameFile(m.FilePath(), err))
				}
				visit(t.file(e))
			}
			if err := ctx.Err(); err != nil {
				return err
			}
		}
	}
	return nil
}
