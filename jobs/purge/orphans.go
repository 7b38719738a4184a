package purge

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs/erase/book"
)

// margin is how much longer than to a table's last rewrite files count that nobody refers to: the clocks of the store
// and of this machine may differ.
const margin = time.Minute

// orphan is a file that nothing refers to, too young to be deleted.
type orphan struct {
	table    string
	modified time.Time
	bytes    int64
}

// sweep deletes the orphans of a table that are old enough.
func (r *run) sweep(ctx context.Context, table string) error {
	plan, err := r.env.Lake.PlanOrphans(ctx, table)
	if err != nil {
		return err
	}
	done, err := r.env.Lake.SweepOrphans(ctx, plan)
	t := r.report.table(table)
	t.Objects, t.BytesRemoved = t.Objects+done.Files, t.BytesRemoved+done.Bytes
	if err != nil {
		return err
	}
	r.swept = append(r.swept, table)
	return nil
}

// findYoung notes the younger orphans that may have rows, after all else is done to the tables: a compaction that began
// before the rows went may write its files until it loses to this purge, and may die before it takes them away.
func (r *run) findYoung(ctx context.Context) error {
	for _, table := range r.swept {
		now, err := r.env.Snapshot(ctx, table)
		if err != nil {
			return err
		}
		young, err := r.env.Lake.YoungOrphans(ctx, table)
		if err != nil {
			return err
		}
		for _, f := range young {
			if !isChecksum(f.Path) && !now.Table().SaysNothing(ctx, f, catalog.PersonalColumns(table)) {
				r.young = append(r.young, orphan{table, f.Modified, f.Bytes})
			}
		}
	}
	return nil
}

// isChecksum tells the files that Hadoop keeps beside others on a local file system: sums of their bytes, and no rows.
func isChecksum(path string) bool {
	name := filepath.Base(path)
	return strings.HasPrefix(name, ".") && strings.HasSuffix(name, ".crc")
}

// settle finds the requests of which nothing is left, and reports what may hold rows of the others and until when. It
// notes when each of those was cleared, so that it waits for no file that was written later. What was noted of the
// former stays until the next purge: this one may end before it logs them.
func (r *run) settle(ctx context.Context) (done []request, err error) {
	now, err := r.cut(ctx)
	if err != nil {
		return nil, err
	}
	this := book.Cleared{Through: r.work.lastStep, Before: r.work.before, At: now.UnixMicro(), Except: r.except()}
	noted := append(slices.DeleteFunc(slices.Clone(r.work.cleared), func(c book.Cleared) bool { return c == this }), this)
	needed := map[book.Cleared]bool{}
	last := int64(0)
	for _, q := range r.work.due {
		if r.work.stuck[q.place()] {
			last = max(last, r.youngest())
			continue
		}
		c := q.cleared(noted)
		needed[c] = needed[c] || slices.Contains(r.work.cleared, c)
		if slices.ContainsFunc(r.young, func(f orphan) bool { return f.mayHold(c.At) }) {
			needed[c], last = true, max(last, c.At)
			continue
		}
		done = append(done, q)
	}
	noted = slices.DeleteFunc(noted, func(c book.Cleared) bool { return !needed[c] })
	if !slices.Equal(noted, r.work.cleared) {
		if err := book.NoteCleared(ctx, r.env, r.work.log, noted); err != nil {
			return nil, fmt.Errorf("note when requests were cleared: %w", err)
		}
	}
	r.remain(last)
	return done, nil
}

// cleared is the first purge that took away what led to rows of the request; the last of all is the one at work. A
// request that an operator decided of may have been held back from those before.
func (q request) cleared(all []book.Cleared) book.Cleared {
	i := slices.IndexFunc(all, func(c book.Cleared) bool {
		excepted := slices.Contains(strings.Fields(c.Except), q.place().String())
		return !q.Decided && !excepted && q.At <= c.Through && q.DeletedAt <= c.Before
	})
	if i < 0 {
		i = len(all) - 1
	}
	return all[i]
}

// mayHold tells whether the file may have rows of a request that was cleared then.
func (f orphan) mayHold(clearedAt int64) bool {
	return !f.modified.After(time.UnixMicro(clearedAt).Add(margin))
}

// youngest is when the newest of the files was written: those that are not cleared wait for all.
func (r *run) youngest() (at int64) {
	for _, f := range r.young {
		at = max(at, f.modified.UnixMicro())
	}
	return at
}

// remain reports, by table, the files that may hold rows of the request that was cleared last.
func (r *run) remain(clearedAt int64) {
	for _, table := range catalog.ErasedFrom {
		left := Residual{Table: table}
		for _, f := range r.young {
			if f.table != table || !f.mayHold(clearedAt) {
				continue
			}
			left.Files, left.Bytes = left.Files+1, left.Bytes+f.bytes
			if until := f.modified.Add(r.env.Lake.Grace()); until.After(left.Until) {
				left.Until = until
			}
		}
		if left.Files > 0 {
			left.What = fmt.Sprintf("orphans until %s", left.Until.Format(time.RFC3339))
			r.report.Residuals = append(r.report.Residuals, left)
		}
	}
}

// cut is when files with rows of the due requests were last written by whoever went by the tables as they are: when
// files of one were rewritten, or when the newest request was recomputed.
func (r *run) cut(ctx context.Context) (time.Time, error) {
	newest := int64(0)
	for _, q := range r.work.due {
		newest = max(newest, q.At)
	}
	at := time.UnixMicro(newest).UTC()
	for _, table := range catalog.ErasedFrom {
		now, err := r.env.Snapshot(ctx, table)
		if err != nil {
			return at, err
		}
		for _, s := range now.Table().Snapshots() {
			if s.StandsIn() && s.Job() == catalog.DeletionsJob && s.Time().After(at) {
				at = s.Time()
			}
		}
	}
	return at, nil
}
