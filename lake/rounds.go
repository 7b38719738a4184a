package lake

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"syscall"
	"time"

	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"
)

// Attempts bounds how often one change of a table is tried; with the back-off it is about a minute.
const commitAttempts = 30

// rounds are the attempts to change a table. After an attempt that failed, whatever the error, the table is loaded
// again and looked at: the change may be in it. Only what is not there after that look is judged by the class of its
// error: one that cannot pass ends the rounds.
type rounds struct {
	attempt int
	last    error  // of the newest attempt
	unknown bool   // the newest attempt to commit has not been looked for
	at      string // metadata file that the newest attempt stood on
	ended   error  // of the context
	over    bool
}

// next waits for the next attempt; false when there is none.
func (r *rounds) next(ctx context.Context) bool {
	if r.over || r.attempt == commitAttempts {
		return false
	}
	r.ended = backOff(ctx, r.attempt)
	r.attempt++
	return r.ended == nil
}

// notLoaded notes that the table could not be loaded. A table that is gone or does not fit will not tell what became of
// an attempt before, however often it is asked: the next run of the job looks again.
func (r *rounds) notLoaded(err error) {
	r.over = permanent(err)
	if r.unknown && r.over {
		err = fmt.Errorf("%w (whether the change before landed is not known: %w)", err, r.last)
	}
	r.last = err
}

// notConfirmed notes that a commit failed or that its answer was lost.
func (r *rounds) notConfirmed(err error) { r.last, r.unknown = err, true }

// settled notes that the table was loaded and the change is not in it, and tells whether trying again is of no use. A
// file that was missing is no lasting error where the table has moved: whoever moved it may have deleted the file.
func (r *rounds) settled(now *Table) bool {
	moved := r.at != now.ice.MetadataLocation()
	r.unknown, r.at = false, now.ice.MetadataLocation()
	r.over = r.last != nil && permanent(r.last) && !(moved && errors.Is(r.last, fs.ErrNotExist))
	return r.over
}

// notReadable notes that files of the table that every attempt reads cannot be read; nil: they can.
func (r *rounds) notReadable(err error) {
	if err != nil && r.last != nil && permanent(err) {
		r.last, r.over = err, true
	}
}

// failed is the error of rounds that came to nothing.
func (r *rounds) failed(doing, hint string) error {
	switch {
	case r.ended != nil:
		return fmt.Errorf("%s: %w", doing, errors.Join(r.ended, r.last))
	case !r.over:
		return WithHint(fmt.Errorf("%s: no attempt of %d was confirmed: %w", doing, r.attempt, r.last), "%s", hint)
	case Hint(r.last) != "":
		return fmt.Errorf("%s: %w", doing, r.last)
	default:
		return WithHint(fmt.Errorf("%s: %w", doing, r.last), "%s", hint)
	}
}

// backOff waits before a repeated attempt: 10 ms doubling up to 2 s, with jitter so that rivals spread out.
func backOff(ctx context.Context, attempt int) error {
	if attempt == 0 {
		return ctx.Err()
	}
	limit := min(10*time.Millisecond<<min(attempt, 8), 2*time.Second)
	return Pause(ctx, limit/2+rand.N(limit/2))
}

// Pause waits that long, unless the context ends first: then it returns why.
func Pause(ctx context.Context, long time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(long):
		return nil
	}
}

// lasting are errors that do not pass by themselves: the table, a file, a right or room on the disk is missing, or
// what is there cannot be read.
var lasting = []error{
	ErrUnfit, ErrUnsupported, ErrNotFound, ErrClock, ErrUnreadable,
	fs.ErrNotExist, fs.ErrPermission, syscall.ENOSPC, syscall.EDQUOT, syscall.EROFS, syscall.EFBIG, syscall.ENOTDIR, syscall.EISDIR,
	gzip.ErrHeader, gzip.ErrChecksum, io.ErrUnexpectedEOF, iceberg.ErrInvalidSchema, icetable.ErrInvalidMetadata,
}

// permanent tells whether an error will be the same at the next attempt.
func permanent(err error) bool {
	for _, target := range lasting {
		if errors.Is(err, target) {
			return true
		}
	}
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	return errors.As(err, &syntax) || errors.As(err, &kind) || lastingSQLite[sqliteCode(err)]
}

// lastingSQLite are SQLite's primary result codes of the same kind.
var lastingSQLite = map[int]bool{
	sqlitePerm: true, sqliteReadOnly: true, sqliteCorrupt: true, sqliteFull: true, sqliteCantOpen: true, sqliteNoDB: true,
}
