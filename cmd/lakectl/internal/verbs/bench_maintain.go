package verbs

import (
	"github.com/urfave/cli/v2"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/bench"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
)

func benchMaintainVerb() frame.Verb {
	return frame.Bind(frame.Verb{
		Name: "maintain", Short: "Compaction against bare DuckDB sorting the same files, and what it writes while days pass.",
		Long: `Archives --rows listens of one day in --files files and runs 'job maintain' on them as a process of its own. The limit
is DuckDB sorting and writing the same files with sql/bench/maintain_limit.sql. A second run must write nothing.

Then --days days pass in another lake: ingest commits --flushes times a day, and the rollup and maintenance run after
every --every commits. Each day ends with a night's royalties and the erasure of one listener. Reported are the bytes
that were written for each that ingest wrote, the files of a day, the delete files of a file, and how long these take,
beside the first day: a count of all listens, the rollup of one commit, the night.

A day at the default flush of 15 s is --flushes 5760 --every 240: three of them take some 40 minutes. With --log-level
info each day is logged as it ends.`,
		Examples: []string{"lakectl bench maintain", "lakectl bench maintain --rows 5000000 --days 0", "lakectl bench maintain --rows 0 --flushes 5760 --every 240"},
		Exits:    []int{frame.ExitProof},
		Keys:     []string{"duckdb.memory_limit", "duckdb.threads"},
	}, benchMaintainFlags, bench.Maintain)
}

func benchMaintainFlags(o *bench.MaintainOptions) []cli.Flag {
	return []cli.Flag{
		&cli.IntFlag{Name: "rows", Usage: "listens to compact; 0 leaves it out", Value: 1_000_000, Destination: &o.Rows},
		&cli.IntFlag{Name: "files", Usage: "files that they lie in, at least 12", Value: 39, Destination: &o.Files},
		&cli.IntFlag{Name: "days", Usage: "days that pass; 0 leaves them out", Value: 3, Destination: &o.Days},
		&cli.IntFlag{Name: "flushes", Usage: "commits of ingest a day", Value: 240, Destination: &o.Flushes},
		&cli.IntFlag{Name: "listens", Usage: "listens of a commit", Value: 300, Destination: &o.Listens},
		&cli.IntFlag{Name: "every", Usage: "commits between two maintenances", Value: 40, Destination: &o.Every},
		benchSeed(&o.Seed),
	}
}
