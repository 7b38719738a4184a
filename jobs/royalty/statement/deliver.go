package statement

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/lakectl/lakectl/jobs/royalty"
)

// What rows of a statement are, see the package comment.
const (
	KindPayout     = kindPayout
	KindAdjustment = kindAdjustment
	KindUsage      = kindUsage
)

// Delivery says what the statement of one holder is of.
type Delivery struct {
	RunID, Period string
	FinishedAt    time.Time // of the run
	Version       int64     // of the close
	By, Format    string
	Sender        string // of a dsr file
}

// Deliver writes the file of one holder from rows that are at hand, in their order: byte for byte the one that [Export]
// makes of these. It is put together in a folder that is gone when the caller closes the file; name is what an export
// calls it.
func Deliver(d Delivery, rows []Row) (f *os.File, name string, err error) {
	if len(rows) == 0 {
		return nil, "", errors.New("a statement without rows")
	}
	dir, err := os.MkdirTemp("", "lakectl-statement-")
	if err != nil {
		return nil, "", fmt.Errorf("make a folder for a statement: %w", err)
	}
	// An open file stays readable after its name is gone.
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	w := &writer{dir: dir, disk: newDisk(), in: &inputs{
		run: royalty.PublishedRun{RunID: d.RunID, Period: d.Period, FinishedAt: d.FinishedAt}, by: d.By, format: d.Format, version: fmt.Sprintf("v%d", d.Version),
	}}
	if name, err = w.deliver(w.opener(d.Format, d.Sender), rows); err != nil {
		return nil, "", fmt.Errorf("write the statement of %s: %w", d.Period, err)
	}
	f, err = os.Open(filepath.Join(dir, name))
	return f, name, err
}

func (w *writer) deliver(open func(r *row) (statementFile, error), rows []Row) (name string, err error) {
	file, err := open(&rows[0])
	if w.body != nil {
		defer func() { err = errors.Join(err, w.body.Close()) }()
	}
	if err != nil {
		return "", err
	}
	for i := range rows {
		if err = file.write(&rows[i]); err != nil {
			break
		}
	}
	name, finish := file.finish()
	return name, errors.Join(err, finish, w.disk.wait())
}
