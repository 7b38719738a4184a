package certificate

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Opening is one request as a commitment hides it. Who has it can tell that a certificate covers the request; it is
// kept beside the request and handed to whoever must prove that.
type Opening struct {
	Schema int  `json:"schema"`
	Random Hash `json:"random"` // 32 random bytes
	Request
}

// Request is what a request is known by.
type Request struct {
	SourceTopic     string     `json:"source_topic"`
	SourcePartition int32      `json:"source_partition"`
	SourceOffset    int64      `json:"source_offset"`
	Subject         string     `json:"subject"` // keyed hash of the user, in hex
	From            *time.Time `json:"from"`    // the window of event_time [From, To); nil: since ever
	To              *time.Time `json:"to"`      // nil: up to the request
}

// NewOpening draws the random bytes for a request.
func NewOpening(r Request) (Opening, error) {
	for _, t := range []**time.Time{&r.From, &r.To} {
		if *t != nil {
			utc := (*t).UTC()
			*t = &utc
		}
	}
	o := Opening{Schema: Schema, Request: r}
	if _, err := rand.Read(o.Random[:]); err != nil {
		return o, fmt.Errorf("draw random bytes: %w", err)
	}
	return o, o.check()
}

// ParseOpening reads what Text wrote.
func ParseOpening(text []byte) (Opening, error) {
	var o Opening
	if err := decode(text, &o); err != nil {
		return Opening{}, fmt.Errorf("opening: %w", err)
	}
	return o, nil
}

// parseOpenings reads what Text wrote, of one request or, one after the other, of several, or a JSON array of them.
func parseOpenings(text []byte) (list []Opening, err error) {
	r := json.NewDecoder(bytes.NewReader(text))
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("[")) {
		r.DisallowUnknownFields()
		if err := r.Decode(&list); err != nil {
			return nil, altered("openings: not what lakectl writes: %w", err)
		}
		return list, nil
	}
	for at := int64(0); at < int64(len(text)); {
		var one json.RawMessage
		if err := r.Decode(&one); err != nil {
			return nil, altered("opening: not a document that lakectl writes: %w", err)
		}
		end := min(r.InputOffset()+1, int64(len(text))) // a newline ends each
		o, err := ParseOpening(text[at:end])
		if err != nil {
			return nil, err
		}
		list, at = append(list, o), end
	}
	return list, nil
}

// Text is the opening as a document.
func (o Opening) Text() ([]byte, error) { return encode(&o) }

// Commitment is the SHA-256 of Text.
func (o Opening) Commitment() (Hash, error) {
	text, err := o.Text()
	return sha256.Sum256(text), err
}

func (o *Opening) check() error {
	subject, err := hex.DecodeString(o.Subject)
	switch {
	case err != nil || len(subject) == 0 || hex.EncodeToString(subject) != o.Subject:
		return errors.New("subject is not in lower-case hex")
	case o.SourcePartition < 0 || o.SourceOffset < 0:
		return errors.New("the place in the topic is below 0")
	case o.From != nil && o.To != nil && !o.From.Before(*o.To):
		return errors.New("from is not before to")
	}
	for _, t := range []*time.Time{o.From, o.To} {
		if t != nil {
			err = errors.Join(err, checkTime("the window", *t, time.Microsecond))
		}
	}
	return errors.Join(checkSchema(o.Schema), checkText("source_topic", o.SourceTopic, true), checkText("subject", o.Subject, true), err)
}
