package lake

import (
	"context"

	"github.com/apache/iceberg-go"
)

// SetProperty sets a property of a table that has not got it yet, and tells whether it did. A value that is there stays.
func (l *Lake) SetProperty(ctx context.Context, name, key, value string) (bool, error) {
	var r rounds
	for r.next(ctx) {
		t, err := l.Table(ctx, name)
		if err != nil {
			r.notLoaded(err)
			continue
		}
		if t.Property(key) != "" {
			return r.attempt > 1 && t.Property(key) == value, nil
		}
		if r.settled() {
			break
		}
		tx := t.ice.NewTransaction()
		err = tx.SetProperties(iceberg.Properties{key: value})
		if err == nil {
			_, err = tx.Commit(ctx)
		}
		if err == nil {
			return true, nil
		}
		l.log.Debug("property not set", "table", name, "attempt", r.attempt, "error", err)
		r.notConfirmed(err)
	}
	return false, r.failed("set property "+key+" of "+name, "check that the catalog and the warehouse can be written, then run the command again")
}
