package lake

import "context"

// CountRows is how many rows a snapshot has, as its manifests say: no data file is opened. told is false where only the
// files can say it: another engine wrote one, or a delete file that is not the only one of a live data file.
func (s Snapshot) CountRows(ctx context.Context) (rows int64, told bool, err error) {
	data, err := s.Files(ctx)
	if err != nil {
		return 0, false, err
	}
	deletes, err := s.DeleteFiles(ctx)
	if err != nil {
		return 0, false, err
	}
	left := make(map[string]int64, len(data)) // rows of data files without a delete file so far
	for _, f := range data {
		if _, ours := sealName(f.FilePath()); !ours {
			return 0, false, nil
		}
		left[f.FilePath()] = f.Count()
		rows += f.Count()
	}
	if len(left) < len(data) {
		return 0, false, nil
	}
	for _, f := range deletes {
		// Only of its own delete files lakectl knows that each position is there once, and in the data file
		// ([Table.writeDeletes]).
		_, ours := sealName(f.FilePath())
		one := f.ReferencedDataFile()
		if !ours || one == nil {
			return 0, false, nil
		}
		has, once := left[*one]
		if !once || f.Count() > has {
			return 0, false, nil
		}
		delete(left, *one)
		rows -= f.Count()
	}
	return rows, true, nil
}
