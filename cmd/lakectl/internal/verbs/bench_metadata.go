package verbs

import (
	"github.com/urfave/cli/v2"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/bench"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
)

func benchMetadataVerb() frame.Verb {
	return frame.Bind(frame.Verb{
		Name: "metadata", Short: "What many files weigh in a table's metadata, and what a commit writes beside its data.",
		Long: `Commits --files small files to listens at once and lists them again: the bytes of manifests for each, and how long a
reader takes to learn of them. Then it makes --commits commits as ingest does, without maintenance, and counts the objects
that each wrote to the table's folder of metadata: on S3 each is a request.`,
		Examples: []string{"lakectl bench metadata", "lakectl bench metadata --files 1000 --commits 20"},
	}, benchMetadataFlags, bench.Metadata)
}

func benchMetadataFlags(o *bench.MetadataOptions) []cli.Flag {
	return []cli.Flag{
		&cli.IntFlag{Name: "files", Usage: "data files of the first commit", Value: 10_000, Destination: &o.Files},
		&cli.IntFlag{Name: "commits", Usage: "commits after it", Value: 50, Destination: &o.Commits},
	}
}
