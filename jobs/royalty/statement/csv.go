package statement

import (
	"database/sql"
	"encoding/csv"
	"errors"
	"path/filepath"

	"github.com/lakectl/lakectl/jobs/spreadsheet"
)

// csvFile is a CSV file for people: a spreadsheet runs none of its text.
type csvFile struct {
	out  *file
	csv  *csv.Writer
	line []string
}

func (d *disk) newCSV(path string, header []string) (*csvFile, error) {
	out, err := d.create(path)
	if err != nil {
		return nil, err
	}
	f := &csvFile{out: out, csv: csv.NewWriter(out)}
	return f, f.csv.Write(header)
}

// record writes values that are string or sql.NullInt64.
func (f *csvFile) record(values []any) error {
	f.line = f.line[:0]
	for _, v := range values {
		switch v := v.(type) {
		case string:
			f.line = append(f.line, spreadsheet.Defused(v))
		case sql.NullInt64:
			f.line = append(f.line, string(appendNumber(nil, v)))
		}
	}
	return f.csv.Write(f.line)
}

func (f *csvFile) finish() (string, error) {
	f.csv.Flush()
	return filepath.Base(f.out.Name()), errors.Join(f.csv.Error(), f.out.finish())
}

type csvStatement struct {
	*csvFile
	in *inputs
}

func (f *csvStatement) write(r *row) error { return f.record(f.in.fields(r)) }
