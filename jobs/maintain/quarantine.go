package maintain

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// QuarantineReport are the days of refused records that were dropped because their time has passed.
type QuarantineReport struct {
	Days  []string `json:"days"`
	Files int      `json:"files"`
	Rows  int64    `json:"rows"` // deleted ones among them
	Bytes int64    `json:"bytes"`
}

// dropAttempts bounds how often days are chosen again because others committed to quarantine meanwhile.
const dropAttempts = 10

// dropRefused takes whole days out of quarantine; the package comment says which. Their files go when the snapshots
// expire that still have them.
func (f *facts) dropRefused(ctx context.Context, env jobs.Env, o Options) (*QuarantineReport, error) {
	if o.Quarantine <= 0 || f.erasure.located { // then which deletes have landed is read from the snapshots of the table
		return nil, nil
	}
	for attempt := 1; ; attempt++ {
		now, err := env.Snapshot(ctx, catalog.Quarantine)
		if err != nil {
			return nil, err
		}
		days, gone, err := f.overdue(ctx, now, o.Quarantine)
		if err != nil || len(days) == 0 {
			return nil, err
		}
		report := reportDropped(days, gone)
		if o.DryRun {
			return report, nil
		}
		_, err = env.Lake.Commit(ctx, catalog.Quarantine, lake.Commit{Job: catalog.MaintainJob, Remove: gone, Stage: lake.IfUnmoved(now, nil)})
		if err == nil {
			env.Log.Info("dropped days of refused records", "days", len(report.Days), "files", report.Files, "rows", report.Rows)
			return report, nil
		}
		if !errors.Is(err, lake.ErrFenced) || attempt == dropAttempts {
			return nil, err
		}
		if err := lake.Pause(ctx, time.Duration(attempt)*20*time.Millisecond); err != nil {
			return nil, err
		}
	}
}

// overdue are the days that may go and their files: all rows of the day, and all files with them, are as old as the
// retention. A record that was received long ago and refused yesterday can be looked at for as long as any other.
func (f *facts) overdue(ctx context.Context, s lake.Snapshot, retention time.Duration) (days []int, gone []lake.File, err error) {
	data, err := s.Files(ctx)
	if err != nil {
		return nil, nil, err
	}
	deletes, err := s.DeleteFiles(ctx)
	if err != nil {
		return nil, nil, err
	}
	over := map[int]bool{}
	for _, file := range data {
		day, known := lake.PartitionValue(file).(int)
		if !known {
			continue // another engine wrote it, and nobody can tell its day
		}
		if all, seen := over[day]; seen && !all {
			continue
		}
		over[day], err = f.passed(ctx, file, day, retention)
		if err != nil {
			return nil, nil, err
		}
	}
	for _, file := range slices.Concat(data, deletes) {
		if day, known := lake.PartitionValue(file).(int); known && over[day] {
			gone = append(gone, file)
		}
	}
	for day, all := range over {
		if all {
			days = append(days, day)
		}
	}
	slices.Sort(days)
	return days, gone, nil
}

func (f *facts) passed(ctx context.Context, file lake.File, day int, retention time.Duration) (bool, error) {
	if f.now.Sub(lake.DayStart(day+1)) < retention {
		return false, nil
	}
	info, err := lake.Stat(ctx, file.FilePath())
	if err != nil {
		return false, fmt.Errorf("age of a file of %s: %w", catalog.Quarantine, err)
	}
	return f.now.Sub(info.ModTime()) >= retention, nil
}

func reportDropped(days []int, gone []lake.File) *QuarantineReport {
	r := &QuarantineReport{}
	for _, day := range days {
		r.Days = append(r.Days, lake.DayStart(day).Format(time.DateOnly))
	}
	for _, file := range gone {
		r.Files++
		r.Bytes += file.FileSizeBytes()
		if file.ContentType() == iceberg.EntryContentData {
			r.Rows += file.Count()
		}
	}
	return r
}
