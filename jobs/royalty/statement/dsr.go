package statement

import (
	"bufio"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/lakectl/lakectl/jobs/spreadsheet"
	"github.com/lakectl/lakectl/lake"
)

const dsrService = "MusicStreaming"

// dsrStatement has the shape of a DDEX DSR flat file. Its summary records come first and are known last: the usage
// records are kept in a file without a name until then, the same for one holder after the other.
type dsrStatement struct {
	*writer
	sender string
	holder row
	usage  *bufio.Writer // to body
	lines  int64
	pools  map[pool]*dsrSummary
	order  []*dsrSummary // by first row
}

// dsrSummary is a summary record: all usage of one pool.
type dsrSummary struct {
	id                        int
	pool                      pool
	usages, payouts, adjusted int64
}

func (w *writer) openDSR(r *row, sender string) (_ statementFile, err error) {
	if w.body == nil {
		if w.body, err = os.Create(filepath.Join(w.dir, ".body")); err != nil {
			return nil, err
		}
		if err := os.Remove(w.body.Name()); err != nil {
			return nil, err
		}
	}
	if err := w.body.Truncate(0); err != nil {
		return nil, err
	}
	if _, err := w.body.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return &dsrStatement{writer: w, sender: sender, holder: *r, usage: bufio.NewWriter(w.body), pools: map[pool]*dsrSummary{}}, nil
}

// write adds an SU02.03-shaped record.
func (d *dsrStatement) write(r *row) (err error) {
	key := pool{Country: r.Country, Tier: r.Tier, Currency: r.Currency}
	s := d.pools[key]
	if s == nil {
		s = &dsrSummary{id: len(d.order) + 1, pool: key}
		d.pools[key], d.order = s, append(d.order, s)
	}
	part := &s.payouts
	if r.Kind == kindAdjustment {
		part = &s.adjusted
	}
	if *part, err = plus(*part, r.AmountMinor.Int64); err != nil {
		return err
	}
	s.usages += r.QualifiedListens.Int64
	d.lines++
	return writeRecord(d.usage,
		"SU02.03", strconv.FormatInt(d.lines, 10), strconv.Itoa(s.id), fmt.Sprintf("%s:%d", d.in.run.RunID, d.lines), "", r.TrackID, "true",
		r.QualifiedListens, r.Kind, r.OriginPeriod, r.ArtistID, r.ArtistName, r.Title, r.ISRC, r.Party, r.Role, r.Currency, r.AmountMinor, r.Cause)
}

// finish puts the file together: HEAD, a record a pool, the usage, FOOT.
func (d *dsrStatement) finish() (name string, err error) {
	name = d.fileName()
	out, err := d.disk.create(filepath.Join(d.dir, name))
	if err != nil {
		return name, err
	}
	defer func() { err = errors.Join(err, out.finish()) }()
	if err := d.head(out); err != nil {
		return name, err
	}
	for _, s := range d.order {
		if err := d.summarize(out, s); err != nil {
			return name, err
		}
	}
	if err := d.copyUsage(out); err != nil {
		return name, err
	}
	records := int64(len(d.order)) + d.lines + 2
	return name, writeRecord(out, "FOOT", number(records))
}

func (d *dsrStatement) copyUsage(out io.Writer) error {
	if err := d.usage.Flush(); err != nil {
		return err
	}
	if _, err := d.body.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err := io.Copy(out, d.body)
	return err
}

func (d *dsrStatement) created() time.Time { return d.in.run.FinishedAt.UTC() }

func (d *dsrStatement) fileName() string {
	return strings.Join([]string{
		"DSR", element(stem(d.in.by, d.holder.HolderID)), plainElement(d.sender), dsrService, d.in.run.Period, d.territory(), "1of1",
		d.created().Format("20060102T150405"),
	}, "_") + ".tsv"
}

// territory is the one that all records are for, or multi.
func (d *dsrStatement) territory() string {
	countries := map[string]bool{}
	for _, s := range d.order {
		countries[s.pool.Country] = true
	}
	if len(countries) != 1 || countries["*"] {
		return "multi"
	}
	return plainElement(d.order[0].pool.Country)
}

// head says in its version and profile that this is no conformant message.
func (d *dsrStatement) head(out io.Writer) error {
	first, last := d.in.run.Period+"-01", ""
	if month, err := lake.ParseMonth(d.in.run.Period); err == nil {
		last = month.End().AddDate(0, 0, -1).Format(time.DateOnly)
	}
	return writeRecord(out, "HEAD", "DSR-shaped, no DDEX conformance claimed", "RoyaltyStatement-shaped", "1",
		d.in.run.RunID+":"+stem(d.in.by, d.holder.HolderID), d.created().Format(time.RFC3339), "1", "1", first, last,
		"", d.sender, dsrService, "", d.holder.HolderID, d.holder.HolderName, d.in.version)
}

// summarize writes an SY07.01-shaped record. Its total of usages counts adjustments too.
func (d *dsrStatement) summarize(out io.Writer, s *dsrSummary) error {
	territory := s.pool.Country
	if territory == "*" {
		territory = "multi"
	}
	return writeRecord(out, "SY07.01", strconv.Itoa(s.id), "", "", "SubscriptionModel", "OnDemandStream", territory, "", dsrService,
		number(s.usages), s.pool.Tier, s.pool.Currency, number(s.payouts), number(s.adjusted))
}

// writeRecord writes cells that are string or sql.NullInt64. Only text is defused.
func writeRecord(out io.Writer, cells ...any) error {
	var line []byte
	for i, cell := range cells {
		if i > 0 {
			line = append(line, '\t')
		}
		switch v := cell.(type) {
		case string:
			line = append(line, oneCell.Replace(spreadsheet.Defused(v))...)
		case sql.NullInt64:
			line = appendNumber(line, v)
		}
	}
	_, err := out.Write(append(line, '\n'))
	return err
}

// oneCell keeps text in its cell and its line.
var oneCell = strings.NewReplacer("\t", " ", "\n", " ", "\r", " ")
