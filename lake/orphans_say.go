package lake

import (
	"context"
	"errors"
	"slices"
	"strings"
)

// errSays ends the reading of a manifest that tells values of columns.
var errSays = errors.New("it tells values")

// SaysNothing tells whether an orphan is metadata without any value of the columns: a metadata file, a manifest list,
// or a manifest whose entries have no bounds of them. What cannot be read to its end may have any value. So may the
// metadata of a table that has had more than one partition spec, for a spec may be by one of the columns.
func (t *Table) SaysNothing(ctx context.Context, f Orphan, columns []string) bool {
	if len(t.ice.Metadata().PartitionSpecs()) > 1 {
		return false
	}
	if strings.HasSuffix(f.Path, ".metadata.json") {
		return true
	}
	if !strings.HasSuffix(f.Path, ".avro") {
		return false
	}
	ids := t.fieldIDs(columns)
	_, err := CopyAvro(ctx, t.Location()+"/"+f.Path, "", true, nil, func(r AvroRecord) error {
		entry, isEntry := r["data_file"].(AvroRecord)
		_, isManifest := r["manifest_path"]
		if !isEntry && !isManifest || tellsBounds(entry, ids) {
			return errSays
		}
		return nil
	})
	return err == nil
}

// tellsBounds tells whether a data file of a manifest entry has bounds of columns. dropBounds knows how they lie in it.
func tellsBounds(file AvroRecord, ids []int) bool {
	for _, field := range []string{"lower_bounds", "upper_bounds"} {
		pairs, known := file[field].([]any)
		if !known && file[field] != nil || slices.ContainsFunc(pairs, func(p any) bool { return isBound(p, ids) }) {
			return true
		}
	}
	return false
}
