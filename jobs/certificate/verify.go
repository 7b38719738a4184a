package certificate

import (
	"errors"
	"slices"
	"strings"
)

// Evidence is what there is to check. Only the certificate must be there.
type Evidence struct {
	Certificate []byte
	Log         []byte // as [Log.Text] wrote it
	Opening     []byte // as [Opening.Text] wrote it, one or several, or a JSON array of them
	Key         string // public key, got from its owner by another way
}

// Report is what was found. What was not given was not checked.
type Report struct {
	Valid       bool         `json:"valid"`
	Reason      string       `json:"reason"`      // why it is not valid
	Certificate *Certificate `json:"certificate"` // as far as it could be read
	KeyKnown    bool         `json:"key_known"`   // it leads to the key that was given
	Rotations   int64        `json:"rotations"`   // changes of key between the certificate and the key that was given
	LogLines    int64        `json:"log_lines"`   // of the log that holds it; 0: none was given
	Opened      []Request    `json:"opened"`      // the requests that openings show to be covered
}

// Verify checks a certificate against all that is given with it. The error is [ErrAltered] where something does not
// fit, and [ErrKey] where the key that was given is none.
func Verify(e Evidence) (Report, error) {
	var r Report
	if e.Key != "" {
		if err := checkKey(e.Key); err != nil {
			return r, err
		}
	}
	err := r.verify(e)
	if r.Valid = err == nil; !r.Valid {
		r.Reason = err.Error()
		if errors.Is(err, ErrAltered) { // its own word says nothing more
			r.Reason = reason(err)
		}
	}
	return r, err
}

func (r *Report) verify(e Evidence) error {
	c, err := parse(e.Certificate)
	if err != nil {
		return err
	}
	r.Certificate = c
	switch {
	case e.Log != nil:
		err = r.entered(e)
	case e.Key != "" && e.Key != c.Log.Key:
		err = altered("the certificate is signed by another key than the one given, %s; where that one came later, the log leads to it", c.Log.Key)
	default:
		r.KeyKnown = e.Key != ""
	}
	if err != nil || e.Opening == nil {
		return err
	}
	return r.open(e.Opening)
}

// entered checks that the log holds the certificate where it says, below a history that it says, and knows the key.
func (r *Report) entered(e Evidence) error {
	l, log, err := parseLog(e.Log)
	if err != nil {
		return err
	}
	at := r.Certificate.Log
	if at.Index >= log.tree.lines {
		return altered("the log has %d lines and ends before line %d, where the certificate is entered: it is older than the certificate, or lines were dropped", log.tree.lines, at.Index)
	}
	before, err := log.tree.root(at.Index)
	switch {
	case err != nil:
		return err
	case l.Lines[at.Index] != entry(e.Certificate):
		return altered("line %d of the log is not this certificate", at.Index)
	case before != at.Root:
		return altered("the lines before line %d of the log are not those that the certificate was issued after", at.Index)
	case log.at(at.Index) != at.Key:
		return altered("the certificate is signed by %s, which was not the log's key at line %d", at.Key, at.Index)
	case e.Key != "" && !log.inForce(e.Key):
		return altered("the key given, %s, is none of the log's", e.Key)
	}
	r.LogLines = log.tree.lines
	if r.KeyKnown = e.Key != ""; r.KeyKnown {
		place := func(key string) int {
			return slices.IndexFunc(log.keys, func(k inForce) bool { return k.public == key })
		}
		r.Rotations = int64(max(place(e.Key)-place(at.Key), place(at.Key)-place(e.Key)))
	}
	return nil
}

// open checks that the certificate covers the request of each opening.
func (r *Report) open(text []byte) error {
	list, err := parseOpenings(text)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return altered("there is no opening in what was given as one")
	}
	var covered []Request
	seen := map[Hash]bool{}
	for _, o := range list {
		commitment, err := o.Commitment()
		if err != nil {
			return altered("opening: %w", err)
		}
		if !slices.Contains(r.Certificate.Requests, commitment) {
			return altered("the certificate does not cover the request of the opening, or the opening is altered")
		}
		if seen[commitment] {
			return altered("an opening is there twice")
		}
		seen[commitment], covered = true, append(covered, o.Request)
	}
	r.Opened = covered
	return nil
}

// reason is an error without the word of its class.
func reason(err error) string {
	return strings.ReplaceAll(err.Error(), ErrAltered.Error()+": ", "")
}
