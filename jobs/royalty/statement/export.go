package statement

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// What statements are for, and the formats they can have.
var (
	Holders = []string{byLabel, byArtist, byParty}
	Formats = []string{formatCSV, formatParquet, formatDSR}
)

const (
	byLabel, byArtist, byParty          = "label", "artist", "party"
	formatCSV, formatParquet, formatDSR = "csv", "parquet", "dsr"
)

// Options of one export. All but ID and Sender are needed.
type Options struct {
	Run    string  // a run id, or a period: the run it was closed with, else its newest
	By     string  // one of Holders
	Format string  // one of Formats
	Dir    string  // the folder of the export is made in it
	ID     *string // only this holder
	Sender string  // who sends a dsr file
}

// Total is the money of one currency.
type Total struct {
	Currency         string `json:"currency"`
	PayoutsMinor     int64  `json:"payouts_minor"`
	AdjustmentsMinor int64  `json:"adjustments_minor"`
	TotalMinor       int64  `json:"total_minor"`
}

// Result is what an export holds.
type Result struct {
	RunID            string  `json:"run_id"`
	Period           string  `json:"period"`
	StatementVersion string  `json:"statement_version"` // "" unless the run closed the period
	By               string  `json:"by"`
	Format           string  `json:"format"`
	Holders          int64   `json:"holders"`
	Rows             int64   `json:"rows"`
	Checksum         string  `json:"checksum"` // of the rows
	Totals           []Total `json:"totals"`
}

// Report says what an export did.
type Report struct {
	Folder       string `json:"folder"`
	AlreadyThere bool   `json:"already_there"` // nothing was written
	Result
	// UnsealedFiles were read and carry no hashes, see [jobs.Env.Unsealed].
	UnsealedFiles int `json:"unsealed_files,omitempty"`
}

// Export writes the statements of a run, or finds them written.
func Export(ctx context.Context, env jobs.Env, o Options) (report Report, err error) {
	if err := env.Unaltered(ctx, catalog.Judged()...); err != nil {
		return report, err
	}
	defer func() { report.UnsealedFiles = env.Unsealed() }()
	in, err := findInputs(ctx, env, o)
	if err != nil {
		return report, err
	}
	db, err := env.Open(ctx)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := in.bindMoney(ctx, env, db); err != nil {
		return report, err
	}
	f := folderOf(o, in.run.RunID, in.run.Period)
	if there, ok, err := f.same(in.pinned); ok || err != nil {
		return Report{Folder: f.path(), AlreadyThere: true, Result: there}, err
	}
	if err := in.makeRows(ctx, env, db, o); err != nil {
		return report, err
	}
	if in.rows == 0 && o.ID != nil {
		return report, lake.WithHint(fmt.Errorf("%s %q in run %s: %w", o.By, *o.ID, in.run.RunID, lake.ErrNotFound),
			"export without --id: summary.csv lists every %s of the run", o.By)
	}
	return write(ctx, env, db, f, in, o)
}

// write makes the folder under its partial name, proves it, and renames it.
func write(ctx context.Context, env jobs.Env, db *jobs.Session, f folder, in *inputs, o Options) (report Report, err error) {
	p, err := f.begin()
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, p.discard()) }()
	w, err := newWriter(p.path, in, o)
	if err != nil {
		return report, err
	}
	if err := w.all(ctx, env, db); err != nil {
		return report, err
	}
	report = Report{Folder: f.path(), Result: w.result()}
	if o.ID == nil {
		if err := w.prove(ctx, db, in.run.Period); err != nil {
			return Report{}, err
		}
	}
	made := manifest{Result: report.Result, Inputs: in.pinned}
	switch written, ok, err := f.written(); {
	case err != nil:
		return Report{}, err
	case ok:
		return f.compare(written, made)
	}
	if err := p.writeManifest(made); err != nil {
		return Report{}, err
	}
	if err := ctx.Err(); err != nil {
		return Report{}, err
	}
	return report, p.publish()
}

// CheckOptions refuses what no export can be made of.
func CheckOptions(o Options) error {
	known := func(what, got string, list []string) error {
		for _, name := range list {
			if got == name {
				return nil
			}
		}
		return fmt.Errorf("%s %q is not one of %s", what, got, strings.Join(list, ", "))
	}
	if err := known("--by", o.By, Holders); err != nil {
		return err
	}
	if err := known("--format", o.Format, Formats); err != nil {
		return err
	}
	if o.Dir == "" {
		return errors.New("--out is empty")
	}
	if len(o.Sender) == 0 || len(o.Sender) > 50 {
		return errors.New("--sender takes 1 to 50 bytes")
	}
	return nil
}
