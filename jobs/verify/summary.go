package verify

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strconv"

	"github.com/lakectl/lakectl/lake"
)

// The totals of a snapshot's summary that files tell as well.
const (
	totalRecords   = "total-records"
	totalFiles     = "total-data-files"
	totalPositions = "total-position-deletes"
)

// summed holds the summary of a snapshot against what it has. A writer adds to the totals of the snapshot before, so
// one that said nothing, or something else, makes all after it wrong for ever. So the totals must be as far off as they
// were in the oldest snapshot from which they were carried on.
func (l *look) summed(ctx context.Context, s lake.Snapshot, r *Rows, has map[string]int64) error {
	for _, key := range slices.Sorted(maps.Keys(has)) {
		text := s.Property(key)
		if text == "" {
			continue
		}
		says, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			r.wrong("the summary of snapshot %d says %s %s", s.ID(), key, text)
			continue
		}
		if says == has[key] {
			continue
		}
		off, known, err := offBefore(ctx, s, key)
		if err != nil {
			return err
		}
		if known && says-has[key] != off {
			r.wrong("the summary of snapshot %d says %s %d, and it is %d", s.ID(), key, says, has[key])
		}
	}
	return nil
}

// offBefore is by how much a total is more than what the manifests say, in the oldest snapshot from which it was
// carried on; 0 where there is none but s. It is not known where the snapshot before s did not say the total.
func offBefore(ctx context.Context, s lake.Snapshot, key string) (off int64, known bool, err error) {
	all := s.Ancestors()
	silent := slices.IndexFunc(all, func(at lake.Snapshot) bool { return at.Property(key) == "" })
	if silent == 1 {
		return 0, false, nil
	}
	if silent > 0 {
		all = all[:silent]
	}
	oldest := all[len(all)-1]
	if oldest.ID() == s.ID() {
		return 0, true, nil
	}
	says, err := strconv.ParseInt(oldest.Property(key), 10, 64)
	if err != nil {
		return 0, false, nil //nolint:nilerr // nobody could carry it on
	}
	has, err := counted(ctx, oldest)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, lake.ErrUnsupported) { // it expired just now, or had deletes of another kind
		return 0, true, nil
	}
	return says - has[key], err == nil, err
}

// counted are the totals of a snapshot by its manifests.
func counted(ctx context.Context, s lake.Snapshot) (map[string]int64, error) {
	files, err := s.Files(ctx)
	if err != nil {
		return nil, err
	}
	deletes, err := s.DeleteFiles(ctx)
	has := map[string]int64{totalFiles: int64(len(files))}
	for _, f := range files {
		has[totalRecords] += f.Count()
	}
	for _, f := range deletes {
		has[totalPositions] += f.Count()
	}
	return has, err
}
