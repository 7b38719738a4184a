package lake

import (
	"context"
	"time"

	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"
)

// DropProperty takes a property away where it has that value, and tells whether it did.
func (l *Lake) DropProperty(ctx context.Context, name, key, value string) (bool, error) {
	is := func(t *Table) bool { return t.Property(key) == value }
	return l.changeTable(ctx, name, propertyOf+name, is, func(tx *icetable.Transaction) error { return tx.RemoveProperties([]string{key}) })
}

// SetProperty sets a property of a table that has not got it yet, and tells whether it did. A value that is there
// stays.
func (l *Lake) SetProperty(ctx context.Context, name, key, value string) (bool, error) {
	lacks := func(t *Table) bool { return t.Property(key) == "" }
	return l.changeTable(ctx, name, propertyOf+name, lacks, func(tx *icetable.Transaction) error { return tx.SetProperties(iceberg.Properties{key: value}) })
}

const propertyOf = "change a property of "

// changeTable commits a change of the metadata as long as it is needed; stage must be such that the change is then
// needed no more. doing is what it does, for errors.
func (l *Lake) changeTable(ctx context.Context, name, doing string, needed func(*Table) bool, stage func(*icetable.Transaction) error) (bool, error) {
	var r rounds
	for r.next(ctx) {
		t, err := l.Table(ctx, name)
		if err != nil {
			r.notLoaded(err)
			continue
		}
		if !needed(t) {
			return r.attempt > 1, nil
		}
		if r.settled(t) {
			break
		}
		if err := t.onTime(time.Now()); err != nil {
			return false, err
		}
		tx := t.ice.NewTransaction()
		err = stage(tx)
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
