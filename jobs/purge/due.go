package purge

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/erase/book"
	"github.com/lakectl/lakectl/lake"
)

// The states that matter here; package erase says what they promise.
const (
	recomputed = "recomputed"
	purged     = "purged"
)

// request is one request row whose rows are gone from the tables, or going.
type request struct {
	Topic     string `col:"source_topic"`
	Partition int64  `col:"source_partition"`
	Offset    int64  `col:"source_offset"`
	RequestID string `col:"request_id"`
	State     string `col:"state"`
	At        int64  `col:"at_us"`
	DeletedAt int64  `col:"deleted_us"`
	Held      bool   `col:"held"`
	Decided   bool   `col:"decided"` // it is held, or was
}

// place tells request rows apart.
type place struct {
	topic             string
	partition, offset int64
}

func (q request) place() place { return place{q.Topic, q.Partition, q.Offset} }

func (p place) String() string { return fmt.Sprintf("%s/%d/%d", p.topic, p.partition, p.offset) }

// work is what one run has to purge, as the log and the record of files say it.
type work struct {
	log      lake.Snapshot
	lastStep int64 // microseconds since 1970
	before   int64 // requests are due whose rows were gone by then
	cleared  []book.Cleared
	due      []request
	later    int                          // requests that are not due yet
	paths    map[string]map[string]bool   // by table, URIs of files that held rows of due requests
	kept     map[string]map[string]string // by table, URIs of files that a hold keeps, and the request that is held
	holders  holders
	blocked  []Blocked
	stuck    map[place]bool // due requests that files keep
}

// readWork finds the requests that are due, and the files that held their rows.
func readWork(ctx context.Context, env jobs.Env, o Options) (w *work, err error) {
	db, err := env.Open(ctx) // which removes what dead processes spilled, too
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	w = &work{paths: map[string]map[string]bool{}, kept: map[string]map[string]string{}, stuck: map[place]bool{}}
	asked, err := env.Snapshot(ctx, catalog.DeletionRequests)
	if err != nil {
		return nil, err
	}
	if w.log, err = env.Snapshot(ctx, catalog.DeletionLog); err != nil {
		return nil, err
	}
	if err := errors.Join(db.Bind(ctx, "requests", asked), db.Bind(ctx, "log", w.log)); err != nil {
		return nil, err
	}
	if w.cleared, err = book.ReadCleared(w.log); err != nil {
		return nil, err
	}
	if err := book.Decisions(ctx, db, w.log); err != nil {
		return nil, err
	}
	all, err := jobs.Records[request](ctx, db, "purge/requests")
	if err != nil {
		return nil, fmt.Errorf("read deletion requests: %w", err)
	}
	if err := db.One(ctx, "purge/last_step", nil, []any{&w.lastStep}); err != nil {
		return nil, fmt.Errorf("read deletion log: %w", err)
	}
	if w.before = env.Now().Add(-o.Retention).UnixMicro(); o.Now {
		w.before = math.MaxInt64
	}
	for _, r := range all {
		switch {
		case r.State != recomputed || r.Held:
		case r.DeletedAt <= w.before:
			w.due = append(w.due, r)
		default:
			w.later++
		}
	}
	if len(w.due) == 0 {
		return w, nil
	}
	return w, w.readFiles(ctx, env, db, all)
}

// batch is which requests are of files that were noted at a time.
type batch struct {
	Topic     string `col:"source_topic"`
	Partition int64  `col:"source_partition"`
	Offset    int64  `col:"source_offset"`
	At        int64  `col:"at_us"`
}

func (b batch) place() place { return place{b.Topic, b.Partition, b.Offset} }

// readFiles sorts the files on record: those of due requests, and those that a hold keeps. Files whose requests nobody
// knows go with the others.
func (w *work) readFiles(ctx context.Context, env jobs.Env, db *jobs.Session, all []request) error {
	batches, err := jobs.Records[batch](ctx, db, "purge/batches")
	if err != nil {
		return fmt.Errorf("read deletion log: %w", err)
	}
	due, held := map[place]bool{}, map[place]string{}
	for _, r := range w.due {
		due[r.place()] = true
	}
	for _, r := range all {
		if r.Held {
			held[r.place()] = r.RequestID
		}
	}
	known, wanted, kept := map[int64]bool{}, map[int64]bool{}, map[int64]string{}
	for _, b := range batches {
		at := b.place()
		known[b.At] = true
		wanted[b.At] = wanted[b.At] || due[at]
		if id, is := held[at]; is {
			kept[b.At] = id
		}
	}
	files, err := book.ReadFiles(ctx, env)
	if err != nil {
		return err
	}
	for _, f := range files {
		at := f.At.UnixMicro()
		if id, is := kept[at]; is {
			put(w.kept, f.Table, f.URI, id)
		} else if wanted[at] || !known[at] {
			put(w.paths, f.Table, f.URI, true)
		}
	}
	w.holders = holdersOf(batches, files)
	w.exceptHeld(batches, kept)
	return nil
}

func put[T any](into map[string]map[string]T, table, key string, value T) {
	if into[table] == nil {
		into[table] = map[string]T{}
	}
	into[table][key] = value
}

// finish commits that requests are purged. Another run that logs at the same time fences it.
func (w *work) finish(ctx context.Context, env jobs.Env, done []request) error {
	archive, err := env.Snapshot(ctx, catalog.Listens)
	if err != nil {
		return err
	}
	ledger, err := env.Snapshot(ctx, catalog.ListensCounted)
	if err != nil {
		return err
	}
	at := time.UnixMicro(max(env.Now().UnixMicro(), w.lastStep+1)).UTC()
	var rows []catalog.StepRow
	for _, r := range done {
		rows = append(rows, catalog.StepRow{
			RequestID: r.RequestID, State: purged, At: at, Place: catalog.Place{Topic: r.Topic, Partition: r.Partition, Offset: r.Offset},
			ListensSnapshotID: archive.ID(), LedgerSnapshotID: ledger.ID(),
		})
	}
	files, err := lake.WriteRecords(ctx, w.log.Table(), catalog.DeletionsJob, rows)
	if err != nil {
		return err
	}
	_, err = env.Lake.Commit(ctx, catalog.DeletionLog, lake.Commit{Job: catalog.DeletionsJob, Add: files, Stage: lake.IfUnmoved(w.log, nil)})
	return err
}
