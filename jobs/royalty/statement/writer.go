package statement

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"os"
	"path/filepath"
	"strconv"

	"github.com/lakectl/lakectl/jobs"
)

// sliceRows is how many rows are in memory at a time: the driver holds a whole result.
const sliceRows = 50_000

// statementFile is the file of one holder. finish is called once, whatever happened before; it gives the name under
// which the complete file is on disk.
type statementFile interface {
	write(r *row) error
	finish() (name string, err error)
}

// writer writes the rows of an export into a folder, a file for each holder, and counts what it wrote.
type writer struct {
	in      *inputs
	dir     string
	disk    *disk
	open    func(r *row) (statementFile, error) // the file of the holder of r
	holder  row
	file    statementFile // nil before the first row
	body    *os.File      // see dsrStatement
	summary *csvFile
	tally   tally
	sum     hash.Hash
}

func newWriter(dir string, in *inputs, o Options) (*writer, error) {
	w := &writer{in: in, dir: dir, disk: newDisk(), sum: sha256.New(), tally: newTally()}
	w.open = w.opener(o.Format, o.Sender)
	var err error
	w.summary, err = w.disk.newCSV(filepath.Join(dir, "summary.csv"), summaryColumns)
	return w, err
}

// opener makes the files of a format.
func (w *writer) opener(format, sender string) func(r *row) (statementFile, error) {
	return map[string]func(*row) (statementFile, error){
		formatCSV:     w.openCSV,
		formatParquet: w.openParquet,
		formatDSR:     func(r *row) (statementFile, error) { return w.openDSR(r, sender) },
	}[format]
}

func (w *writer) openCSV(r *row) (statementFile, error) {
	f, err := w.disk.newCSV(filepath.Join(w.dir, stem(w.in.by, r.HolderID)+".csv"), columns)
	return &csvStatement{f, w.in}, err
}

// close finishes what is open and waits for all files.
func (w *writer) close() (err error) {
	if w.file != nil {
		_, err = w.file.finish()
	}
	if w.body != nil {
		err = errors.Join(err, w.body.Close())
	}
	_, summary := w.summary.finish()
	return errors.Join(err, summary, w.disk.wait())
}

// all writes every row and the summary. They are on disk when it returns.
func (w *writer) all(ctx context.Context, env jobs.Env, db *jobs.Session) (err error) {
	defer func() { err = errors.Join(err, w.close()) }()
	var r row
	for from := int64(0); from < w.in.rows; from += sliceRows {
		err := jobs.EachRecord(ctx, db, "statement/slice", []any{from, from + sliceRows}, func(next row) error { r = next; return w.add(&r) })
		if err != nil {
			return fmt.Errorf("write the rows of %s: %w", w.in.run.Period, err)
		}
		env.Progress(fmt.Sprintf("export: %d of %d rows, %d holders", w.tally.rows, w.in.rows, w.tally.holders))
	}
	return w.endHolder()
}

func (w *writer) add(r *row) error {
	if w.file == nil || w.holder.HolderID != r.HolderID {
		if err := w.endHolder(); err != nil {
			return err
		}
		f, err := w.open(r) // fails if the holder had a file before
		if err != nil {
			return err
		}
		w.file, w.holder = f, *r
	}
	w.digest(r)
	if err := w.tally.add(r); err != nil {
		return err
	}
	return w.file.write(r)
}

// endHolder finishes the holder's file and adds it to the summary.
func (w *writer) endHolder() error {
	if w.file == nil {
		return nil
	}
	file := w.file
	w.file = nil
	name, err := file.finish()
	if err != nil {
		return err
	}
	for _, t := range w.tally.endHolder() {
		err := w.summary.record([]any{
			w.in.run.RunID, w.in.run.Period, w.in.version, w.in.by, w.holder.HolderID, w.holder.HolderName, name, t.Currency,
			number(t.PayoutsMinor), number(t.AdjustmentsMinor), number(t.TotalMinor), number(t.rows),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

var summaryColumns = []string{
	"run_id", "period", "statement_version", "holder_kind", "holder_id", "holder_name", "file", "currency",
	"payouts_minor", "adjustments_minor", "total_minor", "rows",
}

func number(n int64) sql.NullInt64 { return sql.NullInt64{Int64: n, Valid: true} }

// digest adds a row to the checksum: the values joined by byte 0x1F, each row ended by a newline.
func (w *writer) digest(r *row) {
	var line []byte
	for _, v := range w.in.fields(r) {
		switch v := v.(type) {
		case string:
			line = append(line, v...)
		case sql.NullInt64:
			line = appendNumber(line, v)
		}
		line = append(line, 0x1F)
	}
	line[len(line)-1] = '\n'
	w.sum.Write(line)
}

func appendNumber(b []byte, n sql.NullInt64) []byte {
	if !n.Valid {
		return b
	}
	return strconv.AppendInt(b, n.Int64, 10)
}

func (w *writer) result() Result {
	run := w.in.run
	return Result{
		RunID: run.RunID, Period: run.Period, StatementVersion: w.in.version, By: w.in.by, Format: w.in.format, Holders: w.tally.holders, Rows: w.tally.rows,
		Checksum: hex.EncodeToString(w.sum.Sum(nil)), Totals: w.tally.currencies(),
	}
}
