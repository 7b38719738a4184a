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
	b := withoutBOM(r)
	if err := checkEncoding(b); err != nil {
		return err
	}
	c := csv.NewReader(b)
	c.FieldsPerRecord = -1 // a header of another length is told by its columns
	c.ReuseRecord = true
	header, line, err := readHeader(c)
	if err != nil {
		return err // csv names the line
	}
	if err := checkHeader(header, columns); err != nil {
		return fmt.Errorf("line %d: %w", line, err)
	}
	c.FieldsPerRecord = len(columns)
	for rows := 0; ; {
		fields, err := c.Read()
		if errors.Is(err, io.EOF) {
			if rows == 0 {
				return errNoRows
			}
			return nil
		}
		if empty(fields) && (err == nil || errors.Is(err, csv.ErrFieldCount)) {
			continue // spreadsheets write such rows below the last one
		}
		if err != nil {
			return err
		}
		line, _ := c.FieldPos(0)
		if err := row(line, fields); err != nil {
			return fmt.Errorf("line %d: %w", line, err)
		}
		rows++
	}
}

func empty(fields []string) bool {
	for _, f := range fields {
		if f != "" {
			return false
		}
	}
	return len(fields) > 0
}

// readHeader reads the first row, after the line by which spreadsheets are told what separates columns.
func readHeader(c *csv.Reader) (header []string, line int, err error) {
	header, err = c.Read()
	if err == nil && len(header) == 2 && strings.EqualFold(header[0], "sep=") && header[1] == "" {
		header, err = c.Read()
	}
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = nil
		}
		return nil, 1, err
	}
	line, _ = c.FieldPos(0)
	return header, line, nil
}

// checkEncoding refuses a file that is text in UTF-16, by its mark or by the zeros beside every letter.
func checkEncoding(b *bufio.Reader) error {
	start, _ := b.Peek(64) // a file may be shorter
	if bytes.HasPrefix(start, []byte("\xFF\xFE")) || bytes.HasPrefix(start, []byte("\xFE\xFF")) || bytes.IndexByte(start, 0) >= 0 {
		return errors.New("line 1: the file is UTF-16; save it as CSV UTF-8")
	}
	return nil
}

// withoutBOM drops the mark that spreadsheets put in front of UTF-8.
func withoutBOM(r io.Reader) *bufio.Reader {
	b := bufio.NewReader(r)
	if mark, err := b.Peek(3); err == nil && bytes.Equal(mark, []byte("\uFEFF")) {
		b.Discard(3) //nolint:errcheck // they were peeked
	}
	return b
}

func checkHeader(header, columns []string) error {
	want := strings.Join(columns, ",")
	if len(header) > 0 && strings.HasPrefix(strings.ToLower(header[0]), "sep=") {
		return fmt.Errorf("%q says that something else than a comma separates the columns; save the file with commas", header[0])
	}
	if len(header) == 1 {
		for name, separator := range map[string]string{"semicolons": ";", "tabs": "\t", "bars": "|"} {
			if strings.Contains(header[0], separator) {
				return fmt.Errorf("the columns are separated by %s; save the file with commas; the header is %s", name, want)
			}
		}
	}
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
