package simulate

import (
	"iter"
	"math/rand/v2"
	"slices"
	"time"
)

// Units of every int64 time in this package: microseconds since the epoch.
const (
	millisecond int64 = 1000
	second            = 1000 * millisecond
	minute            = 60 * second
	hour              = 60 * minute
	day               = 24 * hour
)

// Options describe the month to simulate. The zero value is the demo's month.
type Options struct {
	Seed    uint64
	Month   time.Time // any instant of it, in UTC; zero: March 2026
	Listens int       // distinct listens of the month; zero: 200,000; at least 1,000
	Users   int       // zero: one for 20 listens; at least 50
	Tracks  int       // zero: one for 40 listens; at least 20
	Artists int       // zero: one for 4 tracks
}

// Event is one record for the topic. Key and Value belong to the receiver.
type Event struct {
	ReceivedTime int64  // microseconds since the epoch, whole milliseconds
	Key          []byte // the user id
	Value        []byte // JSON, or what a broken client takes for it
}

// Tail is how long after the end of a month the last of its records is received, at most.
const Tail = 13 * 24 * time.Hour

// Month is a simulated month. It does not change once made: any number of
// goroutines may iterate it.
type Month struct {
	svc        *service
	plays      []play
	refusals   []refusal
	requests   []request
	deliveries []delivery // in order of received time
	truth      Truth
}

// New simulates a month.
func New(o Options) *Month {
	o = o.withDefaults()
	from := time.Date(o.Month.UTC().Year(), o.Month.UTC().Month(), 1, 0, 0, 0, 0, time.UTC)
	r := rand.New(rand.NewPCG(o.Seed, 0))
	g := &generator{
		r:    r,
		svc:  newService(r, o.Users, o.Tracks, o.Artists, from.UnixMicro()),
		from: from.UnixMicro(),
		to:   from.AddDate(0, 1, 0).UnixMicro(),
		want: o.Listens,
	}
	g.listen()
	g.deliver()
	g.erase()
	g.spoil()
	slices.SortStableFunc(g.deliveries, byReceived)
	return &Month{
		svc:        g.svc,
		plays:      g.plays,
		refusals:   g.refusals,
		requests:   g.requests,
		deliveries: g.deliveries,
		truth:      g.truth(),
	}
}

func (o Options) withDefaults() Options {
	if o.Month.IsZero() {
		o.Month = time.Date(2026, time.March, 1, 0, 0, 0, 0, time.UTC)
	}
	if o.Listens <= 0 {
		o.Listens = 200_000
	}
	o.Listens = max(o.Listens, 1000)
	if o.Users <= 0 {
		o.Users = o.Listens / 20
	}
	if o.Tracks <= 0 {
		o.Tracks = o.Listens / 40
	}
	o.Users, o.Tracks = max(o.Users, 50), max(o.Tracks, 20)
	if o.Artists <= 0 {
		o.Artists = o.Tracks / 4
	}
	return o
}

// Events yields the month's records in order of received time, every time the
// same.
func (m *Month) Events() iter.Seq[Event] {
	return func(yield func(Event) bool) {
		var p pages
		for i := range m.deliveries {
			if !yield(m.event(&p, &m.deliveries[i])) {
				return
			}
		}
	}
}

// Truth says what the month holds.
func (m *Month) Truth() Truth { return m.truth }

// generator is a month in the making.
type generator struct {
	r        *rand.Rand
	svc      *service
	from, to int64 // the month
	want     int   // listens of the month

	plays      []play
	inMonth    int
	offline    int
	straddler  int // the play that is sent again after the month's end
	refusals   []refusal
	requests   []request
	deliveries []delivery
}

// settled is when the last of the ordinary traffic is in: deletion requests
// come later.
func (g *generator) settled() int64 { return g.to + 9*day }

// between draws from [low, high).
func (g *generator) between(low, high int64) int64 { return low + g.r.Int64N(high-low) }
