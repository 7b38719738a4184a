package certificate

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode"
	"unicode/utf8"
)

// Schema is the newest form of documents.
const Schema = 1

// ErrAltered is the class of all that does not fit: a document, a signature, a log.
var ErrAltered = errors.New("altered")

func altered(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrAltered, fmt.Errorf(format, args...))
}

// Hash is a SHA-256, in documents as lower-case hex.
type Hash [32]byte

// String is the hash in hex.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText is String.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (h *Hash) UnmarshalText(text []byte) error {
	if hex.DecodedLen(len(text)) != len(h) {
		return fmt.Errorf("want %d hexadecimal digits", hex.EncodedLen(len(h)))
	}
	_, err := hex.Decode(h[:], text)
	return err
}

// document is what has one form.
type document interface{ check() error }

// encode writes the one form of a document: indented JSON in the order of the fields, ended by a newline.
func encode(d document) ([]byte, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(d)
	return b.Bytes(), err
}

// decode reads the one form of a document into d and refuses every other.
func decode(text []byte, d document) error {
	r := json.NewDecoder(bytes.NewReader(text))
	r.DisallowUnknownFields()
	if err := r.Decode(d); err != nil {
		return altered("not a document that lakectl writes: %w", err)
	}
	again, err := encode(d)
	if err != nil {
		return altered("no document that lakectl writes: %w", err)
	}
	if !bytes.Equal(again, text) {
		return altered("the document is not written as lakectl writes it")
	}
	return nil
}

func checkSchema(schema int) error {
	switch {
	case schema > Schema:
		return fmt.Errorf("schema %d is of a later lakectl than this one, which knows %d", schema, Schema)
	case schema != Schema:
		return fmt.Errorf("schema is %d, want %d", schema, Schema)
	}
	return nil
}

const maxText = 200 // bytes

// checkText refuses what would not be one short line.
func checkText(field, text string, needed bool) error {
	switch {
	case needed && text == "":
		return fmt.Errorf("%s is missing", field)
	case len(text) > maxText:
		return fmt.Errorf("%s has over %d bytes", field, maxText)
	case !utf8.ValidString(text):
		return fmt.Errorf("%s is not UTF-8", field)
	}
	for _, r := range text {
		if !unicode.IsPrint(r) {
			return fmt.Errorf("%s has a character that cannot be printed", field)
		}
	}
	return nil
}

// checkTime refuses times that have several forms: one form is UTC, in the given unit.
func checkTime(field string, t time.Time, unit time.Duration) error {
	switch {
	case t.IsZero():
		return fmt.Errorf("%s is missing", field)
	case t.Location() != time.UTC || !t.Equal(t.Truncate(unit)):
		return fmt.Errorf("%s is not UTC in steps of %s", field, unit)
	}
	return nil
}
