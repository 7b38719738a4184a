package serve

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"path"
	"strconv"
	"time"

	"github.com/lakectl/lakectl/jobs/serve/figures"
	"github.com/lakectl/lakectl/jobs/spreadsheet"
)

// The ways in which figures are sure.
const (
	provisional = "provisional" // a day of the range is not over, or has rows that the ledger has not counted
	exact       = "exact"       // every listen of the range is counted once, by the ledger
	corrected   = "corrected"   // exact, and a figure of the range changed after its day had ended
)

// envelope is what every answer says besides its figures.
type envelope struct {
	AsOf         time.Time  `json:"as_of"`               // when the state of the archive was committed
	Watermark    *time.Time `json:"watermark"`           // newest event time in it
	Timezone     string     `json:"timezone"`            // UTC
	Status       string     `json:"status"`              // provisional, exact or corrected
	ExactThrough *string    `json:"exact_through"`       // the last day up to which all of the range are exact
	SnapshotID   string     `json:"snapshot_id"`         // of listens
	From         string     `json:"from"`                // first day
	To           string     `json:"to"`                  // last day
	ArtistID     string     `json:"artist_id,omitempty"` // whose figures they are
	LabelID      string     `json:"label_id,omitempty"`
}

// envelope says how sure the figures of a question's range are.
func (q *question) envelope(ctx context.Context) (envelope, error) {
	if q.read != nil && q.read.envelope != nil {
		return *q.read.envelope, nil
	}
	e, err := q.sureness(ctx)
	if err == nil && q.read != nil {
		q.read.envelope = &e
	}
	return e, err
}

func (q *question) sureness(ctx context.Context) (envelope, error) {
	e := envelope{
		AsOf: q.cut.AsOf.UTC(), Timezone: "UTC", Status: exact, SnapshotID: strconv.FormatInt(q.cut.Snapshot, 10),
		From: q.span.From.Format(time.DateOnly), To: q.span.To.AddDate(0, 0, -1).Format(time.DateOnly),
	}
	e.ArtistID, e.LabelID = q.of.ids()
	if !q.cut.Watermark.IsZero() {
		e.Watermark = &q.cut.Watermark
	}
	over := figures.Day.Start(q.cut.Until())
	for day := q.span.From; day.Before(q.span.To); day = day.AddDate(0, 0, 1) {
		if !day.Before(over) || q.cut.Provisional(day) {
			e.Status = provisional
			break
		}
		text := day.Format(time.DateOnly)
		e.ExactThrough = &text
	}
	if e.Status == exact {
		changes, err := q.changed(ctx)
		if err != nil {
			return e, err
		}
		if moved(changes) {
			e.Status = corrected
		}
	}
	return e, nil
}

// heading is what an answer that is of no range says besides its figures.
type heading struct {
	AsOf       time.Time  `json:"as_of"`               // when the state of the archive was committed
	Watermark  *time.Time `json:"watermark"`           // newest event time in it
	Timezone   string     `json:"timezone"`            // UTC
	Status     string     `json:"status"`              // provisional, exact or corrected
	SnapshotID string     `json:"snapshot_id"`         // of listens
	ArtistID   string     `json:"artist_id,omitempty"` // whose figures they are
	LabelID    string     `json:"label_id,omitempty"`
}

func headingOf(of subject, asOf, watermark time.Time, snapshot int64, status string) heading {
	h := heading{AsOf: asOf.UTC(), Timezone: "UTC", Status: status, SnapshotID: strconv.FormatInt(snapshot, 10)}
	h.ArtistID, h.LabelID = of.ids()
	if !watermark.IsZero() {
		h.Watermark = &watermark
	}
	return h
}

// table is an answer that can be a list of rows, for CSV.
type table interface {
	header() []string
	rows() [][]string
}

// answer writes what a question is answered with, as JSON, or as CSV where the request prefers that and it is a list.
// The tag of an answer depends on the cut and on the question alone, so a browser that has it is told so.
func answer(w http.ResponseWriter, r *http.Request, q *question, body any) (*text, error) {
	list, isList := body.(table)
	as := formOf(r)
	if !isList {
		as = asJSON
	}
	sum := sha256.Sum256([]byte(q.cut.Tag() + "\n" + q.tag + "\n" + r.URL.Path + "\n" + r.URL.Query().Encode() + "\n" + strconv.FormatBool(as != asJSON)))
	t := &text{contentType: "application/json", tag: `"` + hex.EncodeToString(sum[:12]) + `"`}
	var err error
	if as == asJSON {
		t.body, err = asText(body)
	} else {
		t.contentType = "text/csv; charset=utf-8; header=present"
		t.body, err = asRows(list)
	}
	if err != nil {
		return nil, err
	}
	if as == asFile {
		t.disposition = `attachment; filename="` + path.Base(r.URL.Path) + `.csv"`
	}
	t.send(w, r)
	return t, nil
}

func asRows(list table) ([]byte, error) {
	var text bytes.Buffer
	out := csv.NewWriter(&text)
	for _, row := range append([][]string{list.header()}, list.rows()...) {
		for i := range row {
			if _, err := strconv.ParseInt(row[i], 10, 64); err != nil { // a number is no formula
				row[i] = spreadsheet.Defused(row[i])
			}
		}
		if err := out.Write(row); err != nil {
			return nil, err
		}
	}
	out.Flush()
	return text.Bytes(), nil
}

func asText(body any) ([]byte, error) {
	text, err := json.Marshal(body)
	return append(text, '\n'), err
}

// send writes an answer as JSON, once it is whole.
func send(w http.ResponseWriter, body any) error {
	text, err := asText(body)
	if err != nil {
		return err
	}
	write(w, "application/json", text)
	return nil
}

func write(w http.ResponseWriter, contentType string, text []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.Write(text) //nolint:errcheck // the client has gone
}

// people is a count of listeners as it may be shown.
type people struct {
	Listeners *int64 `json:"listeners"`                 // null below listeners_below
	Below     int64  `json:"listeners_below,omitempty"` // there are fewer than this
	Exact     *bool  `json:"listeners_exact,omitempty"` // false: within 1 % with 99 % certainty
}

func peopleOf(s figures.Set) people {
	c := s.Count()
	if c.Listeners < figures.Few {
		return people{Below: figures.Few}
	}
	return people{Listeners: &c.Listeners, Exact: &c.Exact}
}

// text is the count in a table.
func (p people) text() string {
	if p.Listeners == nil {
		return "<" + strconv.FormatInt(p.Below, 10)
	}
	return strconv.FormatInt(*p.Listeners, 10)
}
