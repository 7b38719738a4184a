package simulate

import (
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
)

// Broker is a Kafka broker in this process.
type Broker struct{ cluster *kfake.Cluster }

// StartBroker starts a broker of one node with one topic on a free port of
// 127.0.0.1. The caller closes it.
func StartBroker(topic string, partitions int) (*Broker, error) {
	if partitions < 1 {
		return nil, fmt.Errorf("start broker: topic %s with %d partitions", topic, partitions)
	}
	cluster, err := kfake.NewCluster(
		kfake.NumBrokers(1),
		kfake.ClusterID("simulated"),
		kfake.SeedTopics(int32(partitions), topic),
		kfake.GroupMinSessionTimeout(100*time.Millisecond), // who dies here is not worth waiting for
	)
	if err != nil {
		return nil, fmt.Errorf("start broker: %w", err)
	}
	return &Broker{cluster}, nil
}

// Addrs returns the broker's addresses, host:port.
func (b *Broker) Addrs() []string { return b.cluster.ListenAddrs() }

// Close ends the broker and forgets what it holds. Closing twice is harmless.
func (b *Broker) Close() { b.cluster.Close() }
