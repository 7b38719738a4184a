package verify

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs/simulate"
	"github.com/lakectl/lakectl/jobs/topic"
	"github.com/lakectl/lakectl/lake"
)

// archived is a lake that has read a number of records of a topic with two partitions, and how to look at it.
func archived(t *testing.T, records int64) (f *fixture, o Options, b *simulate.Broker) {
	t.Helper()
	b, err := simulate.StartBroker("listens", 2)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	to := topic.Options{Brokers: b.Addrs(), Topic: "listens", Log: slog.New(slog.DiscardHandler)}
	p := topic.NewProducer(to)
	for range records {
		if err := p.Produce(t.Context(), []topic.Record{{Partition: 0, Value: []byte("x")}, {Partition: 1, Value: []byte("y")}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	o = Options{Topic: "listens", OpenTopic: func(ctx context.Context) (*topic.Topic, error) { return topic.Open(ctx, to) }}
	tp, err := o.OpenTopic(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tp.Close() //nolint:errcheck // nothing was sent
	f = purged(t, "purged")
	f.positioned(tp.Identity(), map[int]int64{0: records, 1: records})
	purge := time.Now().Truncate(time.Millisecond)
	f.commit(catalog.DeletionLog, []any{"r-1", "purged", purge, "listens", 0, 1})
	for !time.Now().Truncate(time.Millisecond).After(purge) {
		runtime.Gosched()
	}
	f.positioned(tp.Identity(), map[int]int64{0: records + 7, 1: records + 7}) // what came since
	return f, o, b
}

// positioned says that the archive has what a topic has up to some offsets.
func (f *fixture) positioned(id topic.Identity, next map[int]int64) {
	f.t.Helper()
	_, err := f.Commit(context.Background(), catalog.Listens, lake.Commit{Job: "test", Stage: func(lake.Snapshot) (map[string]string, error) {
		return map[string]string{lake.StateKey(lake.PositionsKey): lake.Positions{}.WithTopic(id.Cluster, id.Topic, id.TopicID, next).String()}, nil
	}})
	if err != nil {
		f.t.Fatal(err)
	}
}

// cut deletes the records of a partition before an offset.
func cut(t *testing.T, b *simulate.Broker, partition int32, before int64) {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(b.Addrs()...))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	rp := kmsg.NewDeleteRecordsRequestTopicPartition()
	rp.Partition, rp.Offset = partition, before
	rt := kmsg.NewDeleteRecordsRequestTopic()
	rt.Topic, rt.Partitions = "listens", append(rt.Partitions, rp)
	req := kmsg.NewPtrDeleteRecordsRequest()
	req.Topics = append(req.Topics, rt)
	res, err := req.RequestWith(t.Context(), cl)
	if err != nil || res.Topics[0].Partitions[0].ErrorCode != 0 {
		t.Fatal(err, res)
	}
}

func residual(t *testing.T, r Report, what string) Residual {
	t.Helper()
	i := slices.IndexFunc(r.Residuals, func(one Residual) bool { return one.What == what })
	if i < 0 {
		t.Fatalf("no residual %q in %+v", what, r.Residuals)
	}
	return r.Residuals[i]
}

func TestLookSaysWhatTheTopicStillHasAndUntilWhen(t *testing.T) {
	f, o, b := archived(t, 3)
	cut(t, b, 0, 3)
	cut(t, b, 1, 2)
	env := f.env()
	began := time.Now()
	env.Now = func() time.Time { return began }
	r, err := Look(t.Context(), env, o)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Logs) != 2 || r.Logs[0].Holds || r.Logs[0].Start != 3 || r.Logs[0].StartTime != nil || r.Logs[0].Until != nil {
		t.Fatalf("got logs %+v, want that the first holds nothing", r.Logs)
	}
	l := r.Logs[1]
	if !l.Holds || l.Start != 2 || l.Erased != 3 || l.StartTime == nil || began.Sub(*l.StartTime).Abs() > time.Minute {
		t.Errorf("got %+v", l)
	}
	// Brokers keep seven days in segments of seven days, if nobody says else.
	if l.Until == nil || l.Until.Before(began.Add(14*24*time.Hour)) || l.Until.After(began.Add(15*24*time.Hour)) {
		t.Errorf("got until %v", l.Until)
	}
	one := residual(t, r, "topic")
	if one.Until == nil || !one.Until.Equal(*l.Until) || !strings.Contains(one.Why, "1 of its 2 partitions") {
		t.Errorf("got %+v", one)
	}
}

func TestLookGivesNoDateThatIsOver(t *testing.T) {
	f, o, _ := archived(t, 1)
	env := f.env()
	env.Now = func() time.Time { return time.Now().AddDate(1, 0, 0) }
	r, err := Look(t.Context(), env, o)
	if err != nil {
		t.Fatal(err)
	}
	if one := residual(t, r, "topic"); one.Until != nil || !strings.Contains(one.Why, "2 of its 2 partitions") {
		t.Errorf("got %+v, want that the log still holds the records", one)
	}
}

func TestLookPassesWhereTheTopicCannotBeAsked(t *testing.T) {
	for name, c := range map[string]struct {
		options func(Options) Options
		want    string
	}{
		"nobody said where": {func(Options) Options { return Options{} }, "it was not asked"},
		"no answer": {func(o Options) Options {
			o.OpenTopic = func(context.Context) (*topic.Topic, error) { return nil, errors.New("refused") }
			return o
		}, "no broker answered"},
		"another is configured": {func(o Options) Options { o.Topic = "others"; return o }, "not configured now"},
	} {
		t.Run(name, func(t *testing.T) {
			f, o, _ := archived(t, 1)
			r, err := Look(t.Context(), f.env(), c.options(o))
			if err != nil {
				t.Fatal(err)
			}
			if one := residual(t, r, "topic"); !strings.Contains(one.Why, c.want) || one.Until != nil || len(r.Logs) != 0 {
				t.Errorf("got %+v and %+v, want %q", one, r.Logs, c.want)
			}
		})
	}
	t.Run("another of its name", func(t *testing.T) {
		f, o, _ := archived(t, 1)
		_, o.OpenTopic = another(t)
		r, err := Look(t.Context(), f.env(), o)
		if err != nil {
			t.Fatal(err)
		}
		if one := residual(t, r, "topic"); !strings.Contains(one.Why, "another of its name") || len(r.Logs) != 0 {
			t.Errorf("got %+v and %+v", one, r.Logs)
		}
	})
}

// another is a topic of the same name on another broker.
func another(t *testing.T) (string, func(context.Context) (*topic.Topic, error)) {
	t.Helper()
	_, o, _ := archived(t, 1)
	return o.Topic, o.OpenTopic
}

func TestLookAsksNoBrokerOfALakeWithoutATopic(t *testing.T) {
	f := purged(t, "purged")
	r, err := Look(t.Context(), f.env(), Options{Topic: "listens", OpenTopic: func(context.Context) (*topic.Topic, error) {
		t.Error("the topic was opened")
		return nil, errors.New("not here")
	}})
	if err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(r.Residuals, func(one Residual) bool { return one.What == "topic" }) {
		t.Errorf("got %+v", r.Residuals)
	}
}

func TestLookDatesWhatWasMadeBeforeTheErasure(t *testing.T) {
	f := purged(t, "purged")
	f.commit(catalog.DeletionLog, []any{"r-1", "rows_deleted", at("2026-04-02").Add(time.Hour), "listens", 0, 1})
	r, err := Look(t.Context(), f.env(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for what, want := range map[string]time.Time{"exports": at("2026-04-02").Add(time.Hour), "query engines": at("2026-04-02").Add(time.Hour), "backups": at("2026-04-03"), "other machines": at("2026-04-03")} {
		if got := residual(t, r, what).Before; got == nil || !got.Equal(want) {
			t.Errorf("%s: got %v, want %v", what, got, want)
		}
	}
}

func TestResidualsFitIntoACertificate(t *testing.T) {
	f, o, _ := archived(t, 1)
	f.commit(catalog.DeletionLog, []any{"r-1", "rows_deleted", at("2026-04-02"), "listens", 0, 1})
	for _, o := range []Options{o, {}} {
		r, err := Look(t.Context(), f.env(), o)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range r.Residuals {
			if n := len(one.What + ": " + one.Why + ", if made before 2026-04-02T00:00:00Z"); n > 200 {
				t.Errorf("%s has %d bytes", one.What, n)
			}
			if one.Until != nil && !one.Until.Equal(one.Until.UTC().Truncate(time.Second)) {
				t.Errorf("%s: %v is not in steps of a second", one.What, one.Until)
			}
		}
	}
}
