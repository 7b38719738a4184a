package lake

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"
)

// DropProperty takes a property away where it has that value, and tells whether it did.
func (l *Lake) DropProperty(ctx context.Context, name, key, value string) (bool, error) {
	return l.SwapProperty(ctx, name, key, value, "")
}

// SetProperty sets a property of a table that has not got it yet, and tells whether it did. A value that is there
// stays.
func (l *Lake) SetProperty(ctx context.Context, name, key, value string) (bool, error) {
	return l.SwapProperty(ctx, name, key, "", value)
}

// SwapProperty gives a property of a table another value where it has the first one, and tells whether it did; "" is no
// property. Of several who swap from the same value one does. Whoever has to know after an answer was lost that it was
// him swaps to a value that is his alone.
func (l *Lake) SwapProperty(ctx context.Context, name, key, from, to string) (bool, error) {
	if from == to {
		return false, nil
	}
	other := false
	did, err := l.changeTable(ctx, name, "change a property of "+name, change{
		needed: func(t *Table) bool {
			now := t.Property(key)
			other = now != from && now != to
			return now == from
		},
		stage: func(tx *icetable.Transaction) error {
			if to == "" {
				return tx.RemoveProperties([]string{key})
			}
			return tx.SetProperties(iceberg.Properties{key: to})
		},
		requires: hasProperty{key, from},
	})
	return did && !other, err
}

// hasProperty is the requirement that a property has a value. The format has none; as with [sameRefs], one of our own
// is as good.
type hasProperty struct{ key, value string }

// GetType names the requirement.
func (hasProperty) GetType() string { return "lakectl-assert-property" }

// Validate implements [icetable.Requirement].
func (r hasProperty) Validate(meta icetable.Metadata) error {
	if meta == nil || properties(meta)[r.key] != r.value {
		return errors.New("requirement failed: property " + r.key + " has changed")
	}
	return nil
}

// requiring is a catalog whose commits have one requirement more.
type requiring struct {
	icetable.CatalogIO
	also icetable.Requirement
}

// CommitTable commits what the catalog behind it commits.
func (r requiring) CommitTable(ctx context.Context, id icetable.Identifier, requirements []icetable.Requirement, updates []icetable.Update) (icetable.Metadata, string, error) {
	return r.CatalogIO.CommitTable(ctx, id, append(slices.Clip(requirements), r.also), updates)
}

// change is one of a table's metadata.
type change struct {
	needed   func(*Table) bool                 // whether the table lacks it
	stage    func(*icetable.Transaction) error // after it the change is needed no more
	requires icetable.Requirement              // nil: that the table is the same one
}

// begin is a transaction for the change.
func (c change) begin(l *Lake, t *Table) *icetable.Transaction {
	if c.requires == nil {
		return t.ice.NewTransaction()
	}
	return icetable.New(t.ice.Identifier(), t.ice.Metadata(), t.ice.MetadataLocation(), t.ice.FS, requiring{l.catalog, c.requires}).NewTransaction()
}

// changeTable commits a change of the metadata as long as it is needed. doing is what it does, for errors.
func (l *Lake) changeTable(ctx context.Context, name, doing string, c change) (bool, error) {
	var r rounds
	for r.next(ctx) {
		t, err := l.Table(ctx, name)
		if err != nil {
			r.notLoaded(err)
			continue
		}
		if !c.needed(t) {
			return r.attempt > 1, nil
		}
		if r.settled(t) {
			break
		}
		if err := t.onTime(time.Now()); err != nil {
			return false, err
		}
		tx := c.begin(l, t)
		err = c.stage(tx)
		if err == nil {
			_, err = tx.Commit(ctx)
		}
		if err == nil {
			return true, nil
		}
		l.log.Debug("table not changed", "doing", doing, "table", name, "attempt", r.attempt, "error", err)
		r.notConfirmed(err)
	}
	return false, r.failed(doing, "check that the catalog and the warehouse can be written, then run the command again")
}
