package verbs

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/reach"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/chain"
	"github.com/lakectl/lakectl/jobs/erase/roll"
	"github.com/lakectl/lakectl/lake"
)

func deletionsExportVerb() frame.Verb {
	return frame.Bind(frame.Verb{
		Name: "export", Short: "Write the list of all requests, with which a restored backup erases again.",
		Long: `Write it after every backup and after every 'lakectl job deletions', and keep it where the lake's backups are not: a
backup that is older than an erasure holds the erased rows. The file is readable by its owner alone. It names users by
their keyed subject and, until a request is verified, by their id. The same lake gives the same bytes.

export and 'lakectl job deletions' also note in catalog.certificate_dir, as erased-LAKE, what was erased. A lake that is
restored from an older backup is known by it and refused, with code 2, until the list is reapplied. So do not put that
folder into the same backup, or restore its newest state.`,
		Examples: []string{"lakectl deletions export --out /safe/deletions.jsonl"},
		Text:     []frame.Teller{frame.Text(sayExported)},
	}, (*rollFlags).declare, runDeletionsExport)
}

func deletionsReapplyVerb() frame.Verb {
	return frame.Verb{
		Name: "reapply", Args: "FILE", Short: "Erase again in a restored lake what was erased before.",
		Long: `FILE is the newest list that 'lakectl deletions export' wrote of this lake. The requests that the lake does not know are
added, with what operators decided about them, and all requests are carried out as by 'lakectl job deletions'. Then the
lake can be read again. Running it again adds nothing. Ingest the topic afterwards: its requests are found in place.

The steps: restore catalog and warehouse, 'lakectl catalog relocate --moved' at a new place, 'lakectl deletions reapply
FILE', 'lakectl ingest'. Until the list is reapplied, the verbs that read the lake, and its jobs, end with code 2;
'lakectl ingest' and 'lakectl deletions' work. Where erasures came after the list was written, ingest first and then
reapply, so that the requests come back from the topic. Where no list is left, do the same with a list of the restored
lake: 'lakectl deletions export'; requests that were held or withdrawn since must be held or withdrawn again before.`,
		Examples: []string{"lakectl deletions reapply /safe/deletions.jsonl"},
		Exits:    []int{frame.ExitPartial, frame.ExitFenced, frame.ExitProof, frame.ExitGone},
		Keys:     []string{"engine", "duckdb.memory_limit", "duckdb.threads"},
		Text:     []frame.Teller{frame.Text(sayReapplied)}, Run: runDeletionsReapply,
	}
}

type rollFlags struct {
	Out string
}

func (f *rollFlags) declare() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "out", Usage: "write the list to `FILE`, in place of one that is there", Value: "deletions.jsonl", Destination: &f.Out},
	}
}

// exported is what was written.
type exported struct {
	File     string `json:"file"`
	LakeID   string `json:"lake_id"`
	Requests int    `json:"requests"`
	Behind   bool   `json:"behind"` // the lake is a restored one that has not erased again
}

func runDeletionsExport(ctx context.Context, c *frame.Call, f rollFlags) (any, error) {
	env, closeEnv, err := reach.ReaderBehind(ctx, c)
	if err != nil {
		return nil, err
	}
	defer closeEnv()
	behind, err := reach.Behind(ctx, c, env)
	if err != nil {
		return nil, err
	}
	if _, there := os.Lstat(f.Out); behind && there == nil {
		return nil, usage.Errorf("reapply the list of before with 'lakectl deletions reapply', or name another file with --out", "%s is there, and this lake was restored and knows less than the list of before", f.Out)
	}
	l, err := roll.Export(ctx, env)
	if err == nil {
		err = l.Write(f.Out)
	}
	if err != nil {
		return nil, err
	}
	if !behind {
		reach.NoteErased(ctx, c, env)
	}
	return exported{File: f.Out, LakeID: l.Head.LakeID, Requests: l.Head.Requests, Behind: behind}, nil
}

func sayExported(p *frame.Page, e exported) {
	p.Say("%s written to %s", frame.CountOf(int64(e.Requests), "deletion request"), e.File)
	if e.Behind {
		p.Say("the lake was restored and has not erased again; keep the list of before as well")
	}
}

func runDeletionsReapply(ctx context.Context, c *frame.Call) (any, error) {
	l, err := roll.Read(c.Args().First())
	if err != nil {
		return nil, usage.Of(err)
	}
	env, closeEnv, err := reach.EnvBehind(ctx, c)
	if err != nil {
		return nil, err
	}
	defer closeEnv()
	done, err := chain.Reapply(ctx, env, l, chain.DeletionsOptions{Rollup: rollupOptions(c)})
	if errors.Is(err, roll.ErrOtherLake) {
		err = usage.Of(err)
	}
	if err != nil {
		return frame.Result(done, err)
	}
	behind, err := reach.Behind(ctx, c, env)
	if err == nil && behind {
		err = lake.WithHint(fmt.Errorf("requests of this list are carried out; others that were carried out later are not known: %w", jobs.ErrPartial),
			"give a newer list, or run 'lakectl ingest', which brings them back from the topic, and then this command again")
	}
	if err == nil {
		reach.NoteErased(ctx, c, env)
	}
	return done, err
}

func sayReapplied(p *frame.Page, r chain.Reapplied) {
	p.Say("%s listed: %s added, %s by operators logged", frame.CountOf(int64(r.Listed), "deletion request"), frame.Thousands(int64(r.Requests)), frame.CountOf(int64(r.Decisions), "decision"))
	sayDeletions(p, r.Carried)
}
