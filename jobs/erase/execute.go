package erase

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"time"

	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs/erase/book"
	"github.com/lakectl/lakectl/lake"
)

// deletesPerBatch bounds how many row positions are held in memory at once; one file with more is one batch.
const deletesPerBatch = 1_000_000

// Execute writes down what it is about to do, deletes the rows, and writes down that they are gone. A plan is
// executed once. [lake.ErrFenced] says that a table moved away from what was planned: make another plan; what
// was deleted so far stays deleted, and the next plan knows.
func (p *Plan) Execute(ctx context.Context) (Report, error) {
	if p.spent {
		return Report{}, errors.New("the plan was executed before; make another one")
	}
	p.spent = true
	if p.Empty() {
		return Report{}, nil
	}
	at, err := p.writeLocated(ctx)
	if err != nil {
		return Report{}, err
	}
	files, err := p.noteFiles(ctx, at)
	if err != nil {
		return Report{}, err
	}
	report := Report{Requests: len(p.Requests), Days: p.Days, Periods: p.Periods}
	for _, t := range p.targets {
		if err := p.deleteFrom(ctx, t, at); err != nil {
			return report, err
		}
		*t.count(&report.Rows) = t.Rows
	}
	if err := files.Settle(ctx, p.landing); err != nil {
		return report, err
	}
	return report, p.writeDeleted(ctx)
}

// noteFiles writes down which data files hold the rows, before any goes: their bytes stay there.
func (p *Plan) noteFiles(ctx context.Context, at int64) (*book.Files, error) {
	noted, err := book.OpenFiles(ctx, p.env, p.db)
	if err != nil {
		return nil, err
	}
	var files []book.File
	for _, t := range p.targets {
		rows := make(map[string]int64, len(t.hits))
		for _, hit := range t.hits {
			rows[hit.path] = hit.rows
		}
		var hit []lake.File
		for _, f := range t.files {
			path, err := lake.LocalPath(f.FilePath())
			if err != nil {
				return nil, err
			}
			if n := rows[path]; n > 0 {
				hit = append(hit, f)
				files = append(files, book.File{Table: t.Name, URI: f.FilePath(), Rows: n, At: instant(at)})
			}
		}
		origins, err := t.base.Origins(ctx, hit)
		if err != nil {
			return nil, err
		}
		for _, f := range origins {
			files = append(files, book.File{Table: t.Name, URI: f.FilePath(), At: instant(at)})
		}
	}
	return noted, noted.Note(ctx, files, p.landing)
}

// landing is the snapshot of a table with which the rows went that were located at a time.
func (p *Plan) landing(table string, located time.Time) int64 {
	if t := p.target(table); t != nil {
		return t.landed[located.UnixMicro()]
	}
	return 0
}

// writeLocated logs what each request is about to lose and which days that affects, before anything goes: after
// the first delete nobody could find those days again. A request that was logged by a run that ended early and
// has nothing to add is left alone. The ledger it names still has all of the rows: who compares with one that is older,
// or the same, finds the rows going.
func (p *Plan) writeLocated(ctx context.Context) (at int64, err error) {
	at = p.log.next(p.env)
	var rows []catalog.StepRow
	for _, q := range p.Requests {
		if q.located && q.Rows.none() {
			continue
		}
		fresh := sortedUnique(q.fresh)
		rows = append(rows, logRow(q.RequestID, q.Position, Located, at, q.Rows,
			p.target(catalog.Listens).base.ID(), p.target(catalog.ListensCounted).base.ID(), fresh, q.ledger))
	}
	return at, p.log.write(ctx, p.env, rows)
}

// writeDeleted logs that the rows are gone, with all that has to be recomputed for it.
func (p *Plan) writeDeleted(ctx context.Context) error {
	at := p.log.next(p.env)
	rows := make([]catalog.StepRow, len(p.Requests))
	for i, q := range p.Requests {
		rows[i] = logRow(q.RequestID, q.Position, RowsDeleted, at, q.Rows.plus(q.finished),
			p.target(catalog.Listens).base.ID(), p.target(catalog.ListensCounted).after.ID(), q.Days, q.ledger.plus(q.finishedLedger))
	}
	rows[0].PlaysErased = p.erased // of all requests together
	return p.log.sweep(ctx, p.env, rows, p.target(catalog.Listens).after)
}

// settle writes down that a search of everything found nothing: no rollback of the archive is left to be searched
// after.
func (p *Plan) settle(ctx context.Context) error {
	if !p.whole {
		return nil
	}
	return p.log.sweep(ctx, p.env, nil, p.target(catalog.Listens).base)
}

// deleteFrom deletes the rows of one table in one commit.
//
// A derived table gets a commit even when it loses no row, if the archive did: royalties that still compute from
// the archive as it was would otherwise bring the rows in after us. The commit fences them.
func (p *Plan) deleteFrom(ctx context.Context, t *target, at int64) error {
	t.after = t.base
	if t.Rows == 0 && !(t.derived && p.fence) {
		return nil
	}
	deletes, err := p.writeDeletes(ctx, t)
	if err != nil {
		return err
	}
	summary := map[string]string{book.LocatedKey: strconv.FormatInt(at, 10)}
	c := lake.Commit{Job: catalog.DeletionsJob, Deletes: deletes, Stage: lake.IfUnmoved(t.base, summary)}
	if !t.derived {
		c.Stage = whileAppended(t.base, summary)
	}
	if t.Name == catalog.Listens {
		c.Stage = counted(c.Stage)
	}
	p.env.Progress(fmt.Sprintf("deletions: deleting %d rows of %s", t.Rows, t.Name))
	if t.after, err = p.env.Lake.Commit(ctx, t.Name, c); err != nil {
		return err
	}
	t.landed[at] = t.after.ID()
	p.env.Log.Info("deleted rows", "table", t.Name, "snapshot_id", t.after.ID(), "rows", t.Rows, "files", len(deletes))
	return nil
}

// writeDeletes writes the position deletes of a table, some files at a time.
func (p *Plan) writeDeletes(ctx context.Context, t *target) ([]iceberg.DataFile, error) {
	var deletes []iceberg.DataFile
	for _, batch := range batches(t.hits, deletesPerBatch) {
		first, last := batch[0].path, batch[len(batch)-1].path
		rows, err := p.db.Positions(ctx, t.files, "erase/positions", t.Name, first, last)
		if err != nil {
			return nil, fmt.Errorf("read positions in %s: %w", t.Name, err)
		}
		written, err := t.base.WritePositionDeletes(ctx, catalog.DeletionsJob, t.files, rows)
		if err != nil {
			return nil, err
		}
		deletes = append(deletes, written...)
	}
	return deletes, nil
}

// batches cuts files, in order, so that each part loses at most limit rows or is one file.
func batches(files []hitFile, limit int64) [][]hitFile {
	var cut [][]hitFile
	var rows int64
	start := 0
	for i, f := range files {
		if i > start && rows+f.rows > limit {
			cut = append(cut, files[start:i])
			start, rows = i, 0
		}
		rows += f.rows
	}
	if start < len(files) {
		cut = append(cut, files[start:])
	}
	return cut
}

// whileAppended is the base that deletes on a table hold on which others append meanwhile: no other erasure was at
// work, and no replay of refused records, which moves the rows it marks. That every data file they name is still there
// is the commit's own condition.
func whileAppended(base lake.Snapshot, summary map[string]string) func(lake.Snapshot) (map[string]string, error) {
	return func(now lake.Snapshot) (map[string]string, error) {
		since, ancestor := now.Since(base.ID())
		if !ancestor {
			return nil, moved(base, "it was rolled back or its history expired")
		}
		for _, s := range since {
			if s.Job() == catalog.DeletionsJob || s.Operation() == "overwrite" {
				return nil, moved(base, "another job deleted or moved rows")
			}
		}
		return summary, nil
	}
}

// counted adds to a commit on the archive how many such there are.
func counted(stage func(lake.Snapshot) (map[string]string, error)) func(lake.Snapshot) (map[string]string, error) {
	return func(now lake.Snapshot) (map[string]string, error) {
		staged, err := stage(now)
		if err != nil {
			return nil, err
		}
		n, err := now.StateNumber(catalog.Erasures)
		summary := maps.Clone(staged)
		summary[lake.StateKey(catalog.Erasures)] = strconv.FormatInt(n+1, 10)
		return summary, err
	}
}

func moved(base lake.Snapshot, why string) error {
	return lake.WithHint(fmt.Errorf("table %s moved from snapshot %d: %s: %w", base.Table().Name(), base.ID(), why, lake.ErrFenced),
		"run 'lakectl job deletions' again, it finds what is left to do")
}
