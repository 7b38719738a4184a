package lake

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"
	"github.com/google/uuid"
)

// SweptProperty is the table property that each sweep of orphans sets anew before it deletes anything.
const SweptProperty = "lakectl.swept"

// Swept says what a sweep deleted.
type Swept struct {
	Files  int
	Bytes  int64
	Spared int // of the plan, because something refers to them now, or because they changed
}

// SweepOrphans deletes the files of a plan, and no others. First it sets [SweptProperty]: commits that were prepared
// before are not confirmed from then on, however long they were suspended, and those that are prepared later refuse
// files of that age. So what nothing refers to after that stays unreferred to. Then it looks again whether anything
// refers to each file and whether it is the file that was planned. Killed anywhere, the next plan has the rest.
func (l *Lake) SweepOrphans(ctx context.Context, plan OrphanPlan) (Swept, error) {
	if len(plan.Files) == 0 {
		return Swept{}, nil
	}
	t, err := l.fenceWriters(ctx, plan)
	if err != nil {
		return Swept{}, fmt.Errorf("sweep orphans of %s: %w", plan.Table, err)
	}
	done, err := l.sweepPlanned(ctx, t, plan)
	return done, wrap(err, "sweep orphans of "+plan.Table)
}

// sweepPlanned looks again where a file went that was read: an expiry beside took its snapshot away. Nothing of the
// plan was deleted then.
func (l *Lake) sweepPlanned(ctx context.Context, t *Table, plan OrphanPlan) (Swept, error) {
	for stood := ""; ; {
		done, err := t.sweepOrphans(ctx, plan)
		if !missing(err) || stood == t.MetadataURI() {
			return done, err
		}
		stood = t.MetadataURI()
		if t, err = l.load(ctx, plan.Table); err != nil {
			return Swept{}, err
		}
	}
}

// fenceWriters sets the property and returns the table as it is then, or later.
func (l *Lake) fenceWriters(ctx context.Context, plan OrphanPlan) (*Table, error) {
	mark := time.Now().UTC().Format(time.RFC3339) + " " + uuid.NewString()
	requirements := []icetable.Requirement{icetable.AssertTableUUID(plan.TableID)}
	updates := []icetable.Update{icetable.NewSetPropertiesUpdate(iceberg.Properties{SweptProperty: mark})}
	var r rounds
	for r.next(ctx) {
		t, err := l.load(ctx, plan.Table)
		if err != nil {
			r.notLoaded(err)
			continue
		}
		switch {
		case t.Property(SweptProperty) == mark:
			return t, nil
		case t.ice.Metadata().TableUUID() != plan.TableID || t.Location() != plan.Location:
			return nil, WithHint(fmt.Errorf("it is not the table that was planned for: %w", ErrFenced), "run the command again; it makes a new plan")
		case r.settled(t):
			return nil, r.failed("set "+SweptProperty, "check that the catalog and the warehouse can be written, then run the command again")
		}
		if err := t.onTime(time.Now()); err != nil {
			return nil, err
		}
		after, _, err := l.catalog.CommitTable(ctx, l.identifier(plan.Table), requirements, updates)
		if err != nil {
			l.log.Debug("sweep not confirmed", "table", plan.Table, "attempt", r.attempt, "error", err)
			r.notConfirmed(err)
			continue
		}
		t.dropOldMetadata(ctx, l.log, after)
		r.last = nil
	}
	return nil, r.failed("set "+SweptProperty, "check that the catalog and the warehouse can be written, then run the command again")
}

func (t *Table) sweepOrphans(ctx context.Context, plan OrphanPlan) (Swept, error) {
	r, err := newReach(ctx, t)
	if err != nil {
		return Swept{}, err
	}
	same := map[string]Orphan{}
	for _, f := range plan.Files {
		unchanged, err := r.unchanged(ctx, f)
		if err != nil {
			return Swept{}, err
		}
		if unchanged {
			same[f.Path] = f
		}
	}
	gone, err := r.unreached(ctx, same)
	if err != nil {
		return Swept{}, err
	}
	w := &sweep{storage: r.storage}
	for _, f := range gone {
		if unchanged, err := r.unchanged(ctx, f); err == nil && unchanged {
			w.remove(ctx, r.uri(filepath.Join(r.root, f.Path)), f.Bytes)
		}
	}
	done := Swept{Files: w.done.Files, Bytes: w.done.Bytes, Spared: len(plan.Files) - w.done.Files - w.failing}
	if w.failing > 0 {
		return done, WithHint(fmt.Errorf("%d files: %w", w.failing, errors.Join(w.failed...)), "give lakectl the right to delete files there, then run the command again")
	}
	return done, ctx.Err()
}
