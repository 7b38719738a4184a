package topic

import (
	"testing"
	"time"
)

func TestRetentionIsWhatTheTopicIsConfiguredTo(t *testing.T) {
	for name, c := range map[string]struct {
		configs []string
		want    time.Duration
		limited bool
	}{
		"a day, segments of an hour": {[]string{"retention.ms", "86400000", "segment.ms", "3600000"}, 25*time.Hour + sweeps, true},
		"for ever":                   {[]string{"retention.ms", "-1", "segment.ms", "3600000"}, 0, false},
		"longer than anybody lives":  {[]string{"retention.ms", "9223372036854775807"}, 0, false},
		"compacted":                  {[]string{"cleanup.policy", "compact", "retention.ms", "86400000"}, 0, false},
		"compacted and deleted":      {[]string{"cleanup.policy", "compact,delete", "retention.ms", "1000", "segment.ms", "1000"}, 2*time.Second + sweeps, true},
	} {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(t *testing.T, brokers []string) {
				r, err := open(t, newTopic(t, brokers, 1, c.configs...)).Retention(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if got, limited := r.Longest(); got != c.want || limited != c.limited {
					t.Errorf("got %v, %v of %+v, want %v, %v", got, limited, r, c.want, c.limited)
				}
			})
		})
	}
}

func TestOldestIsTheTimeOfTheFirstRecordThatIsLeft(t *testing.T) {
	onEach(t, func(t *testing.T, brokers []string) {
		o := newTopic(t, brokers, 1, "retention.ms", "-1")
		tp := open(t, o)
		if at, has, err := tp.Oldest(t.Context(), 0, bounds(t, tp, 0)); has || err != nil {
			t.Errorf("empty log: got %v, %v", at, err)
		}
		first, second := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
		p := NewProducer(o)
		defer p.Close() //nolint:errcheck // all is sent
		if err := p.Produce(t.Context(), []Record{{Time: first.UnixMicro(), Value: []byte("a")}, {Time: second.UnixMicro(), Value: []byte("b")}}); err != nil {
			t.Fatal(err)
		}
		is := func(want time.Time) {
			t.Helper()
			if at, has, err := tp.Oldest(t.Context(), 0, bounds(t, tp, 0)); err != nil || !has || !at.Equal(want) {
				t.Errorf("got %v, %v, %v, want %v", at, has, err, want)
			}
		}
		is(first)
		deleteRecords(t, o, 1)
		is(second)
	})
}
