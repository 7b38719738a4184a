package lake

import (
	"context"
	"time"

	"github.com/apache/iceberg-go"
)

// smallFile is the size below which a data file is one that maintenance should put together with others.
const smallFile = 32 << 20

// Debt is what a table has grown that maintenance takes away again.
type Debt struct {
	Table       string     `json:"table"`
	Snapshots   int        `json:"snapshots"`   // each costs every commit to the table
	SmallFiles  int        `json:"small_files"` // data files below 32 MiB
	DeleteFiles int        `json:"delete_files"`
	Oldest      *time.Time `json:"oldest_snapshot_at"` // null without any
}

// Debt counts it. It reads the manifests of the snapshot.
func (s Snapshot) Debt(ctx context.Context) (Debt, error) {
	all := s.table.Snapshots()
	d := Debt{Table: s.table.name, Snapshots: len(all)}
	if len(all) > 0 {
		at := all[0].Time()
		d.Oldest = &at
	}
	err := s.entries(ctx, 0, true, func(e iceberg.ManifestEntry) {
		switch f := e.DataFile(); {
		case f.ContentType() != iceberg.EntryContentData:
			d.DeleteFiles++
		case f.FileSizeBytes() < smallFile:
			d.SmallFiles++
		}
	})
	return d, err
}

// Retained is how many snapshots the table has, without looking at them.
func (t *Table) Retained() int { return len(t.ice.Metadata().Snapshots()) }
