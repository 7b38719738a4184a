package topic

import (
	"crypto/tls"
	"errors"
	"fmt"
	"strings"

	"github.com/segmentio/kafka-go"
)

var (
	// ErrOutOfRange is what every OutOfRangeError is.
	ErrOutOfRange = errors.New("offset out of range")
	// ErrRecreated is what every RecreatedError is.
	ErrRecreated = errors.New("topic recreated")
	// ErrExists is returned by Create.
	ErrExists = errors.New("topic exists")

	// errMissing passes while a topic or partition is being created or a broker
	// catches up; retry turns it into an UnknownTopicError.
	errMissing = errors.New("not known to the broker")
)

// OutOfRangeError says that records between the archive and the topic are
// missing: the asked offset is not in [Start, End]. Returned by Fetch.
type OutOfRangeError struct {
	Topic      string
	Partition  int
	Asked      int64
	Start, End int64 // log start and last stable offset
}

func (e *OutOfRangeError) Error() string {
	return fmt.Sprintf("offset %d of partition %d of topic %q is out of range: the broker holds %d to %d",
		e.Asked, e.Partition, e.Topic, e.Start, e.End)
}

// Is makes it an ErrOutOfRange.
func (e *OutOfRangeError) Is(target error) bool { return target == ErrOutOfRange }

// Hint says what to do next.
func (e *OutOfRangeError) Hint() string {
	if e.Asked < e.Start {
		return fmt.Sprintf("records %d to %d were deleted before they were read: 'lakectl ingest --from earliest' goes on at %d without them "+
			"and records that it did; load a copy of them with 'lakectl ingest file PATH', and raise retention.ms of the topic", e.Asked, e.Start-1, e.Start)
	}
	return fmt.Sprintf("the broker lost records that were read before, or is another one: check --brokers with "+
		"'kafka-get-offsets.sh --bootstrap-server BROKER --topic %s'; if they are lost, produce to a topic of another name and set kafka.topic to it, "+
		"because new records would stand at offsets that the archive has", e.Topic)
}

// RecreatedError says that the name now stands for another topic. Returned by
// every method of Topic that talks to a broker.
type RecreatedError struct{ Was, Now Identity }

func (e *RecreatedError) Error() string {
	if e.Was.Cluster != e.Now.Cluster {
		return fmt.Sprintf("topic %q is on another cluster: was %s, is now %s", e.Was.Topic, e.Was.Cluster, e.Now.Cluster)
	}
	return fmt.Sprintf("topic %q was deleted and created again: id was %s, is now %s", e.Was.Topic, e.Was.TopicID, e.Now.TopicID)
}

// Is makes it an ErrRecreated.
func (e *RecreatedError) Is(target error) bool { return target == ErrRecreated }

// Hint says what to do next.
func (e *RecreatedError) Hint() string {
	return fmt.Sprintf("offsets of the old topic mean nothing in the new one: find out who replaced it with "+
		"'kafka-topics.sh --describe --topic %s --bootstrap-server BROKER'", e.Was.Topic)
}

// UnknownTopicError says that the cluster has no such topic, or the topic no
// such partition (Partition is -1 when the topic itself is missing).
type UnknownTopicError struct {
	Topic     string
	Partition int
	Brokers   []string
}

func (e *UnknownTopicError) Error() string {
	if e.Partition >= 0 {
		return fmt.Sprintf("topic %q at %s has no partition %d", e.Topic, strings.Join(e.Brokers, ","), e.Partition)
	}
	return fmt.Sprintf("topic %q does not exist at %s", e.Topic, strings.Join(e.Brokers, ","))
}

// Hint says what to do next.
func (e *UnknownTopicError) Hint() string {
	return fmt.Sprintf("check --topic and --brokers, or create it: "+
		"'kafka-topics.sh --create --topic %s --partitions 4 --bootstrap-server %s'", e.Topic, strings.Join(e.Brokers, ","))
}

// CorruptError says that a batch read three times was damaged each time. Offset
// is the first offset that was not delivered.
type CorruptError struct {
	Topic     string
	Partition int
	Offset    int64
	Err       error
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("batch at offset %d of partition %d of topic %q is damaged: %v", e.Offset, e.Partition, e.Topic, e.Err)
}

func (e *CorruptError) Unwrap() error { return e.Err }

// Hint says what to do next.
func (e *CorruptError) Hint() string {
	return "check the disk of the partition's leader with 'kafka-dump-log.sh --deep-iteration --files SEGMENT.log', " +
		"or move leadership to a healthy replica with 'kafka-leader-election.sh'"
}

// UnreachableError says that no broker gave a usable answer in time. Returned by
// Open and Create.
type UnreachableError struct {
	Brokers []string
	Err     error
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("reach Kafka at %s: %v", strings.Join(e.Brokers, ","), e.Err)
}

func (e *UnreachableError) Unwrap() error { return e.Err }

// Hint says what to do next.
func (e *UnreachableError) Hint() string {
	return "start the brokers, or check --brokers and the tls and sasl settings: 'kafka-broker-api-versions.sh --bootstrap-server BROKER'"
}

// GroupError says that the brokers do not let this client into the consumer group. Returned by Member.Next.
type GroupError struct {
	Group string
	Err   error
}

func (e *GroupError) Error() string { return fmt.Sprintf("join group %s: %v", e.Group, e.Err) }

func (e *GroupError) Unwrap() error { return e.Err }

// Hint says what to do next.
func (e *GroupError) Hint() string {
	switch {
	case errors.Is(e.Err, kafka.InconsistentGroupProtocol):
		return "consumers of another kind are in this group: give kafka.group a name of its own"
	case errors.Is(e.Err, kafka.InvalidSessionTimeout):
		return "set kafka.session_timeout to what the brokers allow: their group.min.session.timeout.ms to group.max.session.timeout.ms"
	case errors.Is(e.Err, kafka.GroupAuthorizationFailed):
		return fmt.Sprintf("allow it: 'kafka-acls.sh --add --consumer --group %s --topic TOPIC --allow-principal User:NAME --bootstrap-server BROKER'", e.Group)
	}
	return "check kafka.group and the tls and sasl settings: 'kafka-consumer-groups.sh --describe --group " + e.Group + " --bootstrap-server BROKER'"
}

// transient reports whether trying again can help. What carries a hint is a
// verdict, a certificate does not heal, and of the broker's own codes only some
// pass; everything else comes from the network, or from kafka-go while it has no
// layout of the cluster.
func transient(err error) bool {
	var verdict interface{ Hint() string }
	if errors.As(err, &verdict) {
		return false
	}
	var certificate *tls.CertificateVerificationError
	var header tls.RecordHeaderError
	var alert tls.AlertError
	if errors.As(err, &certificate) || errors.As(err, &header) || errors.As(err, &alert) {
		return false
	}
	var code kafka.Error
	if !errors.As(err, &code) {
		return true
	}
	switch code {
	case kafka.Unknown, kafka.BrokerNotAvailable, kafka.ReplicaNotAvailable, kafka.UnknownTopicID, kafka.InconsistentTopicID:
		return true
	}
	return code.Temporary()
}
