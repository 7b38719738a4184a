package topic

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/apiversions"
	"github.com/segmentio/kafka-go/protocol/metadata"
)

// metadataWithIDs is the first Metadata version with topic ids; kafka-go stops
// at 8 and answers Metadata requests from its cache.
const metadataWithIDs = 10

var errMissingPartition = fmt.Errorf("partition: %w", errMissing)

// description is what one broker knew about the topic when asked.
type description struct {
	code    kafka.Error
	cluster string
	id      string        // "" where brokers have no topic ids
	leaders map[int]int32 // -1 = none
}

func (*description) ApiKey() protocol.ApiKey { return protocol.Metadata }

// describeRequest asks the broker at the other end of a connection.
type describeRequest struct {
	topic, clientID string
	topicIDs        bool
	negotiated      int16
}

func (*describeRequest) ApiKey() protocol.ApiKey { return protocol.Metadata }

func (r *describeRequest) Required(versions map[protocol.ApiKey]int16) bool {
	r.negotiated = versions[protocol.Metadata]
	return true
}

func (r *describeRequest) RawExchange(rw io.ReadWriter) (protocol.Message, error) {
	d, err := r.exchange(rw)
	if err != nil {
		return nil, err // not d: a nil *description is not a nil Message
	}
	return d, nil
}

func (r *describeRequest) exchange(rw io.ReadWriter) (*description, error) {
	if !r.topicIDs {
		return r.withoutIDs(rw)
	}
	id := correlation.Add(1)
	if _, err := rw.Write(r.encode(id)); err != nil {
		return nil, err
	}
	answer, err := readAnswer(rw, id, nil)
	if err != nil {
		return nil, err
	}
	return r.decode(answer)
}

// encode writes Metadata v10. Its header keeps the client id in the old form.
func (r *describeRequest) encode(id int32) []byte {
	b := make([]byte, 4, 64+len(r.clientID)+len(r.topic))
	b = binary.BigEndian.AppendUint16(b, uint16(protocol.Metadata))
	b = binary.BigEndian.AppendUint16(b, metadataWithIDs)
	b = binary.BigEndian.AppendUint32(b, uint32(id))
	b = binary.BigEndian.AppendUint16(b, uint16(len(r.clientID)))
	b = append(b, r.clientID...)
	b = append(b, 0)                   // header tags
	b = append(b, 2)                   // one topic
	b = append(b, make([]byte, 16)...) // found by name, not by id
	b = binary.AppendUvarint(b, uint64(len(r.topic))+1)
	b = append(b, r.topic...)
	b = append(b, 0)          // topic tags
	b = append(b, 0, 0, 0, 0) // create nothing, no authorized operations of cluster or topic, tags
	binary.BigEndian.PutUint32(b, uint32(len(b)-4))
	return b
}

// decode reads Metadata v10 field by field, in the order of the protocol.
func (r *describeRequest) decode(answer []byte) (*description, error) {
	in := reader{buf: answer}
	in.tags()
	in.int32() // throttle
	for n := in.compactCount(); n > 0 && !in.bad; n-- {
		in.int32()
		in.compactString()
		in.int32()
		in.compactString()
		in.tags()
	}
	d := &description{code: kafka.UnknownTopicOrPartition, leaders: map[int]int32{}}
	d.cluster = in.compactString()
	in.int32() // controller
	for n := in.compactCount(); n > 0 && !in.bad; n-- {
		code := kafka.Error(in.int16())
		if in.compactString() == r.topic {
			d.code = code
		}
		d.id = topicID(in.take(16))
		in.take(1) // internal
		for p := in.compactCount(); p > 0 && !in.bad; p-- {
			in.int16()
			number := int(in.int32())
			d.leaders[number] = in.int32()
			in.int32() // epoch
			in.compactInt32s()
			in.compactInt32s()
			in.compactInt32s()
			in.tags()
		}
		in.int32() // authorized operations
		in.tags()
	}
	if in.bad {
		return nil, fmt.Errorf("metadata: %w", errMalformed)
	}
	return d, nil
}

// topicID writes an id as Kafka's own tools print it.
func topicID(raw []byte) string {
	for _, b := range raw {
		if b != 0 {
			return base64.RawURLEncoding.EncodeToString(raw)
		}
	}
	return "" // brokers before 2.8 in a mixed cluster send zeros
}

func (r *describeRequest) withoutIDs(rw io.ReadWriter) (*description, error) {
	id := correlation.Add(1)
	ask := &metadata.Request{TopicNames: []string{r.topic}}
	if err := protocol.WriteRequest(rw, r.negotiated, id, r.clientID, ask); err != nil {
		return nil, err
	}
	got, m, err := protocol.ReadResponse(rw, protocol.Metadata, r.negotiated)
	if err != nil {
		return nil, err
	}
	if got != id {
		return nil, fmt.Errorf("metadata: %w: correlation id %d instead of %d", errMalformed, got, id)
	}
	res := m.(*metadata.Response)
	d := &description{code: kafka.UnknownTopicOrPartition, cluster: res.ClusterID, leaders: map[int]int32{}}
	for _, t := range res.Topics {
		d.code = kafka.Error(t.ErrorCode)
		for _, p := range t.Partitions {
			d.leaders[int(p.PartitionIndex)] = p.LeaderID
		}
	}
	return d, nil
}

func (c *client) describeRequest() *describeRequest {
	return &describeRequest{topic: c.opts.Topic, clientID: c.opts.ClientID, topicIDs: c.topicIDs}
}

// describe asks any broker about the topic, past every cache.
func (c *client) describe(ctx context.Context) (*description, error) {
	m, err := c.roundTrip(ctx, 0, c.describeRequest())
	if err != nil {
		return nil, err
	}
	d := m.(*description)
	switch {
	case d.code == kafka.UnknownTopicOrPartition:
		return nil, errMissing
	case d.code != 0:
		return nil, d.code
	case len(d.leaders) == 0:
		return nil, kafka.LeaderNotAvailable
	}
	return d, nil
}

// learnVersions finds out whether the brokers know topic ids.
func (c *client) learnVersions(ctx context.Context) error {
	m, err := c.roundTrip(ctx, 0, &apiversions.Request{})
	if err != nil {
		return err
	}
	for _, k := range m.(*apiversions.Response).ApiKeys {
		if protocol.ApiKey(k.ApiKey) == protocol.Metadata {
			c.topicIDs = k.MinVersion <= metadataWithIDs && metadataWithIDs <= k.MaxVersion
			return nil
		}
	}
	return errors.New("broker does not list Metadata among its requests")
}
