package purge

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/erase/book"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/strip"
)

// One commit has so many files, or so many bytes, at most: who loses a race to a compaction does that much again.
const (
	filesPerCommit = 64
	bytesPerCommit = 1 << 30
	passes         = 5
)

// rewriteTable rewrites the files of a table that have deleted rows, but for those that a hold keeps.
func (r *run) rewriteTable(ctx context.Context, table string) error {
	for pass := 1; ; pass++ {
		again, err := r.rewriteSome(ctx, table)
		if errors.Is(err, lake.ErrFenced) && pass < passes {
			r.env.Log.Debug("a rewrite lost to another commit", "table", table, "pass", pass, "error", err)
			continue
		}
		if err != nil || !again {
			return err
		}
		pass = 0
	}
}

// rewriteSome rewrites as many as one commit has; again says that there may be more.
func (r *run) rewriteSome(ctx context.Context, table string) (again bool, err error) {
	base, err := r.env.Snapshot(ctx, table)
	if err != nil {
		return false, err
	}
	inputs, gone, err := r.inputs(ctx, base)
	if err != nil || len(inputs) == 0 {
		return false, err
	}
	if lagging := r.needs.Behind(base.Table(), newestSequence(ctx, base, inputs)); len(lagging) > 0 {
		r.wait(table, lagging)
		return false, nil
	}
	inputs, err = r.fit(ctx, base, inputs, gone)
	if err != nil {
		return false, err
	}
	inputs, outputs, to, err := r.strippedAll(ctx, base, inputs, gone)
	if err != nil || len(inputs) == 0 {
		return err == nil, err
	}
	if err := r.record(ctx, table, inputs, gone); err != nil {
		return false, err
	}
	moved := func(input string, rows []int64) (map[string][]int64, error) {
		if to[input] == "" {
			return nil, nil
		}
		return map[string][]int64{to[input]: strip.Moved(rows, gone[input])}, nil
	}
	after, err := r.env.Lake.Rewrite(ctx, lake.Rewrite{
		Job: catalog.DeletionsJob, Base: base, Inputs: inputs, Outputs: outputs, Moved: moved, Verify: r.env.Duck.Verify,
		Carry: func(ctx context.Context, carried []lake.Carried) error { return book.Carry(ctx, r.env, table, carried) },
	})
	if err != nil {
		return false, err
	}
	r.noteRewrite(table, after, inputs, outputs, gone)
	return true, nil
}

// record puts files on record that are not, before they are rewritten: their rows were deleted by somebody else than an
// erasure. So their snapshots are found whenever the run dies.
func (r *run) record(ctx context.Context, table string, inputs []lake.File, gone map[string][]int64) error {
	var unknown []lake.Carried
	for _, f := range inputs {
		if !r.work.paths[table][f.FilePath()] {
			unknown = append(unknown, lake.Carried{Output: f.FilePath(), Rows: int64(len(gone[f.FilePath()]))})
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	if err := book.Carry(ctx, r.env, table, unknown); err != nil {
		return err
	}
	for _, f := range unknown {
		put(r.work.paths, table, f.Output, true)
	}
	return nil
}

// strippedAll writes files without their deleted rows: done are those that could be read, and to says what became of
// them, unless no row is left.
func (r *run) strippedAll(ctx context.Context, base lake.Snapshot, inputs []lake.File, gone map[string][]int64) (done []lake.File, outputs []iceberg.DataFile, to map[string]string, err error) {
	to = map[string]string{}
	table := base.Table().Name()
	for i, f := range inputs {
		r.env.Progress(fmt.Sprintf("purge: rewriting file %d of %d of %s", i+1, len(inputs), table))
		s, err := r.stripped(ctx, base.Table(), f, gone[f.FilePath()])
		if err != nil {
			if err := r.leaveUnfit(ctx, table, f, gone[f.FilePath()], err); err != nil {
				return nil, nil, nil, err
			}
			continue
		}
		done = append(done, f)
		if s.File != nil {
			outputs, to[f.FilePath()] = append(outputs, s.File), s.File.FilePath()
		}
	}
	return done, outputs, to, nil
}

func fieldsOf(t *lake.Table) []iceberg.NestedField {
	columns := t.Columns()
	fields := make([]iceberg.NestedField, len(columns))
	for i, c := range columns {
		fields[i] = c.Field
	}
	return fields
}

// inputs are the files to rewrite with one commit, and their deleted rows.
func (r *run) inputs(ctx context.Context, base lake.Snapshot) (inputs []lake.File, gone map[string][]int64, err error) {
	files, err := base.Files(ctx)
	if err != nil {
		return nil, nil, err
	}
	files = slices.DeleteFunc(files, func(f lake.File) bool { return r.left[f.FilePath()] })
	if gone, err = base.DeletedRows(ctx, r.env.Duck.Verify, files); err != nil {
		return nil, nil, err
	}
	files = r.leaveHeld(base.Table().Name(), files, gone)
	bytes := int64(0)
	for _, f := range files {
		if len(gone[f.FilePath()]) == 0 {
			continue
		}
		if len(inputs) > 0 && (len(inputs) == filesPerCommit || bytes+f.FileSizeBytes() > bytesPerCommit) {
			break
		}
		inputs, bytes = append(inputs, f), bytes+f.FileSizeBytes()
	}
	return inputs, gone, nil
}

// newestSequence is that of the newest commit whose rows, or row deletes, some files have.
func newestSequence(ctx context.Context, base lake.Snapshot, files []lake.File) (newest int64) {
	of := map[string]bool{}
	for _, f := range files {
		of[f.FilePath()], newest = true, max(newest, f.Sequence)
	}
	deletes, err := base.DeleteFiles(ctx)
	if err != nil {
		return base.Sequence()
	}
	for _, d := range deletes {
		if ref := d.ReferencedDataFile(); ref == nil || of[*ref] {
			newest = max(newest, d.Sequence)
		}
	}
	return newest
}

// stripped writes a file without its deleted rows, reads it back from the disk, and holds one against the other.
func (r *run) stripped(ctx context.Context, t *lake.Table, f lake.File, gone []int64) (strip.Stripped, error) {
	s, err := strip.File(ctx, t, f, gone, catalog.DeletionsJob)
	if err != nil {
		return s, fmt.Errorf("rewrite file %s: %w", f.FilePath(), err)
	}
	back, err := s.ReadBack(ctx)
	if want := f.Count() - int64(len(gone)); err == nil && back.Equal(s.Kept) && back.Rows == want {
		return s, nil
	}
	to := "none"
	if s.File != nil {
		to = s.File.FilePath()
	}
	return s, lake.WithHint(fmt.Errorf("file %s has %s, and of %s %s are left: %w", to, back, f.FilePath(), s.Kept, errors.Join(jobs.ErrProof, err)),
		"nothing was committed and the table is as it was; check the disk and the memory of this machine, then run the command again")
}

func (r *run) noteRewrite(table string, after lake.Snapshot, inputs []lake.File, outputs []iceberg.DataFile, gone map[string][]int64) {
	t := r.report.table(table)
	read, written, rows := int64(0), int64(0), int64(0)
	for _, f := range inputs {
		read, rows = read+f.FileSizeBytes(), rows+int64(len(gone[f.FilePath()]))
	}
	for _, f := range outputs {
		written += f.FileSizeBytes()
	}
	t.Files, t.BytesRead, t.BytesWritten, t.Rows = t.Files+len(inputs), t.BytesRead+read, t.BytesWritten+written, t.Rows+rows
	r.env.Log.Info("rewrote files without erased rows", "table", table, "snapshot_id", after.ID(), "files", len(inputs), "rows", rows, "bytes_read", read, "bytes_written", written)
}
