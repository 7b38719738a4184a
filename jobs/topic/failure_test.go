package topic

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/plain"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kversion"
	kgosasl "github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

func neverDeliver(r Record) error { return fmt.Errorf("delivered offset %d", r.Offset) }

func TestARecreatedTopicIsNoticedBeforeItsFirstRecord(t *testing.T) {
	onEach(t, func(t *testing.T, brokers []string) {
		o := newTopic(t, brokers, 1)
		put(t, producer(t, o), "old", "old")
		tp := open(t, o)
		if tp.Identity().TopicID == "" || tp.Identity().Cluster == "" {
			t.Fatal(tp.Identity())
		}
		readFrom(t, tp, 0, 0)
		deleteTopic(t, o)
		createTopic(t, o, 1)
		put(t, producer(t, o), "new", "new", "new", "new") // offset 2 is in range again

		for name, err := range map[string]error{
			"inside":  fetchErr(t, tp, 2),
			"above":   fetchErr(t, tp, 50),
			"bounds":  func() error { _, err := tp.Bounds(t.Context(), []int{0}); return err }(),
			"listing": func() error { _, err := tp.Partitions(t.Context()); return err }(),
		} {
			var re *RecreatedError
			if !errors.As(err, &re) || !errors.Is(err, ErrRecreated) || re.Hint() == "" {
				t.Fatalf("%s: %v", name, err)
			}
			if now := open(t, o).Identity(); re.Now != now || re.Was != tp.Identity() {
				t.Fatalf("%s: %+v", name, re)
			}
		}
	})
}

func fetchErr(t *testing.T, tp *Topic, offset int64) error {
	_, err := tp.Fetch(t.Context(), 0, offset, neverDeliver)
	return err
}

func TestAnUnknownTopicIsAnErrorThatSaysHowToCreateIt(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, brokers []string) {
		_, err := Open(t.Context(), Options{Brokers: brokers, Topic: "nobody-made-this"})
		var ut *UnknownTopicError
		if !errors.As(err, &ut) || ut.Partition != -1 || !strings.Contains(ut.Hint(), "--create --topic nobody-made-this") {
			t.Fatal(err)
		}
		o := newTopic(t, brokers, 2)
		_, err = open(t, o).Fetch(t.Context(), 7, 0, neverDeliver)
		if !errors.As(err, &ut) || ut.Partition != 7 {
			t.Fatal(err)
		}
	})
}

func TestADeletedTopicStopsTheReader(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, brokers []string) {
		o := newTopic(t, brokers, 1)
		put(t, producer(t, o), "0")
		tp := open(t, o)
		readFrom(t, tp, 0, 0)
		deleteTopic(t, o)
		_, err := tp.Fetch(t.Context(), 0, 1, neverDeliver)
		var ut *UnknownTopicError
		if !errors.As(err, &ut) {
			t.Fatal(err)
		}
	})
}

func TestAWrongAddressIsAnErrorWithAHint(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	_, err := Open(ctx, Options{Brokers: []string{"127.0.0.1:1"}, Topic: "listens"}) // a port that no test is given
	var ue *UnreachableError
	if !errors.As(err, &ue) || ue.Hint() == "" || !strings.Contains(err.Error(), "refused") {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), Options{Topic: "listens"}); err == nil {
		t.Fatal("opened without a broker")
	}
	if _, err := Open(t.Context(), Options{Brokers: []string{"x:1"}}); err == nil {
		t.Fatal("opened without a topic")
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}

func TestABrokerRestartIsWaitedOut(t *testing.T) {
	opts := []kfake.Opt{kfake.Ports(freePort(t)), kfake.DataDir(t.TempDir())}
	first := embedded(t, opts...)
	o := newTopic(t, first.ListenAddrs(), 1)
	put(t, producer(t, o), "0", "1")
	tp := open(t, o)
	readFrom(t, tp, 0, 0)
	first.Close()

	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	_, err := tp.Fetch(ctx, 0, 2, neverDeliver)
	cancel()
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("while it is down: %v", err)
	}

	var got []Record
	done := make(chan error, 1)
	go func() {
		next, err := int64(2), error(nil)
		for next < 3 && err == nil {
			next, err = tp.Fetch(t.Context(), 0, next, func(r Record) error {
				got = append(got, Record{Offset: r.Offset, Value: bytes.Clone(r.Value)})
				return nil
			})
		}
		done <- err
	}()
	sleep(t.Context(), 300*time.Millisecond)
	embedded(t, opts...)
	put(t, producer(t, o), "2")
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"2=2"}, values(got)); d != "" {
		t.Fatal(d)
	}
}

func TestLostConnectionsLoseAndRepeatNothing(t *testing.T) {
	tap := &wiretap{}
	o := newTopic(t, embedded(t, kfake.ListenFn(tap.listen)).ListenAddrs(), 1)
	var want []string
	cl := producer(t, o)
	for i := range 400 {
		want = append(want, fmt.Sprintf("%d=%d", i, i))
		put(t, cl, fmt.Sprint(i))
	}
	o.MaxBytes = 2000
	tp := open(t, o)
	var writes atomic.Int64
	tap.set(func([]byte) error {
		if writes.Add(1)%7 == 3 {
			return errors.New("cut")
		}
		return nil
	})
	if d := cmp.Diff(want, values(readFrom(t, tp, 0, 0))); d != "" {
		t.Fatal(d)
	}
}

func TestAMovedLeaderIsFound(t *testing.T) {
	c := embedded(t, kfake.NumBrokers(3))
	o := newTopic(t, c.ListenAddrs(), 1)
	tp := open(t, o)
	cl := producer(t, o)
	p := ours(t, o)
	for i := range int64(6) {
		if i%2 == 0 {
			put(t, cl, "v")
		} else if err := p.Produce(t.Context(), []Record{{Value: []byte("v")}}); err != nil {
			t.Fatal(err)
		}
		if err := c.MoveTopicPartition(o.Topic, 0, int32(i%3)); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]string{fmt.Sprintf("%d=v", i)}, values(readFrom(t, tp, 0, i))); d != "" {
			t.Fatal(d)
		}
	}
}

func TestADamagedBatchIsReadAgainAndNeverDelivered(t *testing.T) {
	tap := &wiretap{}
	o := newTopic(t, embedded(t, kfake.ListenFn(tap.listen)).ListenAddrs(), 1)
	put(t, producer(t, o, kgo.ProducerBatchCompression(kgo.NoCompression())), "good", "fragile", "good")
	tp := open(t, o)
	damage := func(times int64) {
		var done atomic.Int64
		tap.set(func(b []byte) error {
			if i := bytes.Index(b, []byte("fragile")); i >= 0 && done.Add(1) <= times {
				b[i] ^= 0x20
			}
			return nil
		})
	}

	damage(2)
	if d := cmp.Diff([]string{"0=good", "1=fragile", "2=good"}, values(readFrom(t, tp, 0, 0))); d != "" {
		t.Fatal(d)
	}
	damage(1 << 30)
	var got []string
	take := func(r Record) error { got = append(got, string(r.Value)); return nil }
	next, err := tp.Fetch(t.Context(), 0, 0, take)
	if next != 1 || err != nil {
		t.Fatalf("next %d, %v", next, err)
	}
	next, err = tp.Fetch(t.Context(), 0, next, take)
	var ce *CorruptError
	if !errors.As(err, &ce) || ce.Offset != 1 || next != 1 || !strings.Contains(err.Error(), "crc") {
		t.Fatalf("next %d, %v", next, err)
	}
	if d := cmp.Diff([]string{"good"}, got); d != "" {
		t.Fatal(d)
	}
}

func TestACompactedTopicIsReadToItsEnd(t *testing.T) {
	c := embedded(t)
	o := newTopic(t, c.ListenAddrs(), 1, "cleanup.policy", "compact")
	cl, tx := producer(t, o), transactional(t, o, "tx")
	rec := func(k string) *kgo.Record { return &kgo.Record{Key: []byte(k), Value: []byte("v")} }
	produce := func(cl *kgo.Client, keys ...string) {
		t.Helper()
		var rs []*kgo.Record
		for _, k := range keys {
			rs = append(rs, rec(k))
		}
		if err := cl.ProduceSync(t.Context(), rs...).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	produce(cl, "a", "b", "c", "a", "b") // keeps c, in the middle of its batch
	begin(t, tx)
	produce(tx, "x", "a", "y")
	end(t, tx, kgo.TryCommit)
	produce(cl, "b", "x", "y")
	produce(cl, "last")
	c.Compact()
	tp := open(t, o)
	b := bounds(t, tp, 0)
	var offsets []int64
	for _, r := range readFrom(t, tp, 0, b.Start) {
		offsets = append(offsets, r.Offset)
	}
	if d := cmp.Diff([]int64{2, 6, 9, 10, 11, 12}, offsets); d != "" {
		t.Fatal(d)
	}
}

func TestBrokersWithoutTopicIDsAreReadToo(t *testing.T) {
	c := embedded(t, kfake.MaxVersions(kversion.V2_7_0()))
	o := newTopic(t, c.ListenAddrs(), 2)
	put(t, producer(t, o), "0", "1")
	tp := open(t, o)
	if id := tp.Identity(); id.TopicID != "" || id.Cluster == "" {
		t.Fatal(id)
	}
	ps, err := tp.Partitions(t.Context())
	if d := cmp.Diff([]int{0, 1}, ps); d != "" || err != nil {
		t.Fatal(d, err)
	}
	if d := cmp.Diff([]string{"0=0", "1=1"}, values(readFrom(t, tp, 0, 0))); d != "" {
		t.Fatal(d)
	}
	if _, err := tp.Fetch(t.Context(), 0, 9, neverDeliver); !errors.Is(err, ErrOutOfRange) {
		t.Fatal(err)
	}
}

func TestTLSAndSASLReachTheBroker(t *testing.T) {
	web := httptest.NewTLSServer(nil) // for its certificate
	defer web.Close()
	roots := x509.NewCertPool()
	roots.AddCert(web.Certificate())
	c := embedded(t, kfake.TLS(web.TLS), kfake.EnableSASL(), kfake.Superuser("PLAIN", "listens", "right"),
		kfake.Superuser("SCRAM-SHA-512", "listens", "right"))
	o := Options{Brokers: c.ListenAddrs(), Topic: "secured", MaxWait: time.Millisecond, TLS: &tls.Config{RootCAs: roots}}
	readsAndWrites(t, o, plain.Mechanism{Username: "listens", Password: "right"})
	o.Topic = "secured-by-scram"
	readsAndWrites(t, o, borrowed{scram.Auth{User: "listens", Pass: "right"}.AsSha512Mechanism()})

	o.TLS, o.SASL = &tls.Config{}, plain.Mechanism{Username: "listens", Password: "right"}
	rejected(t, o)
}

// rejected expects Open to fail at once.
func rejected(t *testing.T, o Options) {
	t.Helper()
	start := time.Now()
	_, err := Open(t.Context(), o)
	var ue *UnreachableError
	if took := time.Since(start); !errors.As(err, &ue) || took > 5*time.Second {
		t.Errorf("after %v: %v", took, err)
	}
}

func TestSCRAMOverTLSOnARealBroker(t *testing.T) {
	brokers := engine(t, "KAFKA_SASL_BROKERS") // started with TLS=1
	if m := engine(t, "KAFKA_SASL_MECHANISM"); m != "SCRAM-SHA-512" {
		t.Fatalf("the broker is set up for %s", m)
	}
	pem, err := os.ReadFile(engine(t, "KAFKA_CA_FILE"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		t.Fatal("KAFKA_CA_FILE holds no certificate")
	}
	auth := scram.Auth{User: engine(t, "KAFKA_SASL_USER"), Pass: engine(t, "KAFKA_SASL_PASSWORD")}
	o := Options{
		Brokers: strings.Split(brokers, ","), Topic: fmt.Sprintf("secured-%d", time.Now().UnixNano()),
		MaxWait: time.Millisecond, TLS: &tls.Config{RootCAs: roots},
	}
	readsAndWrites(t, o, borrowed{auth.AsSha512Mechanism()})
	auth.Pass = "wrong"
	o.SASL = borrowed{auth.AsSha512Mechanism()}
	rejected(t, o)
}

// borrowed is a mechanism of another client.
type borrowed struct{ kgosasl.Mechanism }

type borrowedSession struct{ kgosasl.Session }

func (b borrowed) Start(ctx context.Context) (sasl.StateMachine, []byte, error) {
	s, first, err := b.Authenticate(ctx, "")
	return borrowedSession{s}, first, err
}

func (s borrowedSession) Next(_ context.Context, challenge []byte) (bool, []byte, error) {
	return s.Challenge(challenge)
}

func readsAndWrites(t *testing.T, o Options, m sasl.Mechanism) {
	t.Helper()
	o.SASL = m
	if err := Create(t.Context(), o, 1); err != nil {
		t.Fatal(err)
	}
	p := ours(t, o)
	if err := p.Produce(t.Context(), []Record{{Value: []byte("v")}}); err != nil {
		t.Fatal(err)
	}
	tp := open(t, o)
	if d := cmp.Diff([]string{"0=v"}, values(readFrom(t, tp, 0, 0))); d != "" {
		t.Fatal(d)
	}
	getsAShare(t, tp, 0)
}
