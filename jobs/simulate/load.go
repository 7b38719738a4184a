package simulate

import (
	"iter"
	"math/rand/v2"
	"time"
)

// LoadOptions describe a bench's load.
type LoadOptions struct {
	Seed           uint64
	Rows           int       // records, second copies and refused ones included; zero: 1,000,000
	Start          time.Time // first day of event time; zero: 2026-03-01
	Days           int       // days of event time, spread evenly; zero: 30
	DuplicateShare float64   // of records, 0 to 1, that are a second copy of an earlier one
	Reach          int       // how many plays back a second copy may go; zero: 1024
	RefusedShare   float64   // of records, 0 to 1, that the archive must not take
	Shuffled       bool      // in no order of time, as when an old archive is sent again: any stretch spans all of the days
	Users          int       // zero: 100,000
	Tracks         int       // zero: 50,000
}

// Load yields Rows records of about 270 bytes in order of received time, evenly
// spaced: valid listens, all distinct, unless options say otherwise. An artist has
// four tracks on average. Each iteration makes the same records anew and keeps
// none.
func Load(o LoadOptions) iter.Seq[Event] {
	o = o.withDefaults()
	return func(yield func(Event) bool) {
		start := o.Start.UnixMicro()
		r := rand.New(rand.NewPCG(o.Seed, 1))
		l := load{r: r, recent: make([]play, o.Reach), svc: newService(r, o.Users, o.Tracks, max(o.Tracks/4, 1), start)}
		duplicate, refused := threshold(o.DuplicateShare), threshold(o.RefusedShare)
		// The oldest event of a record is settleTime before it is received, so
		// that no event lies outside the days asked for.
		step := (int64(o.Days)*day - settleTime) / int64(o.Rows)
		stride := o.stride()
		for i := range o.Rows {
			received := start + settleTime + int64(i*stride%o.Rows)*step
			received -= received % millisecond
			switch x := uint64(r.Uint32()); {
			case x < refused:
				l.refused(received)
			case x < refused+duplicate && l.sent > 0:
				l.again(received, o.Shuffled)
			default:
				l.fresh(received)
			}
			if !yield(l.event) {
				return
			}
		}
	}
}

const settleTime = 30 * minute

func (o LoadOptions) withDefaults() LoadOptions {
	if o.Rows <= 0 {
		o.Rows = 1_000_000
	}
	if o.Start.IsZero() {
		o.Start = time.Date(2026, time.March, 1, 0, 0, 0, 0, time.UTC)
	}
	if o.Days <= 0 {
		o.Days = 30
	}
	if o.Reach <= 0 {
		o.Reach = 1024
	}
	if o.Users <= 0 {
		o.Users = 100_000
	}
	if o.Tracks <= 0 {
		o.Tracks = 50_000
	}
	return o
}

// stride is how far apart in time records follow one another, so that all have their turn. Steps of the golden section
// spread a stretch of any length evenly.
func (o LoadOptions) stride() int {
	if !o.Shuffled {
		return 1
	}
	n := max(o.Rows*618/1000, 1)
	for divisor(n, o.Rows) != 1 {
		n++
	}
	return n
}

// divisor is the greatest that both have.
func divisor(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// threshold is the share of the draws of a Uint32.
func threshold(share float64) uint64 {
	return uint64(min(max(share, 0), 1) * (1 << 32))
}

// load keeps what a second copy may repeat.
type load struct {
	r      *rand.Rand
	svc    *service
	pages  pages
	recent []play
	sent   int // plays so far
	event  Event
}

func (l *load) fresh(received int64) {
	p := l.play(received)
	l.recent[l.sent%len(l.recent)] = p
	l.render(l.sent, &p, received)
	l.sent++
}

// again repeats a play of late, and when now is no time after it, a minute after its end.
func (l *load) again(received int64, shuffled bool) {
	serial := l.sent - 1 - l.r.IntN(min(l.sent, len(l.recent)))
	p := &l.recent[serial%len(l.recent)]
	if shuffled {
		received = p.event + int64(p.ms)*millisecond + minute
		received -= received % millisecond
	}
	l.render(serial, p, received)
}

// refused spoils a play nobody else mentions: its serial is negative.
func (l *load) refused(received int64) {
	p := l.play(received)
	l.render(-1-l.r.IntN(1<<31-1), &p, received)
	l.event.Value = faults[l.r.IntN(len(faults))].spoil(l.event.Value)
}

func (l *load) play(received int64) play {
	user, track := l.svc.byUse.draw(l.r), l.svc.byPlays.draw(l.r)
	ms := heard(l.r, l.svc.tracks[track].ms)
	return play{
		event: received - (int64(ms)+l.r.Int64N(60_000))*millisecond,
		user:  int32(user), track: int32(track), ms: ms,
		device: uint8(pick(l.r, deviceWeights)),
		flags:  lean,
	}
}

func (l *load) render(serial int, p *play, received int64) {
	d := delivery{received: received, user: p.user, ms: p.ms}
	l.event = Event{
		ReceivedTime: received,
		Key:          l.pages.keep(appendUser(l.pages.start(), l.svc.users[p.user].number)),
		Value:        l.pages.keep(l.svc.appendListen(l.pages.start(), l.svc.listenID(serial), p, &d)),
	}
}
