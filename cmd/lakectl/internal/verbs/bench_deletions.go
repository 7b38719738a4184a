package verbs

import (
	"github.com/urfave/cli/v2"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/bench"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
)

func benchDeletionsVerb() frame.Verb {
	return frame.Bind(frame.Verb{
		Name: "deletions", Short: "Erasures from the request to the proof: seconds, bytes written, and what a window of days costs.",
		Long: `Makes an archive with 5 % duplicates, its ledger and the dashboard's tables. Then --erased users drawn at random are
erased from all of it: measured are 'job deletions' to the state recomputed, 'job deletions --purge-now' against the bytes of
the files that held the rows, and 'deletions verify'. Others are erased from a tenth of the days, and the same ones from
the same days in an archive of --times as many days, whose other days have a twentieth of the listens. A request that is
not carried out, purged or verified ends the run with code 5.

The full size is --rows 50000000 --users 500000: some 30 minutes and 8 GB of disk.`,
		Examples: []string{"lakectl bench deletions", "lakectl bench deletions --rows 50000000 --users 500000"},
		Exits:    []int{frame.ExitProof},
		Keys:     []string{"duckdb.memory_limit", "duckdb.threads", "duckdb.spill_limit"},
	}, benchDeletionsFlags, bench.Deletions)
}

func benchDeletionsFlags(o *bench.DeletionsOptions) []cli.Flag {
	return []cli.Flag{
		&cli.IntFlag{Name: "rows", Usage: "listens of the archive", Value: 1_000_000, Destination: &o.Rows},
		&cli.IntFlag{Name: "days", Usage: "days that they are spread over, at least 10", Value: 90, Destination: &o.Days},
		&cli.IntFlag{Name: "users", Usage: "users that listen", Value: 10_000, Destination: &o.Users},
		&cli.IntFlag{Name: "erased", Usage: "users of each erasure", Value: 100, Destination: &o.Erased},
		&cli.IntFlag{Name: "times", Usage: "how many times as many days the longer archive has; 1 leaves it out", Value: 10, Destination: &o.Times},
		&cli.IntFlag{Name: "tracks", Usage: "tracks of the catalogue", Value: 50_000, Destination: &o.Tracks},
		benchSeed(&o.Seed),
	}
}
