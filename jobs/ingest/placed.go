package ingest

import (
	"context"
	"fmt"

	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/listen"
)

// origin is where in the source a record stands.
type origin struct {
	partition int
	offset    int64
}

// placed are records from which listens still starts but which an interrupted flush has already put into
// quarantine or deletion_requests. They stay where they are: decoding them again could decide otherwise when
// the limits or the code changed in between, and a record must end in exactly one place. The value is the
// reason of a refused record, "" for a deletion request.
type placed map[origin]listen.Reason

// find adds what the small table s holds past the positions of listens. Only a flush that was cut off between
// its commits leaves such rows, so usually nothing is read.
func (p placed) find(ctx context.Context, e *engine, src source, s lake.Snapshot, statement string, listens, own map[int]int64) error {
	ahead := false
	from := int64(-1)
	for partition, next := range own {
		if next > listens[partition] {
			ahead = true
			if from < 0 || listens[partition] < from {
				from = listens[partition]
			}
		}
	}
	if !ahead {
		return nil
	}
	db, err := e.open(ctx)
	if err != nil {
		return err
	}
	// A row that was deleted since was placed all the same.
	if err := db.BindWritten(ctx, "placed", s); err != nil {
		return err
	}
	var at origin
	var reason listen.Reason
	err = db.Each(ctx, statement, []any{src.name(), from}, []any{&at.partition, &at.offset, &reason}, func() error {
		if at.offset >= listens[at.partition] {
			p[at] = reason
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the records of an interrupted flush: %w", err)
	}
	return nil
}
