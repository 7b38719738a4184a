package listen

import (
	"math"
	"math/rand/v2"
	"testing"
)

// erases is the rule in the words of the contract, to hold Window against.
func erases(d Deletion, eventTime, receivedTime int64) bool {
	if d.From != nil && eventTime < *d.From {
		return false
	}
	if d.To == nil || *d.To > d.ReceivedTime {
		return eventTime < d.ReceivedTime || receivedTime <= d.ReceivedTime
	}
	return eventTime < *d.To
}

func TestWindowCoversWhatTheRequestAskedFor(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	small := func() int64 { return random.Int64N(8) }
	optional := func() *int64 {
		if random.IntN(3) == 0 {
			return nil
		}
		v := small()
		return &v
	}
	for range 100_000 {
		d := Deletion{ReceivedTime: small(), From: optional(), To: optional()}
		event, received := small(), small()
		if got, want := d.Window().Covers(event, received), erases(d, event, received); got != want {
			t.Fatalf("%+v (event %d, received %d) is %v, not %v", d.Window(), event, received, got, want)
		}
	}
}

func TestWindowHasBoundsForEveryRequest(t *testing.T) {
	from, to, later := int64(3), int64(5), int64(11)
	for _, c := range []struct {
		d    Deletion
		want Window
	}{
		{Deletion{ReceivedTime: 10}, Window{math.MinInt64, 10, true, 10}},
		{Deletion{ReceivedTime: 10, From: &from}, Window{3, 10, true, 10}},
		{Deletion{ReceivedTime: 10, From: &from, To: &to}, Window{3, 5, false, 10}},
		{Deletion{ReceivedTime: 10, To: &later}, Window{math.MinInt64, 10, true, 10}},
	} {
		if got := c.d.Window(); got != c.want {
			t.Errorf("%+v, not %+v", got, c.want)
		}
	}
}
