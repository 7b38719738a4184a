package certificate

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"
)

// MinPeople is how many people a batch must cover before it says what was counted.
const MinPeople = 5

// Certificate is what is signed.
type Certificate struct {
	Schema int `json:"schema"`
	Batch
	Log Place `json:"log"`
}

// Batch is what was erased in one go, and what is left.
type Batch struct {
	Lake             string     `json:"lake"` // id of the lake
	IssuedAt         time.Time  `json:"issued_at"`
	Verifier         string     `json:"verifier"` // program and version that looked at what is left
	Requests         []Hash     `json:"requests"` // commitments, sorted
	Counts           *Counts    `json:"counts"`   // nil below MinPeople
	SnapshotsExpired Tally      `json:"snapshots_expired"`
	ObjectsRemoved   Tally      `json:"objects_removed"` // by path
	Residuals        []Residual `json:"residuals"`
}

// Counts is what the erasure of a batch took.
type Counts struct {
	People int64 `json:"people"`
	Rows   int64 `json:"rows"`
	Plays  int64 `json:"plays"`
}

// Residual is something that could not be looked at: what, and until when it may hold erased rows.
type Residual struct {
	What  string     `json:"what"`
	Until *time.Time `json:"until"` // nil: not known
}

// Place is where in its log a certificate is entered, and the key in force there.
type Place struct {
	Key   string `json:"key"` // public
	Index int64  `json:"index"`
	Root  Hash   `json:"root"` // of all lines before it
}

// normal is the batch in the one form that certificates have, without what it may not say. The caller's stays as it is.
func (b Batch) normal() Batch {
	if b.Counts != nil && b.Counts.People < MinPeople {
		b.Counts = nil
	}
	b.IssuedAt = b.IssuedAt.UTC().Truncate(time.Second)
	b.Requests = slices.SortedFunc(slices.Values(b.Requests), compareHashes)
	residuals := make([]Residual, 0, len(b.Residuals))
	for _, r := range b.Residuals {
		if r.Until != nil {
			until := r.Until.UTC().Truncate(time.Second)
			r.Until = &until
		}
		residuals = append(residuals, r)
	}
	slices.SortFunc(residuals, compareResiduals)
	b.Residuals = residuals
	for _, t := range []*Tally{&b.SnapshotsExpired, &b.ObjectsRemoved} {
		if t.Count == 0 {
			t.Root = rootOfNothing
		}
	}
	return b
}

func compareHashes(a, b Hash) int { return bytes.Compare(a[:], b[:]) }

func compareResiduals(a, b Residual) int {
	var at, bt time.Time
	if a.Until != nil {
		at = *a.Until
	}
	if b.Until != nil {
		bt = *b.Until
	}
	return cmp.Or(cmp.Compare(a.What, b.What), at.Compare(bt))
}

func (c *Certificate) check() error {
	if err := checkSchema(c.Schema); err != nil {
		return err
	}
	err := errors.Join(checkText("lake", c.Lake, true), checkText("verifier", c.Verifier, true), checkTime("issued_at", c.IssuedAt, time.Second))
	switch {
	case len(c.Requests) == 0:
		return errors.New("it covers no request")
	case !ascending(c.Requests, compareHashes):
		return errors.New("requests are not sorted, or one is there twice")
	case c.Residuals == nil || !slices.IsSortedFunc(c.Residuals, compareResiduals):
		return errors.New("residuals are not sorted")
	case c.Log.Index < 1:
		return errors.New("the first line of a log is its key")
	}
	for _, r := range c.Residuals {
		err = errors.Join(err, checkText("residual", r.What, true))
		if r.Until != nil {
			err = errors.Join(err, checkTime("until", *r.Until, time.Second))
		}
	}
	return errors.Join(err, c.Counts.check(int64(len(c.Requests))), c.SnapshotsExpired.check(), c.ObjectsRemoved.check())
}

func ascending[T any](list []T, compare func(a, b T) int) bool {
	for i := 1; i < len(list); i++ {
		if compare(list[i-1], list[i]) >= 0 {
			return false
		}
	}
	return true
}

func (c *Counts) check(requests int64) error {
	switch {
	case c == nil:
		return nil
	case c.People < MinPeople:
		return fmt.Errorf("counts are about %d people, at least %d are needed", c.People, MinPeople)
	case c.People > requests:
		return errors.New("more people than requests")
	case c.Rows < 0 || c.Plays < 0:
		return errors.New("a count is below 0")
	}
	return nil
}

// sign writes the certificate as it is handed out.
func (c *Certificate) sign(k Key) ([]byte, error) {
	text, err := encode(c)
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	return k.sign(text)
}

// parse reads a certificate that was signed by the key it names.
func parse(file []byte) (*Certificate, error) {
	end := bytes.LastIndex(file, []byte("\n\n"))
	if end < 0 {
		return nil, altered("certificate: no signature stands below it")
	}
	c := &Certificate{}
	if err := decode(file[:end+1], c); err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	if _, err := openNote(file, c.Log.Key); err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	return c, nil
}

// entry is the line of a certificate in the log.
func entry(file []byte) string { return certificateWord + Hash(sha256.Sum256(file)).String() }
