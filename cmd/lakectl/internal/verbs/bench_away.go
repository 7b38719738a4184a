package verbs

import (
	"github.com/urfave/cli/v2"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/bench"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
)

func benchAwayVerb() frame.Verb {
	return frame.Bind(frame.Verb{
		Name: "away", Short: "Nights and recounts of royalties on S3, beside the same lake on files.",
		Long: `Makes the same lake twice: in a temporary folder, and below the configured catalog.warehouse, an s3:// URI of the bench's
own; its objects there are removed at the end. Each has --rows listens with 5 % duplicates. Then --nights nights of
--night more pass, each ingested and counted by 'job royalties' on the one lake and then on the other; what was ingested
here has copies, so these nights are warm. For the cold ones all copies are removed, and 'job royalties --full' fetches
what it reads, --times times. A plain copy of the same objects says what fetching them takes at least. Times are medians.`,
		Examples: []string{"LAKEHOUSE_CATALOG_WAREHOUSE=s3://bucket/bench lakectl bench away --rows 2000000"},
		Keys:     []string{"duckdb.memory_limit", "duckdb.threads", "duckdb.spill_limit"},
	}, benchAwayFlags, bench.Away)
}

func benchAwayFlags(o *bench.AwayOptions) []cli.Flag {
	return []cli.Flag{
		&cli.IntFlag{Name: "rows", Usage: "listens of the lake", Value: 2_000_000, Destination: &o.Rows},
		&cli.IntFlag{Name: "night", Usage: "listens that come in a night", Value: 200_000, Destination: &o.Night},
		&cli.IntFlag{Name: "nights", Usage: "nights that pass", Value: 3, Destination: &o.Nights},
		&cli.IntFlag{Name: "times", Usage: "cold recounts", Value: 3, Destination: &o.Times},
		&cli.IntFlag{Name: "tracks", Usage: "tracks of the catalogue", Value: 50_000, Destination: &o.Tracks},
		benchSeed(&o.Seed),
	}
}
