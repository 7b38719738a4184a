package topic_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/lakectl/lakectl/jobs/simulate"
	"github.com/lakectl/lakectl/jobs/topic"
)

// A reader keeps its own position: Fetch starts at an offset and says which one comes next.
func ExampleTopic_Fetch() {
	b, err := simulate.StartBroker("listens", 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer b.Close()
	if err := sendAndRead(context.Background(), topic.Options{Brokers: b.Addrs(), Topic: "listens"}); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 0 first
	// 1 second
	// next: 2
}

func sendAndRead(ctx context.Context, o topic.Options) (err error) {
	p := topic.NewProducer(o)
	defer func() { err = errors.Join(err, p.Close()) }()
	if err := p.Produce(ctx, []topic.Record{{Value: []byte("first")}, {Value: []byte("second")}}); err != nil {
		return err
	}
	t, err := topic.Open(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.Close()) }()
	next := int64(0)
	for next < 2 {
		next, err = t.Fetch(ctx, 0, next, func(r topic.Record) error {
			fmt.Println(r.Offset, string(r.Value))
			return nil
		})
		if err != nil {
			return err
		}
	}
	fmt.Println("next:", next)
	return nil
}
