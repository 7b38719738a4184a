package simulate

import (
	"cmp"
	"math"
	"slices"
)

// request is one deletion request.
type request struct {
	id        string
	reason    string
	user      int32
	requested int64
	received  int64 // of the first delivery
	from, to  int64 // sinceEver and upToRequest: open
	nullTo    bool  // an open end is sent as null
}

const (
	sinceEver   int64 = math.MinInt64
	upToRequest int64 = math.MaxInt64
)

// heavyRequest is the index of the request of the heaviest listener.
const heavyRequest = 2

// covers reports whether the request binds a copy. A retry of the request binds
// no more: its user does nothing in between.
func (q *request) covers(event, received int64) bool {
	if event < q.from {
		return false
	}
	if q.to <= q.received {
		return event < q.to
	}
	return event < q.received || received <= q.received
}

// erase adds the deletion requests, and copies that arrive after the request
// that covers them.
func (g *generator) erase() {
	users := g.byListens()
	n := len(users)
	window, ever, since := users[1], users[n/4], users[n/3]
	inWindow, after := g.heardBy(window), g.heardBy(since)
	week := g.plays[inWindow].event - g.plays[inWindow].event%day
	start := g.plays[after].event - g.plays[after].event%day

	g.ask(request{id: "del-1-week", user: window, from: week, to: week + 7*day, reason: "shared device"}, 9*hour+12*minute)
	g.ask(request{id: "del-2-ever", user: ever, from: sinceEver, to: upToRequest}, 17*hour+40*minute)
	g.ask(request{
		id: "del-3-heavy", user: users[0], from: sinceEver, to: upToRequest, nullTo: true,
		reason: "account closed",
	}, day+8*hour+5*minute)
	g.ask(request{id: "del-4-since", user: since, from: start, to: upToRequest}, 2*day+11*hour+30*minute)
	last := len(g.requests) - 1
	g.deliverRequest(last, g.requests[last].received+40*second)

	g.send(inWindow, g.settled()+2*day+20*hour)
	heavy := g.heardBy(users[0])
	g.send(heavy, g.settled()+2*day+21*hour)
	g.send(heavy, g.settled()+2*day+21*hour+4*second)
	unseen := g.record(int(users[0]), tablet, g.to-5*day)
	unseen.received = g.settled() + 3*day + 7*hour
	unseen.flags |= offline
	g.plays = append(g.plays, unseen)
	g.send(len(g.plays)-1, unseen.received)
}

// ask delivers a request so long after the traffic has settled.
func (g *generator) ask(q request, after int64) {
	q.received = g.settled() + after
	q.requested = q.received - 90*second
	g.requests = append(g.requests, q)
	g.deliverRequest(len(g.requests)-1, q.received)
}

func (g *generator) deliverRequest(i int, received int64) {
	g.deliveries = append(g.deliveries, delivery{
		received: received, index: int32(i), kind: ofRequest, user: g.requests[i].user,
	})
}

// byListens returns the users who listened in the month, heaviest first.
func (g *generator) byListens() []int32 {
	listens := make([]int, len(g.svc.users))
	for i := range g.plays {
		if g.heardInMonth(&g.plays[i]) {
			listens[g.plays[i].user]++
		}
	}
	var users []int32
	for u, n := range listens {
		if n > 0 {
			users = append(users, int32(u))
		}
	}
	slices.SortStableFunc(users, func(a, b int32) int { return cmp.Compare(listens[b], listens[a]) })
	return users
}

// heardBy is a play of the user in the month, not one that the doubling release
// reported if there is another: that release sends exactly two copies.
func (g *generator) heardBy(user int32) int {
	found := -1
	for i := range g.plays {
		p := &g.plays[i]
		if p.user != user || !g.heardInMonth(p) {
			continue
		}
		if !g.svc.doubles(p) {
			return i
		}
		found = i
	}
	return found
}

func (g *generator) heardInMonth(p *play) bool { return p.event >= g.from && p.event < g.to }
