package verbs

import (
	"github.com/urfave/cli/v2"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/demo"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
)

func demoVerb() frame.Verb {
	return frame.Bind(frame.Verb{
		Name:  "demo",
		Short: "Run the whole story on this machine: a month of listens from a Kafka topic to payouts.",
		Long: `Starts an embedded Kafka broker, produces a simulated month with late buffers, duplicates, wrong clocks, malformed
records and deletion requests, and runs the production jobs on it. Leaves the lake in ./lakehouse for you to query. The
same seed gives the same tables. A lake that the demo did not make is never touched. --brokers uses a real Kafka instead
of the embedded broker, and makes a new topic there.`,
		Examples: []string{"lakectl demo", "lakectl demo --seed 7 --listens 50000", "lakectl demo --brokers 127.0.0.1:9092"},
		Exits:    []int{frame.ExitProof},
		Keys:     []string{"kafka.brokers", "kafka.topic"},
	}, demoFlags, demo.Run)
}

func demoFlags(o *demo.Options) []cli.Flag {
	return []cli.Flag{
		&cli.Uint64Flag{Name: "seed", Usage: "`NUMBER` that the month is made from: another seed makes another month", Value: 1, Destination: &o.Seed},
		&cli.IntFlag{Name: "listens", Usage: "how many distinct listens the month has", Value: 200_000, Destination: &o.Listens},
		&cli.StringFlag{Name: "dir", Usage: "the `FOLDER` of the lake", Value: "lakehouse", Destination: &o.Dir},
	}
}
