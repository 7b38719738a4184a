package lake

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/apache/iceberg-go"
)

// Unknown is the [PartitionValue] of a file that another engine wrote under a partition spec of its own and whose
// bounds do not tell either: it may hold rows of any partition.
type Unknown struct{}

// PartitionValue is the value of a file in the single field of the partition spec that lakectl made the table with:
// days or months since 1970 as int, a string for identity, nil for an unpartitioned table. For a file under another
// spec it is worked out from that spec or from the bounds of the column, and [Unknown] where they do not say.
func PartitionValue(f iceberg.DataFile) any {
	if file, ok := f.(File); ok && file.placed {
		return file.partition
	}
	for _, v := range f.Partition() {
		return plainPartition(v)
	}
	return nil
}

func plainPartition(v any) any {
	switch n := v.(type) {
	case int32:
		return int(n)
	case int64:
		return int(n)
	case iceberg.Date:
		return int(n)
	default:
		return v
	}
}

// RefuseUnknown is [ErrUnfit] where a file of a table is of an [Unknown] partition: whoever replaces partitions as a
// whole can neither leave such a file nor take it away.
func (s Snapshot) RefuseUnknown(files []File) error {
	for _, f := range files {
		if PartitionValue(f) == (Unknown{}) {
			return s.table.unfit(fmt.Sprintf("another engine wrote file %s under partition spec %d, which does not say what partition it belongs to", f.FilePath(), f.SpecID()),
				"make spec "+fmt.Sprint(s.table.spec.ID())+" the table's spec again in that engine and let it rewrite the file there, or roll the table back; then run the command again")
		}
	}
	return nil
}

// file is a manifest entry as a file with its partition.
func (t *Table) file(e iceberg.ManifestEntry) File {
	return File{DataFile: e.DataFile(), AddedBy: e.SnapshotID(), Sequence: e.SequenceNum(), partition: t.partitionOfFile(e.DataFile()), placed: true}
}

func (t *Table) partitionOfFile(f iceberg.DataFile) any {
	if t.spec.NumFields() == 0 {
		return nil
	}
	ours := t.spec.Field(0)
	if int(f.SpecID()) == t.spec.ID() {
		return plainPartition(f.Partition()[ours.FieldID])
	}
	if spec := t.ice.Metadata().PartitionSpecByID(int(f.SpecID())); spec != nil {
		for _, theirs := range spec.Fields() {
			if len(theirs.SourceIDs) != 1 || theirs.SourceIDs[0] != ours.SourceIDs[0] {
				continue
			}
			if value, ok := coarser(theirs.Transform, ours.Transform, plainPartition(f.Partition()[theirs.FieldID])); ok {
				return value
			}
		}
	}
	return boundPartition(f, ours)
}

// coarser turns a partition value of one transform into that of another, which holds all of it.
func coarser(from, to iceberg.Transform, value any) (any, bool) {
	if from.Equals(to) {
		return value, true
	}
	n, ok := value.(int)
	if !ok {
		return nil, false
	}
	_, hourly := from.(iceberg.HourTransform)
	_, daily := from.(iceberg.DayTransform)
	var at time.Time
	switch {
	case hourly:
		at = time.Unix(int64(n)*3600, 0)
	case daily:
		at = DayStart(n)
	default:
		return nil, false
	}
	return timePartition(to, at)
}

func timePartition(to iceberg.Transform, at time.Time) (any, bool) {
	switch to.(type) {
	case iceberg.DayTransform:
		return Day(at), true
	case iceberg.MonthTransform:
		return int(MonthOf(at)), true
	}
	return nil, false
}

// boundPartition is the partition of a file all of whose rows lie in one, as the bounds of the column say.
func boundPartition(f iceberg.DataFile, ours iceberg.PartitionField) any {
	source := ours.SourceIDs[0]
	lower, upper := f.LowerBoundValues()[source], f.UpperBoundValues()[source]
	nulls, counted := f.NullValueCounts()[source]
	if !counted || nulls != 0 {
		return Unknown{}
	}
	const truncated = 16 // texts of that length may be the beginnings of longer ones
	if _, identity := ours.Transform.(iceberg.IdentityTransform); identity {
		if len(lower) > 0 && len(lower) < truncated && string(lower) == string(upper) {
			return string(lower)
		}
		return Unknown{}
	}
	earliest, isTime := boundTime(lower)
	latest, _ := boundTime(upper)
	from, ok := timePartition(ours.Transform, earliest)
	to, _ := timePartition(ours.Transform, latest)
	if !isTime || len(lower) != len(upper) || !ok || from != to {
		return Unknown{}
	}
	return from
}

// DaysOf are the first and the last day, in days since 1970, on which instants of a column of a file lie, as its bounds
// say; false where nothing is said.
func (t *Table) DaysOf(f File, column string) (first, last int, ok bool) {
	c, _ := t.Column(column)
	earliest, lower := boundTime(f.LowerBoundValues()[c.Field.ID])
	latest, upper := boundTime(f.UpperBoundValues()[c.Field.ID])
	return Day(earliest), Day(latest), lower && upper
}

// boundTime reads the bound of a column of dates or instants.
func boundTime(bound []byte) (time.Time, bool) {
	switch len(bound) {
	case 4:
		return DayStart(int(int32(binary.LittleEndian.Uint32(bound)))), true
	case 8:
		return time.UnixMicro(int64(binary.LittleEndian.Uint64(bound))), true
	}
	return time.Time{}, false
}
