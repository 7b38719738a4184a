package compact

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"strings"

	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/listen"
)

// tally tells rows in any order apart from others: their number, and the sum of a hash of each over all columns.
type tally struct {
	rows   int64
	hi, lo uint64
}

func (t *tally) add(h rowHash) {
	var carry uint64
	t.lo, carry = bits.Add64(t.lo, h.lo, 0)
	t.hi, _ = bits.Add64(t.hi, h.hi, carry)
	t.rows++
}

func (t tally) String() string { return fmt.Sprintf("%d rows, %016x%016x", t.rows, t.hi, t.lo) }

// Rows that a file of the archive must not have.
var (
	errOtherDay  = errors.New("it has a row of another day")
	errUnordered = errors.New("its rows are not in the order of the table")
)

// addFile adds the rows of a file of one day that are not deleted, and checks their order where it must be that of the
// table.
func (t *tally) addFile(ctx context.Context, of *lake.Table, f lake.File, day int, gone []int64, ordered bool) (err error) {
	// A file is read as a stream, sorted or not.
	c, err := openCursor(ctx, of.Columns(), Input{File: f, Sorted: true}, 0, gone)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	if ordered && c.order != nil {
		return lake.NameFile(f.FilePath(), errUnordered)
	}
	first := int64(day) * listen.MicrosPerDay
	var user []byte // a copy: what a batch has is gone with its pages
	var at int64
	for {
		more, err := c.next()
		if err != nil || !more {
			return err
		}
		if t.rows%batchRows == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if c.time < first || c.time >= first+listen.MicrosPerDay {
			return lake.NameFile(f.FilePath(), errOtherDay)
		}
		if ordered {
			if o := strings.Compare(lent(user), c.user); o > 0 || o == 0 && at > c.time {
				return lake.NameFile(f.FilePath(), errUnordered)
			} else if o < 0 {
				user = append(user[:0], c.user...)
			}
			at = c.time
		}
		t.add(c.hashes[c.row()])
	}
}
