package lake

import (
	"context"
	"fmt"

	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"
)

// Taken are rows that another engine wrote for a [Rewrite], in files of the table that nobody has committed yet.
type Taken struct {
	Files []iceberg.DataFile // described as in the order of the table, which the caller is to check
	From  Staging            // stands until Drop

	drop func()
}

// Drop drops the staging table. It is to be called once the rewrite has ended, however that was.
func (t Taken) Drop() {
	if t.drop != nil {
		t.drop()
	}
}

// TakeStaged makes a staging table with the sort order of its table, has it filled, and takes its rows. fill returns
// how many rows the engine says there are. After an error nothing is to be dropped. [ErrUnsupported], before anything
// is written, says that the table has no sort order of lakectl's.
func (l *Lake) TakeStaged(ctx context.Context, name, job string, fill func(ctx context.Context, s Staging) (rows int64, err error)) (Taken, error) {
	t, err := l.Table(ctx, name)
	if err != nil {
		return Taken{}, err
	}
	if t.sortOrder() == nil {
		return Taken{}, fmt.Errorf("table %s has no sort order of lakectl's: %w", name, ErrUnsupported)
	}
	t, s, drop, err := l.startStaging(ctx, name, job)
	if err != nil {
		return Taken{}, err
	}
	files, err := l.stage(ctx, t, s, stagedFill{job: job, fill: fill, order: t.sortOrder()})
	if err != nil {
		drop()
		return Taken{}, fmt.Errorf("staging table of %s: %w", name, err)
	}
	return Taken{Files: files, From: s, drop: drop}, nil
}

// sortOrder is the sort order of lakectl, nil where the table lacks it.
func (t *Table) sortOrder() *icetable.SortOrder {
	if t.order == icetable.UnsortedSortOrderID {
		return nil
	}
	for _, o := range t.ice.Metadata().SortOrders() {
		if o.OrderID() == t.order {
			return &o
		}
	}
	return nil
}
