package simulate

import "cmp"

// delivery is one record on the topic.
type delivery struct {
	received int64
	index    int32 // in the month's plays, refusals or requests
	kind     kind

	// What this copy of a play says; a retry may differ from the first.
	user, ms int32
}

type kind uint8

const (
	ofPlay kind = iota
	ofRefusal
	ofRequest
)

func byReceived(a, b delivery) int { return cmp.Compare(a.received, b.received) }

// deliver sends every play once, and some again.
func (g *generator) deliver() {
	for i := range g.plays {
		p := &g.plays[i]
		if p.device == laptop && (len(g.refusals) == 0 || g.r.IntN(5000) == 0) {
			g.resetClock(i)
		}
		g.send(i, p.received)
		switch {
		case g.svc.doubles(p):
			g.send(i, p.received+g.between(2, 10)*second)
		case i == g.straddler:
			g.send(i, p.received+3*hour)
		case g.r.IntN(50) == 0 && p.received-p.event < 365*day: // at the limit, a retry is too old
			g.retry(i)
		}
	}
}

// send delivers a copy that says what the first one said.
func (g *generator) send(i int, received int64) *delivery {
	p := &g.plays[i]
	g.deliveries = append(g.deliveries, delivery{
		received: received, index: int32(i), kind: ofPlay, user: p.user, ms: p.ms,
	})
	return &g.deliveries[len(g.deliveries)-1]
}

// retry sends a play again, one in twenty twice more. Four copies in a hundred
// tell another ms_played, and one another user: the phone changed accounts.
func (g *generator) retry(i int) {
	p := &g.plays[i]
	again := p.received + g.retryDelay()
	if again >= g.settled()-minute {
		again = p.received + second
	}
	d := g.send(i, again)
	switch x := g.r.IntN(100); {
	case x < 4:
		d.ms = (p.ms + 1 + g.r.Int32N(60_000)) % 1_200_000
	case x == 4:
		d.user = int32(g.svc.byUse.draw(g.r))
	}
	if g.r.IntN(20) == 0 {
		g.send(i, again+g.between(1, 30)*second)
	}
}

func (g *generator) retryDelay() int64 {
	switch x := g.r.IntN(10); {
	case x < 6:
		return g.between(2, 60) * second
	case x < 9:
		return g.between(1, 60) * minute
	default:
		return g.between(1, 20) * hour
	}
}
