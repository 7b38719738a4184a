package terms

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/lakectl/lakectl/lake"
)

// readCSV reads a file of the kind noun with exactly these columns, and hands every row on with its line. The
// fields are good for one call, the texts in them for ever. The first mistake refuses the file.
func readCSV(r io.Reader, noun string, columns []string, row func(line int, fields []string) error) error {
	err := eachRow(r, columns, row)
	if errors.Is(err, errNoRows) {
		err = fmt.Errorf("no %s in the file", noun)
	}
	return refused(noun, err)
}

// refused says of a mistake in a file of the kind noun what to do about it.
func refused(noun string, err error) error {
	if err == nil {
		return nil
	}
	return lake.WithHint(fmt.Errorf("%s: %w", noun, err), "correct the file and check it with 'lakectl %s check FILE'; nothing was stored", noun)
}

var errNoRows = errors.New("no rows")

func eachRow(r io.Reader, columns []string, row func(line int, fields []string) error) error {
	c := csv.NewReader(withoutBOM(r))
	c.FieldsPerRecord = -1 // a header of another length is told by its columns
	c.ReuseRecord = true
	header, err := c.Read()
	if err != nil && !errors.Is(err, io.EOF) {
		return err // csv names the line
	}
	if err := checkHeader(header, columns); err != nil {
		return fmt.Errorf("line 1: %w", err)
	}
	c.FieldsPerRecord = len(columns)
	for rows := 0; ; rows++ {
		fields, err := c.Read()
		if errors.Is(err, io.EOF) {
			if rows == 0 {
				return errNoRows
			}
			return nil
		}
		if err != nil {
			return err
		}
		line, _ := c.FieldPos(0)
		if err := row(line, fields); err != nil {
			return fmt.Errorf("line %d: %w", line, err)
		}
	}
}

// withoutBOM drops the mark that spreadsheets put in front of UTF-8.
func withoutBOM(r io.Reader) io.Reader {
	b := bufio.NewReader(r)
	if mark, err := b.Peek(3); err == nil && bytes.Equal(mark, []byte("\uFEFF")) {
		b.Discard(3) //nolint:errcheck // they were peeked
	}
	return b
}

func checkHeader(header, columns []string) error {
	want := strings.Join(columns, ",")
	for i, name := range header {
		switch {
		case !slices.Contains(columns, name):
			return fmt.Errorf("unknown column %q; the header is %s", name, want)
		case slices.Contains(header[:i], name):
			return fmt.Errorf("column %s is there twice; the header is %s", name, want)
		}
	}
	for _, name := range columns {
		if !slices.Contains(header, name) {
			return fmt.Errorf("column %s is missing; the header is %s", name, want)
		}
	}
	if !slices.Equal(header, columns) {
		return fmt.Errorf("the columns are in another order; the header is %s", want)
	}
	return nil
}
