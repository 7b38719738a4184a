package roll

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs/erase"
	"github.com/lakectl/lakectl/lake"
)

// List is all requests of a lake and what was done for them.
type List struct {
	Head    Head
	Entries []Entry
}

// Head is the first line of the file.
type Head struct {
	Form        string         `json:"form"`
	LakeID      string         `json:"lake_id"`
	Requests    int            `json:"requests"`
	Sequence    int64          `json:"sequence"`     // of the snapshot of deletion_requests
	LogSequence int64          `json:"log_sequence"` // and of deletion_log
	Positions   lake.Positions `json:"positions"`    // how far the requests were read from their sources
}

const form = "lakectl deletions 1"

// Entry is one request row.
type Entry struct {
	erase.Position
	RequestID    string      `json:"request_id" col:"request_id"`
	Subject      string      `json:"subject" col:"subject"`
	UserID       string      `json:"user_id,omitempty" col:"user_id"` // until the request is verified
	RequestedAt  time.Time   `json:"requested_at" col:"requested_at"`
	ReceivedTime time.Time   `json:"received_time" col:"received_time"`
	From         *time.Time  `json:"from,omitempty" col:"from"`
	To           *time.Time  `json:"to,omitempty" col:"to"`
	Reason       string      `json:"reason,omitempty" col:"reason"`
	State        erase.State `json:"state" col:"state"`
	RowsGone     bool        `json:"rows_gone" col:"rows_gone"`         // once
	Recomputed   bool        `json:"recomputed" col:"recomputed"`       // once
	Decision     string      `json:"decision,omitempty" col:"decision"` // held, released or withdrawn
	Why          string      `json:"why,omitempty" col:"why"`
}

func (e Entry) row() catalog.RequestRow {
	return catalog.RequestRow{
		RequestID: e.RequestID, Subject: e.Subject, UserID: e.UserID, RequestedAt: e.RequestedAt, ReceivedTime: e.ReceivedTime,
		From: e.From, To: e.To, Reason: e.Reason, Place: catalog.Place(e.Position),
	}
}

// foot is the last line of the file.
type foot struct {
	SHA256 string `json:"sha256"`
}

// text is the content of the file.
func (l List) text() ([]byte, error) {
	var b bytes.Buffer
	w := json.NewEncoder(&b)
	err := w.Encode(l.Head)
	for _, e := range l.Entries {
		err = errors.Join(err, w.Encode(e))
	}
	sum := sha256.Sum256(b.Bytes())
	err = errors.Join(err, w.Encode(foot{hex.EncodeToString(sum[:])}))
	return b.Bytes(), err
}

// Write makes a file of the list, whole or not at all.
func (l List) Write(file string) error {
	text, err := l.text()
	if err == nil {
		err = put(file, text)
	}
	if err != nil {
		return lake.WithHint(fmt.Errorf("write the list of deletion requests: %w", err), "name a file in a folder that can be written with --out")
	}
	return nil
}

// ErrDamaged says that a list is not what was written.
var ErrDamaged = errors.New("the list is damaged")

// Read takes a list from its file.
func Read(file string) (List, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return List{}, fmt.Errorf("list of deletion requests: %w", err)
	}
	l, err := parse(text)
	if err != nil {
		return l, lake.WithHint(fmt.Errorf("%s: %w: %w", file, err, ErrDamaged), "take another copy of what 'lakectl deletions export' wrote; nothing was changed")
	}
	return l, nil
}

func parse(text []byte) (l List, err error) {
	lines := bytes.SplitAfter(text, []byte("\n"))
	if n := len(lines); n < 3 || len(lines[n-1]) != 0 {
		return l, errors.New("its end is missing")
	}
	lines = lines[:len(lines)-1]
	last := lines[len(lines)-1]
	sum := sha256.Sum256(text[:len(text)-len(last)])
	want, err := json.Marshal(foot{hex.EncodeToString(sum[:])})
	if err != nil || !bytes.Equal(append(want, '\n'), last) {
		return l, errors.New("its checksum is another")
	}
	if err := json.Unmarshal(lines[0], &l.Head); err != nil {
		return l, errors.New("it does not begin with a head")
	}
	if l.Head.Form != form || l.Head.LakeID == "" || l.Head.Requests != len(lines)-2 {
		return l, fmt.Errorf("its head is none of %q with %d requests", form, len(lines)-2)
	}
	for i, line := range lines[1 : len(lines)-1] {
		var e Entry
		if json.Unmarshal(line, &e) != nil || e.Subject == "" {
			return l, fmt.Errorf("line %d is no request", i+2)
		}
		l.Entries = append(l.Entries, e)
	}
	return l, nil
}

// put writes a file whole, its owner's alone, and replaces the one before.
func put(file string, text []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(file), ".deletions-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) //nolint:errcheck // a leftover is harmless
	_, err = tmp.Write(text)
	if err := errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	if err := os.Rename(tmp.Name(), file); err != nil {
		return err
	}
	folder, err := os.Open(filepath.Dir(file))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// Delay is the delay under which requests are carried out again: a shorter one where one of the list was carried out
// sooner.
func (l List) Delay(configured time.Duration, now time.Time) time.Duration {
	for _, e := range l.Entries {
		if e.RowsGone {
			configured = min(configured, max(0, now.Sub(e.ReceivedTime)))
		}
	}
	return configured
}
