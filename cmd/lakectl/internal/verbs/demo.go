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
records and deletion requests, and runs the production jobs on it, down to the certificate that the erased rows are in
no file. Leaves the lake in ./lakehouse for you to query. The same seed gives the same tables. A lake that the demo did not make is never touched. --brokers uses a real Kafka instead
of the embedded broker, and makes a new topic there.

With --live it tells a shorter story, of the last month that ended 13 days ago or more. Then simulated devices go on listening, and 'lakectl
run' with the dashboard works on what they send, until Ctrl-C. A link on the screen signs your browser in.`,
		Examples: []string{"lakectl demo", "lakectl demo --live", "lakectl demo --seed 7 --listens 50000", "lakectl demo --brokers 127.0.0.1:9092"},
		Exits:    []int{frame.ExitProof},
		Keys:     []string{"kafka.brokers", "kafka.topic", "serve.addr"},
	}, demoFlags, demo.Run)
}

func demoFlags(o *demo.Options) []cli.Flag {
	return []cli.Flag{
		&cli.Uint64Flag{Name: "seed", Usage: "`NUMBER` that the month is made from: another seed makes another month", Value: 1, Destination: &o.Seed},
		&cli.IntFlag{Name: "listens", Usage: "how many distinct listens the month has; without it 200000, with --live 20000", Destination: &o.Listens},
		&cli.StringFlag{Name: "dir", Usage: "the `FOLDER` of the lake", Value: "lakehouse", Destination: &o.Dir},
		&cli.BoolFlag{Name: "live", Usage: "let devices go on listening, with the dashboard, until Ctrl-C", Destination: &o.Live},
		&cli.IntFlag{Name: "rate", Usage: "listens a second of these devices", Value: 200, Destination: &o.Rate},
	}
}
