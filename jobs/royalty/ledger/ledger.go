package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// Report says what one update did.
type Report struct {
	ArchiveSnapshotID int64 `json:"archive_snapshot_id,string"` // the snapshot of listens that the ledger covers now
	LedgerSnapshotID  int64 `json:"ledger_snapshot_id,string"`
	FilesRead         int   `json:"files_read"`
	RowsRead          int64 `json:"rows_read"`  // of these files, erased rows among them
	Counted           int64 `json:"counted"`    // rows the ledger gained
	Replaced          int64 `json:"replaced"`   // rows the ledger lost to a smaller copy
	Duplicates        int64 `json:"duplicates"` // rows listens_duplicates gained
	Rebuilt           bool  `json:"rebuilt"`    // the changes could not be told; everything was read again
	// ForeignSnapshots are those of listens with which other engines took rows away or changed them, since the last
	// run; Removed is how many rows the ledger lost by it.
	ForeignSnapshots lake.SnapshotIDs `json:"foreign_snapshot_ids,omitempty"`
	Removed          int64            `json:"removed"`
	Committed        bool             `json:"committed"`
}

// update is one update in the making: the three tables as they were when it began.
type update struct {
	env        jobs.Env
	db         *jobs.Session
	archive    lake.Snapshot
	ledger     lake.Snapshot
	duplicates lake.Snapshot
	added      []lake.File
	torn       map[int]bool // days that are compared row by row, see [lake.Changes]
	others     int64        // see [catalog.ChangedByOthers]; 0: as before
	settled    bool
	altered    bool // another engine changed the ledger or the duplicates
	rebuild    bool
	first      bool // the ledger is empty, and covers nothing of the archive
	handsOver  bool // copies move from listens_duplicates to the ledger, or did in a run that ended early
	report     Report
}

// Update brings listens_counted and listens_duplicates up to the newest snapshot of listens.
// It commits nothing when they cover it already. ErrFenced when another run was faster.
func Update(ctx context.Context, env jobs.Env) (report Report, err error) {
	db, err := env.Open(ctx)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return UpdateOn(ctx, env, db)
}

// UpdateOn is Update on a session of the caller.
func UpdateOn(ctx context.Context, env jobs.Env, db *jobs.Session) (Report, error) {
	u, current, err := begin(ctx, env, db)
	if err != nil || current {
		return u.report, err
	}
	if u.byTrino() {
		return u.report, u.build(ctx)
	}
	if err := u.merge(ctx); err != nil {
		return u.report, fmt.Errorf("update ledger: %w", err)
	}
	if err := u.commitDuplicates(ctx); err != nil {
		return u.report, err
	}
	if err := u.commitLedger(ctx); err != nil || !u.handsOver {
		return u.report, err
	}
	return u.report, u.commitHandedOver(ctx)
}

// begin works out what there is to read; current is true when there is nothing to do.
func begin(ctx context.Context, env jobs.Env, db *jobs.Session) (u *update, current bool, err error) {
	u = &update{env: env, db: db}
	for _, t := range []struct {
		name string
		into *lake.Snapshot
	}{{catalog.ListensCounted, &u.ledger}, {catalog.Duplicates, &u.duplicates}, {catalog.Listens, &u.archive}} {
		if *t.into, err = env.Snapshot(ctx, t.name); err != nil {
			return u, false, err
		}
	}
	counted, err := u.ledger.StateNumber(catalog.CoversListens)
	if err != nil {
		return u, false, err
	}
	others, err := u.duplicates.StateNumber(catalog.CoversListens)
	if err != nil {
		return u, false, err
	}
	u.report.ArchiveSnapshotID, u.report.LedgerSnapshotID = u.archive.ID(), u.ledger.ID()
	u.settled = settledBy(u.ledger) && settledBy(u.duplicates)
	if u.handsOver, err = handsOver(u.duplicates); err != nil {
		return u, false, err
	}
	u.altered = u.ledger.Table().Altered() != nil || u.duplicates.Table().Altered() != nil
	base, err := older(u.archive, counted, others)
	if err != nil {
		return u, false, err
	}
	changes, err := u.archive.Changes(ctx, base)
	if err != nil {
		return u, false, err
	}
	if u.settled && !u.handsOver && !u.altered && counted == others && changes.Idle {
		u.report.ArchiveSnapshotID = counted
		return u, true, nil
	}
	return u, false, u.plan(ctx, base, changes)
}

// plan finds the archive files to read: those that came after base, or all, and the days to compare.
func (u *update) plan(ctx context.Context, base int64, changes lake.Changes) (err error) {
	u.added, u.torn, u.report.ForeignSnapshots = changes.Added, changes.Torn, changes.Foreign
	u.others = catalog.ChangedSince(u.archive, base, changes, u.ledger, u.duplicates)
	if changes.Broken || u.altered {
		u.env.Log.Warn("rebuilding the ledger: changes of the archive cannot be told, or another engine changed the ledger",
			"covers_snapshot_id", base, "archive_snapshot_id", u.archive.ID(), "ledger_altered", u.altered)
		u.rebuild, u.report.Rebuilt, u.torn = true, true, nil
		if u.added, err = u.archive.Files(ctx); err != nil {
			return err
		}
	}
	u.read(u.added)
	counted, err := u.ledger.Files(ctx)
	u.first = base == 0 && len(counted) == 0
	if err != nil || len(u.torn) == 0 {
		return err
	}
	all, err := u.archive.Files(ctx)
	u.read(lake.InPartitions(all, u.torn))
	return err
}

func (u *update) read(files []lake.File) {
	u.report.FilesRead += len(files)
	for _, f := range files {
		u.report.RowsRead += f.Count()
	}
}

// older picks the one of two archive snapshots that came first. One that is gone, or that the archive was rolled back
// behind, counts as the older: the changes since then are not known either.
func older(archive lake.Snapshot, a, b int64) (int64, error) {
	for _, id := range []int64{a, b} {
		if _, err := archive.Table().ByID(id); errors.Is(err, lake.ErrExpired) {
			return id, nil
		} else if err != nil {
			return 0, err
		}
		if _, before := archive.Since(id); id != 0 && !before {
			return id, nil
		}
	}
	sa, _ := archive.Table().ByID(a)
	sb, _ := archive.Table().ByID(b)
	if sa.Sequence() < sb.Sequence() {
		return a, nil
	}
	return b, nil
}

// bindAdded makes the view added of the new copies: the rows of new files, and in torn days those that the ledger
// tables do not have.
func (u *update) bindAdded(ctx context.Context) error {
	if len(u.torn) == 0 {
		return u.db.BindFiles(ctx, "added", u.archive, u.added, copyColumns...)
	}
	if err := u.db.BindFiles(ctx, "added_whole", u.archive, u.added, copyColumns...); err != nil {
		return err
	}
	if err := u.bindTorn(ctx); err != nil {
		return err
	}
	if err := u.db.Alias(ctx, "copies_torn", "archive_torn"); err != nil {
		return err
	}
	return u.db.RunAll(ctx, "ledger/unrecorded", "ledger/added_torn")
}

// merge computes the difference between what the ledger tables hold and what they must hold.
func (u *update) merge(ctx context.Context) error {
	if err := u.db.JoinAsWritten(ctx); err != nil {
		return err
	}
	if err := u.takeOutRemoved(ctx); err != nil {
		return err
	}
	if err := u.bind(ctx); err != nil {
		return err
	}
	u.env.Progress(fmt.Sprintf("ledger: reading %d archive files", len(u.added)))
	if err := contest(ctx, u.db, u.report.RowsRead); err != nil {
		return err
	}
	if err := u.findHits(ctx); err != nil {
		return err
	}
	if err := rank(ctx, u.db, rankKnown); err != nil {
		return err
	}
	if err := u.db.RunAll(ctx, "ledger/inserts", "ledger/losers", "ledger/duplicate_inserts", "ledger/duplicates_handed_over"); err != nil {
		return err
	}
	var err error
	u.handsOver, err = u.db.HasRows(ctx, "duplicates_handed_over")
	return err
}

// findHits completes the contested ids with those that the ledger and the duplicates know, and binds where the ledger
// has them.
func (u *update) findHits(ctx context.Context) error {
	find := u.findHere
	if u.looksByTrino() {
		find = u.find
	}
	if err := find(ctx); err != nil {
		return err
	}
	if err := u.db.Run(ctx, "ledger/contested_known"); err != nil {
		return err
	}
	return u.bindHits(ctx)
}

// findHere makes ledger_hits.
func (u *update) findHere(ctx context.Context) error {
	if err := u.db.Run(ctx, "ledger/hits"); err != nil || !u.handsOver {
		return err
	}
	return u.db.Run(ctx, "ledger/hits_handed_over")
}

// bindHits makes a view of the ledger's files that hold copies of contested ids.
func (u *update) bindHits(ctx context.Context) error {
	hit := map[string]bool{}
	var path string
	err := u.db.Each(ctx, "ledger/files_hit", nil, []any{&path}, func() error {
		path, err := local(path)
		hit[path] = true
		return err
	})
	if err != nil {
		return err
	}
	files, err := u.ledger.Files(ctx)
	if err != nil {
		return err
	}
	var wanted []lake.File
	for _, f := range files {
		path, err := lake.LocalPath(f.FilePath())
		if err != nil {
			return err
		}
		if hit[path] {
			wanted = append(wanted, f)
			delete(hit, path)
		}
	}
	if len(hit) > 0 {
		return fmt.Errorf("%d files with copies of new listens are not files of %s: %w", len(hit), u.ledger.Table().Name(), lake.ErrUnsupported)
	}
	return u.db.BindFiles(ctx, "ledger_hit_files", u.ledger, wanted)
}

// copyColumns are the columns of the archive that the ledger has too.
var copyColumns = []string{
	"listen_id", "user_id", "track_id", "artist_id", "device", "event_time", "ms_played", "track_ms", "country", "tier", "received_time",
	"source_topic", "source_partition", "source_offset",
}

// ledgerColumns are those in which contested ids are looked for; the files that have them are bound with all columns.
func (u *update) ledgerColumns() []string {
	columns := []string{"listen_id", "event_time"}
	if u.handsOver {
		columns = append(columns, "source_topic", "source_partition", "source_offset")
	}
	return columns
}

// bind makes the relations of the MERGE. On a rebuild the ledger counts as empty: its files are replaced.
func (u *update) bind(ctx context.Context) error {
	if u.rebuild {
		if err := u.db.BindFiles(ctx, "ledger", u.ledger, nil); err != nil {
			return err
		}
		if err := u.db.BindFiles(ctx, "duplicates", u.duplicates, nil); err != nil {
			return err
		}
		return u.db.BindFiles(ctx, "fresh", u.archive, u.added, copyColumns...)
	}
	if !u.looksByTrino() {
		if err := u.db.Bind(ctx, "ledger", u.ledger, u.ledgerColumns()...); err != nil {
			return err
		}
	}
	if err := u.db.Bind(ctx, "duplicates", u.duplicates); err != nil {
		return err
	}
	if err := u.bindAdded(ctx); err != nil {
		return err
	}
	if u.settled {
		return u.db.Alias(ctx, "fresh", "added")
	}
	return u.bindOrphans(ctx)
}

// bindOrphans adds to the new copies all archived copies of the ids whose counted copy was erased.
func (u *update) bindOrphans(ctx context.Context) error {
	find := func(ctx context.Context) error { return u.db.Run(ctx, "ledger/orphans") }
	if u.looksByTrino() {
		find = u.findOrphans
	}
	if err := find(ctx); err != nil {
		return err
	}
	days := map[any]bool{}
	var day int64
	err := u.db.Each(ctx, "ledger/orphans_days", nil, []any{&day}, func() error { days[int(day)] = true; return nil })
	if err != nil {
		return fmt.Errorf("days of orphans: %w", err)
	}
	all, err := u.archive.Files(ctx)
	if err != nil {
		return err
	}
	var files []lake.File
	for _, f := range all {
		if value := lake.PartitionValue(f); days[value] || value == (lake.Unknown{}) {
			files = append(files, f)
		}
	}
	if err := u.db.BindFiles(ctx, "orphan_days", u.archive, files, copyColumns...); err != nil {
		return err
	}
	u.read(files)
	return u.db.Run(ctx, "ledger/fresh_orphans")
}
