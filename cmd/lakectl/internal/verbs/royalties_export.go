package verbs

import (
	"context"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/reach"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/royalty/statement"
)

func royaltiesExportVerb() frame.Verb {
	return frame.Bind(frame.Verb{
		Name: "export", Args: "PERIOD|RUN", Short: "Write the statements of a run: one file for every label, artist or party.",
		Long: `PERIOD stands for one run, as for 'royalties show': the run that it was closed with, or its newest run while it is open.
A run that restated a closed period is exported by its id. The files go into DIR/PERIOD-RUN-BY-FORMAT/, with
summary.csv, which has the totals of every holder and currency. The folder appears when it is complete and its sums are
those of the run; the same export again finds it and writes nothing.

Rows of kind payout are for the period itself; rows of kind adjustment were posted to it for earlier periods. By artist,
rows of kind usage say where the tracks were heard; they have no money. By party, a track without splits is its
artist's. Tracks without a label are in the file unassigned. Amounts are minor units; currencies are never added. No
user and no listen is named.

csv and dsr put an apostrophe before text that a spreadsheet would run as a formula. dsr is a TSV in the shape of a DDEX
DSR flat file. It is not a conformant DDEX message and claims no conformance.`,
		Examples: []string{
			"lakectl royalties export --by label --out statements 2026-03",
			"lakectl royalties export --by artist --id A1 --format parquet --out statements 2026-03",
			"lakectl royalties export --by party --format dsr --sender acme --out statements 2026-03",
		},
		Exits: []int{frame.ExitFenced, frame.ExitProof, frame.ExitGone},
		Keys:  []string{"duckdb.memory_limit", "duckdb.threads"},
		Text:  []frame.Teller{frame.Text(sayExport)},
	}, (*exportFlags).declare, runRoyaltiesExport)
}

type exportFlags struct {
	By     string
	ID     frame.GivenText
	Format string
	Out    string
	Sender string
}

func (f *exportFlags) declare() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "by", Usage: "a file for each `HOLDER`: " + strings.Join(statement.Holders, ", "), Destination: &f.By},
		&cli.GenericFlag{Name: "id", Usage: "only the holder with this `ID`; an empty ID stands for rows without a holder", Destination: &f.ID},
		&cli.StringFlag{Name: "format", Usage: "write as `FORMAT`: " + strings.Join(statement.Formats, ", "), Value: "csv", Destination: &f.Format},
		&cli.StringFlag{Name: "out", Usage: "make the folder of the export in `DIR`", Destination: &f.Out},
		&cli.StringFlag{Name: "sender", Usage: "`NAME` of the sender in a dsr file", Value: "lakectl", Destination: &f.Sender},
	}
}

func runRoyaltiesExport(ctx context.Context, c *frame.Call, f exportFlags) (any, error) {
	if err := c.NeedFlags("by", "out"); err != nil {
		return nil, err
	}
	o := statement.Options{Run: c.Args().First(), By: f.By, Format: f.Format, Dir: f.Out, Sender: f.Sender}
	if f.ID.Given {
		o.ID = &f.ID.Text
	}
	if err := statement.CheckOptions(o); err != nil {
		return nil, usage.Errorf("see "+c.Command.HelpName+" --help", "%w", err)
	}
	return reach.WithReader(ctx, c, func(env jobs.Env) (statement.Report, error) { return statement.Export(ctx, env, o) })
}
