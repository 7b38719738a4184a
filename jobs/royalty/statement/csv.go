package statement

import (
	"database/sql"
	"encoding/csv"
	"errors"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"
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
			f.line = append(f.line, defused(v))
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

// defused keeps a spreadsheet from taking text for a formula. Text that begins with the apostrophe that does this gets
// one more, so that two texts never become one: whoever reads the file takes one apostrophe off the front.
func defused(text string) string {
	if text == "" {
		return text
	}
	first, _ := utf8.DecodeRuneInString(strings.TrimLeftFunc(text, shownAsNothing))
	if strings.ContainsRune("'\t\r\n", rune(text[0])) || strings.ContainsRune(formulaSigns, first) {
		return "'" + text
	}
	return text
}

// formulaSigns begin a formula: those of ASCII, and what programs take for them: full-width, small, raised and lowered
// signs, and the true minus.
const formulaSigns = "=+-@" + "\uFF1D\uFF0B\uFF0D\uFF20" + "\uFE66\uFE62\uFE63\uFE6B" + "\u207C\u207A\u207B" + "\u208C\u208A\u208B" + "\u2212"

// shownAsNothing are white space and characters without width, such as a byte order mark: some programs drop them
// first.
func shownAsNothing(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
}
