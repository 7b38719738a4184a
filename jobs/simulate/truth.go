package simulate

import (
	"cmp"
	"slices"
	"time"
)

// Truth is what a month holds. Records = Copies + Suppressed + Requests + the
// sum of Refused: every record ends in exactly one place.
type Truth struct {
	From, To time.Time // the month, half-open
	Records  int

	Tally                        // everything archived
	Offline       int            // listens that were buffered
	Conflicts     int            // listens whose archived copies differ in what they say
	Suppressed    int            // copies that arrived after a request that covers them
	Requests      int            // deletion records, retries included
	Refused       map[string]int // by reason
	Periods       []Period       // by event time, in order
	Doubling      Doubling
	Deletions     []Deletion // by the time of the request
	RefusedErased int        // refused records that a request covers
}

// Tally counts archived listens. Duplicates are Copies - Listens.
type Tally struct {
	Listens   int // distinct
	Copies    int
	Qualified int // listens of 30,000 ms and more
}

// Period is one month of event time.
type Period struct {
	Period   string // YYYY-MM
	Archived Tally
	Late     Tally // of those, first received after the period's end; Copies: received after it
	Erased   Tally // of those, covered by a deletion request: listens of which no copy remains
}

// Doubling is the release that sends everything twice and the week it is live.
type Doubling struct {
	Client, Device string
	From, To       time.Time // of event time, half-open
	Tally
}

// Deletion is one request and what it covers.
type Deletion struct {
	RequestID, UserID string
	Received          time.Time // first
	From, To          time.Time // zero: open
	Deliveries        int
	Erased            Tally
	Suppressed        int
}

// Period returns what the truth says of a period, zero if it says nothing.
func (t Truth) Period(name string) Period {
	for _, p := range t.Periods {
		if p.Period == name {
			return p
		}
	}
	return Period{Period: name}
}

// count is a truth in the making.
type count struct {
	Truth
	month   *generator
	copies  []copies // by play
	periods map[int]*Period
}

// copies of one play.
type copies struct {
	archived, erased uint8
	conflict         bool
}

// truth counts the deliveries, which are in order.
func (g *generator) truth() Truth {
	c := &count{month: g, copies: make([]copies, len(g.plays)), periods: map[int]*Period{}}
	c.From, c.To = utc(g.from), utc(g.to)
	c.Records = len(g.deliveries)
	c.Refused = map[string]int{}
	c.Doubling = Doubling{
		Client: doublingClient, Device: deviceNames[web],
		From: utc(g.from + doublingStart), To: utc(g.from + doublingEnd),
	}
	for i := range g.requests {
		c.Deletions = append(c.Deletions, g.deletion(&g.requests[i]))
	}
	for i := range g.deliveries {
		switch d := &g.deliveries[i]; d.kind {
		case ofRequest:
			c.Requests++
			c.Deletions[d.index].Deliveries++
		case ofRefusal:
			c.refusal(&g.refusals[d.index])
		case ofPlay:
			c.delivered(d)
		}
	}
	for i := range g.plays {
		c.listen(i)
	}
	for _, p := range c.periods {
		c.Periods = append(c.Periods, *p)
	}
	slices.SortFunc(c.Periods, func(a, b Period) int { return cmp.Compare(a.Period, b.Period) })
	return c.Truth
}

func (c *count) refusal(f *refusal) {
	c.Refused[f.fault.reason]++
	event := f.received
	if f.fault.timed {
		event = f.event
	}
	if c.month.covering(f.user, event, f.received) >= 0 {
		c.RefusedErased++
	}
}

func (c *count) delivered(d *delivery) {
	p, n := &c.month.plays[d.index], &c.copies[d.index]
	q := c.month.covering(d.user, p.event, d.received)
	if q >= 0 && d.received > c.month.requests[q].received {
		c.Suppressed++
		c.Deletions[q].Suppressed++
		return
	}
	period, end := c.period(p.event)
	n.archived++
	n.conflict = n.conflict || d.user != p.user || d.ms != p.ms
	c.Copies++
	period.Archived.Copies++
	if d.received >= end {
		period.Late.Copies++
	}
	if c.month.svc.doubles(p) {
		c.Doubling.Copies++
	}
	if q >= 0 {
		n.erased++
		period.Erased.Copies++
		c.Deletions[q].Erased.Copies++
	}
}

// listen counts a play whose copies are all counted. The first copy delivered
// is the one that counts, and says what the client recorded.
func (c *count) listen(i int) {
	p, n := &c.month.plays[i], &c.copies[i]
	if n.archived == 0 {
		return
	}
	period, end := c.period(p.event)
	c.Tally.add(p)
	period.Archived.add(p)
	if p.received >= end {
		period.Late.add(p)
	}
	if c.month.svc.doubles(p) {
		c.Doubling.add(p)
	}
	if n.erased == n.archived {
		period.Erased.add(p)
		c.Deletions[c.month.covering(p.user, p.event, p.received)].Erased.add(p)
	}
	if p.flags&offline != 0 {
		c.Offline++
	}
	if n.conflict {
		c.Conflicts++
	}
}

func (t *Tally) add(p *play) {
	t.Listens++
	if p.ms >= 30_000 {
		t.Qualified++
	}
}

// period returns the counts of an event time's month and where that month ends.
func (c *count) period(event int64) (*Period, int64) {
	t := utc(event)
	end := time.Date(t.Year(), t.Month()+1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	key := t.Year()*12 + int(t.Month())
	p := c.periods[key]
	if p == nil {
		p = &Period{Period: t.Format("2006-01")}
		c.periods[key] = p
	}
	return p, end
}

// covering returns the index of the request that covers a copy, or -1.
func (g *generator) covering(user int32, event, received int64) int {
	return slices.IndexFunc(g.requests, func(q request) bool {
		return q.user == user && q.covers(event, received)
	})
}

func (g *generator) deletion(q *request) Deletion {
	d := Deletion{
		RequestID: q.id,
		UserID:    string(appendUser(nil, g.svc.users[q.user].number)),
		Received:  utc(q.received),
	}
	if q.from != sinceEver {
		d.From = utc(q.from)
	}
	if q.to != upToRequest {
		d.To = utc(q.to)
	}
	return d
}

func utc(us int64) time.Time { return time.UnixMicro(us).UTC() }
