package verbs

import (
	"time"

	"github.com/urfave/cli/v2"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/bench"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
)

func benchVerb() frame.Verb {
	return frame.Verb{
		Name:  "bench",
		Short: "Measure a job on a load of its own against what the same work costs without it.",
		Long: `Makes a lake in a temporary folder, runs the job there as a process of its own, and reports rows a second, CPU
microseconds a row, peak memory and the ratio to a limit measured in the same run. Compare ratios, not seconds: those
depend on the machine.`,
		Examples: []string{"lakectl bench ingest --rows 1000000", "lakectl bench royalties --rows 20000000 --ledger 0"},
		Verbs: []frame.Verb{
			frame.Bind(frame.Verb{
				Name: "ingest", Short: "Broker to committed snapshots, by stage; Parquet is compared with arrow-go writing the same rows.",
				Long: `Without --brokers the embedded broker runs in this process, on the same cores as the ingester. The stages are from a CPU
profile of the ingester. The report says which targets are met. Of the targets only the ratio means the same on another
machine.`,
				Examples: []string{"lakectl bench ingest --rows 1000000", "lakectl bench ingest --brokers 127.0.0.1:9092 --days 400 --rows 2000000"},
				Keys:     []string{"kafka.brokers", "ingest.flush_rows"},
			}, benchIngestFlags, bench.Ingest),
			benchRoyaltiesVerb(),
			benchRollupVerb(),
			benchLoadVerb(),
			benchCommitsVerb(),
			benchCommittersVerb(),
			benchMetadataVerb(),
			benchMaintainVerb(),
			benchAwayVerb(),
			benchDeletionsVerb(),
			benchServeVerb(),
			benchFreshnessVerb(),
		},
	}
}

func benchRoyaltiesVerb() frame.Verb {
	return frame.Bind(frame.Verb{
		Name: "royalties", Short: "A full rebuild against the bare DuckDB statement, and a night against building its ledger.",
		Long: `Makes archives with 5 % duplicates and runs the job on them.

The rebuild: --rows copies of one month. 'job royalties --full' counts them again from the archive alone and compares
the checksum, with and without the verification of what it reads; the limit is sql/bench/royalties_limit.sql over the
same files under the same memory limit, before and after them. The first run, which also writes the ledger, is reported
beside them: the limit writes nothing.

The night: a ledger of --ledger copies, as many days of them as --night goes into it, then --night more. Half of the
second copies among them are of listens that the ledger has.

At the full size it takes some 15 minutes and 4 GB of disk.

With --engine trino the rebuild alone is measured: the job's first run and --full on the Trino of trino.url, whose
catalog trino.catalog leads to the configured PostgreSQL catalog. That one must have no listens yet, and the tables
stay there; so engine: trino in the configuration does not ask for it. Trino is asked for the CPU, the memory and the
bytes shuffled of the queries. DuckDB then does the same with the same events in a lake of its own, and lines and
payouts that differ end the run with code 5.`,
		Examples: []string{
			"lakectl bench royalties", "lakectl bench royalties --rows 20000000 --ledger 50000000 --night 1000000",
			"lakectl bench royalties --engine trino --rows 20000000",
		},
		Exits: []int{frame.ExitProof},
		Keys:  []string{"engine", "duckdb.memory_limit", "duckdb.threads", "duckdb.spill_limit"},
	}, benchRoyaltiesFlags, bench.Royalties)
}

func benchRollupVerb() frame.Verb {
	return frame.Bind(frame.Verb{
		Name: "rollup", Short: "What new listens cost the dashboard's tables, against bare DuckDB making the same ones.",
		Long: `Makes archives with 5 % duplicates, a million copies a day, rolls them up, adds --rows copies and measures the next
'job rollup': on --archive copies, and on --times as many. The limit is sql/bench/rollup_limit.sql over the same new
files: the tables by hand, with count(DISTINCT listen_id) and count(DISTINCT user_id). --true-up also compares the whole
archive with the ledger, which it builds first.

With ten times a million it takes some 5 minutes and 3 GB of disk.`,
		Examples: []string{"lakectl bench rollup", "lakectl bench rollup --archive 500000 --times 1"},
		Keys:     []string{"duckdb.memory_limit", "duckdb.threads", "duckdb.spill_limit"},
	}, benchRollupFlags, bench.Rollup)
}

func benchLoadVerb() frame.Verb {
	return frame.Bind(frame.Verb{
		Name: "load", Short: "Fill a new topic with the load that bench ingest reads, for others to read the same.",
		Long:     "The topic must not exist. Records are keyed by user, so that every partition has some, and lz4 compressed.",
		Examples: []string{"lakectl bench load --brokers 127.0.0.1:9092 --topic peers --rows 2000000"},
		Keys:     []string{"kafka.brokers", "kafka.topic"},
	}, benchLoadFlags, bench.Load)
}

func benchCommitsVerb() frame.Verb {
	return frame.Bind(frame.Verb{
		Name: "commits", Short: "How long a commit of ingest takes, from the first to the last of thousands.",
		Long: `Commits one small file and its positions to listens, again and again, and runs 'job maintain' in between. Writing
the file is not counted. Every 240th snapshot gets a tag: it stands for the one an hour that maintenance keeps where
commits come every 15 s. --contrast is how many commits are made without maintenance, in another lake.`,
		Examples: []string{"lakectl bench commits", "lakectl bench commits --commits 2000 --contrast 0"},
	}, benchCommitsFlags, bench.Commits)
}

func benchCommittersVerb() frame.Verb {
	return frame.Bind(frame.Verb{
		Name: "committers", Short: "How many ingesters one table takes, each with commits of its own.",
		Long: `Simulates ingesters that flush a small file into listens, each at its own moment, beside maintenance. The commits of a
table happen one after the other, so there is a rate that no number of machines exceeds. Reported are the commits that
were due and that landed, how often one was tried, and how long it took from when it was due. Where they do not keep up,
flush less often (--flush) or let one of several members commit for all of them (--share). The rows of the table are
held against the commits that landed.

Without --configured the catalog is a new one in a SQLite file. With it, it is the configured one, which must be of the
bench's own.`,
		Examples: []string{"lakectl bench committers --members 1000 --flush 60s", "lakectl bench committers --members 1000 --flush 15s --share 50"},
		Exits:    []int{frame.ExitProof},
	}, benchCommittersFlags, bench.Committers)
}

func benchCommittersFlags(o *bench.CommittersOptions) []cli.Flag {
	return []cli.Flag{
		&cli.IntFlag{Name: "members", Usage: "ingesters", Value: 1000, Destination: &o.Members},
		&cli.IntFlag{Name: "share", Usage: "members whose files travel in one commit", Value: 1, Destination: &o.Share},
		&cli.DurationFlag{Name: "flush", Usage: "time between two flushes of a member", Value: time.Minute, Destination: &o.Flush},
		&cli.DurationFlag{Name: "for", Usage: "the load lasts", Value: 2 * time.Minute, Destination: &o.For},
		&cli.BoolFlag{Name: "configured", Usage: "measure the configured catalog, which must have no tables yet; they stay there", Destination: &o.Configured},
		benchSeed(&o.Seed),
	}
}

func benchServeVerb() frame.Verb {
	return frame.Bind(frame.Verb{
		Name: "serve", Short: "The dashboard's answers, cold, warm and under load while snapshots are published.",
		Long: `Fills the dashboard's tables as the rollup leaves them after two years and six hours of small files, with plays that
follow Zipf's law, and runs 'lakectl serve' on them as a process of its own. Cold are the first questions to a process.
The load does not wait for answers. Answers are held against SQL, and a wrong one ends the run with code 5. The full size
is --rows 200000000, with half as many of hours: some minutes and 7 GB of disk. With --keep the tables stay in a folder,
and the next run of the same size begins with them as they were made.`,
		Examples: []string{"lakectl bench serve", "lakectl bench serve --rows 200000000 --cold 100 --keep /var/tmp/tables"},
		Exits:    []int{frame.ExitProof},
		Keys:     []string{"duckdb.memory_limit", "duckdb.threads", "duckdb.spill_limit"},
	}, benchServeFlags, bench.Serve)
}

func benchServeFlags(o *bench.ServeOptions) []cli.Flag {
	return []cli.Flag{
		&cli.IntFlag{Name: "rows", Usage: "rows of plays_by_day, a track for 200; plays_by_hour has half as many", Value: 20_000_000, Destination: &o.Rows},
		&cli.IntFlag{Name: "artists", Usage: "artists that are asked for", Value: 1000, Destination: &o.Artists},
		&cli.IntFlag{Name: "rate", Usage: "requests a second", Value: 500, Destination: &o.Rate},
		&cli.DurationFlag{Name: "duration", Usage: "of the load", Value: time.Minute, Destination: &o.Duration},
		&cli.DurationFlag{Name: "publish", Usage: "time between two snapshots under load", Value: 15 * time.Second, Destination: &o.Publish},
		&cli.IntFlag{Name: "streams", Usage: "clients that wait for news", Value: 1000, Destination: &o.Streams},
		&cli.IntFlag{Name: "cold", Usage: "starts of the server to ask cold", Value: 20, Destination: &o.Cold},
		&cli.StringFlag{Name: "keep", Usage: "`FOLDER` in which the tables stay for the next run", Destination: &o.Keep},
		benchSeed(&o.Seed),
	}
}

func benchFreshnessVerb() frame.Verb {
	return frame.Bind(frame.Verb{
		Name: "freshness", Short: "How long a listen takes from the broker to the API's answer, through 'lakectl run'.",
		Long: `Makes a lake with a history, starts the embedded broker and 'lakectl run' on it with the default settings, and lets
simulated devices listen, some late and some twice. Probes are listens of an artist of their own, so that the plays in
the API's answer say which have arrived. The report splits their time among the stages of the way, and has the CPU and
the memory of the processes. In the end the lake is settled and counted: if a listen was lost or counted twice, it ends
with code 5.

Broker, load and questions are in this process and share the cores. --night is the minute at which royalties begin,
rounded up to a whole minute of the clock; the true-up follows a minute later. Maintenance runs at the start, and then
every --maintain minutes.`,
		Examples: []string{"lakectl bench freshness", "lakectl bench freshness --minutes 3 --night 1 --maintain 1 --history 100000"},
		Exits:    []int{frame.ExitProof},
		Keys:     []string{"duckdb.memory_limit", "duckdb.threads"},
	}, benchFreshnessFlags, bench.Freshness)
}

func benchFreshnessFlags(o *bench.FreshnessOptions) []cli.Flag {
	return []cli.Flag{
		&cli.IntFlag{Name: "rate", Usage: "listens a second", Value: 2000, Destination: &o.Rate},
		&cli.Float64Flag{Name: "minutes", Usage: "of load", Value: 10, Destination: &o.Minutes},
		&cli.IntFlag{Name: "history", Usage: "listens of the 30 days before, archived, rolled up and counted", Value: 1_000_000, Destination: &o.History},
		&cli.IntFlag{Name: "maintain", Usage: "minutes between two maintenances; 0 leaves the default", Value: 5, Destination: &o.Maintain},
		&cli.IntFlag{Name: "night", Usage: "minute at which royalties and the true-up run; 0 leaves them out", Value: 3, Destination: &o.Night},
		benchSeed(&o.Seed),
	}
}

func benchSeed(to *uint64) cli.Flag {
	return &cli.Uint64Flag{Name: "seed", Usage: "`NUMBER` that the load is made from: another seed makes another load", Value: 1, Destination: to}
}

func benchRows(to *int) cli.Flag {
	return &cli.IntFlag{Name: "rows", Usage: "records of the load", Value: 1_000_000, Destination: to}
}

func benchIngestFlags(o *bench.IngestOptions) []cli.Flag {
	return []cli.Flag{
		benchRows(&o.Rows), benchSeed(&o.Seed),
		&cli.IntFlag{Name: "days", Usage: "spread the event times of each batch over `N` days; 0 is a month in order of time", Destination: &o.Days},
	}
}

func benchLoadFlags(o *bench.LoadOptions) []cli.Flag {
	return []cli.Flag{benchRows(&o.Rows), benchSeed(&o.Seed)}
}

func benchRoyaltiesFlags(o *bench.RoyaltiesOptions) []cli.Flag {
	return []cli.Flag{
		&cli.IntFlag{Name: "rows", Usage: "copies of the month to rebuild; 0 leaves it out", Value: 2_000_000, Destination: &o.Rows},
		&cli.IntFlag{Name: "ledger", Usage: "copies in the ledger that a night comes to; 0 leaves it out", Value: 5_000_000, Destination: &o.Ledger},
		&cli.IntFlag{Name: "night", Usage: "copies that come in a night; 0 leaves it out", Value: 100_000, Destination: &o.Night},
		&cli.IntFlag{Name: "tracks", Usage: "tracks of the catalogue", Value: 1_000_000, Destination: &o.Tracks},
		benchSeed(&o.Seed),
	}
}

func benchRollupFlags(o *bench.RollupOptions) []cli.Flag {
	return []cli.Flag{
		&cli.IntFlag{Name: "rows", Usage: "copies that are new", Value: 1_000_000, Destination: &o.Rows},
		&cli.IntFlag{Name: "archive", Usage: "copies that the tables have already", Value: 1_000_000, Destination: &o.Archive},
		&cli.IntFlag{Name: "times", Usage: "how many times as large the larger archive is; 1 leaves it out", Value: 10, Destination: &o.Times},
		&cli.BoolFlag{Name: "true-up", Usage: "measure the true-up of each archive too", Destination: &o.TrueUp},
		&cli.IntFlag{Name: "tracks", Usage: "tracks of the catalogue", Value: 50_000, Destination: &o.Tracks},
		benchSeed(&o.Seed),
	}
}

func benchCommitsFlags(o *bench.CommitsOptions) []cli.Flag {
	return []cli.Flag{
		&cli.IntFlag{Name: "commits", Usage: "commits to make, at least 200", Value: 10_000, Destination: &o.Commits},
		&cli.IntFlag{Name: "maintain-every", Usage: "commits between two runs of maintenance", Value: 100, Destination: &o.MaintainEvery},
		&cli.IntFlag{Name: "contrast", Usage: "commits to make without maintenance", Value: 2_000, Destination: &o.Contrast},
	}
}
