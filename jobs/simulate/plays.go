package simulate

import "math/rand/v2"

// play is one playback as the client recorded it.
type play struct {
	event    int64 // on the device's clock
	received int64 // of the first delivery, whole milliseconds
	user     int32 // index in service.users
	track    int32 // index in service.tracks
	ms       int32
	device   uint8
	flags    flag
}

// flag says which optional parts of the record this client sends.
type flag uint8

const (
	offline   flag = 1 << iota // buffered, offline: true
	noTrackMs                  // no track_ms
	noPlace                    // neither country nor tier
	extraKeys                  // keys the contract does not name
	lean                       // no client and no offline
)

// listen makes plays until the month has as many as wanted.
func (g *generator) listen() {
	g.plantEdges()
	for !g.full() {
		if g.offline*200 < 3*len(g.plays) { // 1.5 %
			start := g.between(g.from-2*day, g.to)
			length := g.between(36*hour, 8*day)
			g.trip(start, length, start+length+g.between(minute, 20*hour))
			continue
		}
		g.session()
	}
}

func (g *generator) full() bool { return g.inMonth >= g.want }

func (g *generator) add(p play) {
	if p.event >= g.from && p.event < g.to {
		g.inMonth++
	}
	if p.flags&offline != 0 {
		g.offline++
	}
	g.plays = append(g.plays, p)
}

// plantEdges makes the plays no month may lack: on the bounds of the month and of
// the doubling week, on the limits of an acceptable clock and of a qualifying
// play, one to be retried after the month's end, and a buffer drained on the last
// day for late ones.
func (g *generator) plantEdges() {
	for _, edge := range []struct {
		device uint8
		event  int64
	}{
		{phone, g.from - 1},
		{phone, g.from},
		{phone, g.to - 1},
		{phone, g.to},
		{web, g.from + doublingStart},
		{web, g.from + doublingEnd},
	} {
		p := g.record(g.svc.byUse.draw(g.r), edge.device, edge.event)
		p.event = edge.event // whatever the device's clock says
		p.received = g.sent(p.event, p.ms)
		g.add(p)
	}
	for _, off := range []int64{hour, hour, -365 * day, -365 * day} {
		p := g.record(g.svc.byUse.draw(g.r), phone, g.within())
		p.received = g.sent(p.event, p.ms)
		p.event = p.received + off
		g.add(p)
	}
	for _, ms := range []int32{29_999, 30_000} {
		p := g.record(g.svc.byUse.draw(g.r), phone, g.within())
		p.ms = ms
		p.received = g.sent(p.event, ms)
		g.add(p)
	}
	p := g.record(g.svc.byUse.draw(g.r), phone, g.to-2*hour)
	p.received = g.sent(g.to-2*hour, p.ms)
	g.straddler = len(g.plays)
	g.add(p)
	g.trip(g.to-2*day, 36*hour, g.to+8*day+8*hour)
}

// within is some whole millisecond of the month.
func (g *generator) within() int64 {
	return g.from + g.r.Int64N((g.to-g.from)/millisecond)*millisecond
}

// session is one listener on one device for up to an hour.
func (g *generator) session() {
	user := g.svc.byUse.draw(g.r)
	device := uint8(pick(g.r, deviceWeights))
	at := g.sessionStart(user)
	for range 1 + g.r.IntN(15) {
		if g.full() {
			return
		}
		p := g.record(user, device, at)
		p.received = g.sent(at, p.ms)
		g.add(p)
		at += int64(p.ms)*millisecond + g.r.Int64N(5000)*millisecond
	}
}

// hourWeights is the listener's local day, in hundredths.
var hourWeights = []int{2, 1, 1, 1, 1, 2, 4, 6, 6, 5, 5, 4, 5, 5, 5, 5, 6, 7, 7, 6, 5, 5, 3, 3}

// sessionStart lies within two days before the month and three days after it.
func (g *generator) sessionStart(user int) int64 {
	begin, end := g.from-2*day, g.to+3*day
	local := g.r.Int64N((end-begin)/day)*day + int64(pick(g.r, hourWeights))*hour
	local += g.r.Int64N(hour/millisecond) * millisecond
	at := begin + local - countries[g.svc.users[user].country].offset*minute
	switch {
	case at < begin:
		return at + day
	case at >= end:
		return at - day
	}
	return at
}

// trip is a phone or tablet without a network from start on: it plays in a few
// sessions over the length of the trip and sends all of it, oldest first, when
// it is back.
func (g *generator) trip(start, length, back int64) {
	const perSession = 6 // never two hours: sessions stay apart
	user, device := g.svc.byUse.draw(g.r), phone
	if g.r.IntN(5) == 0 {
		device = tablet
	}
	sessions := 2 + g.r.Int64N(5)
	share := length / sessions
	received := back
	for i := range sessions {
		at := start + i*share + g.r.Int64N(share-2*hour)
		at -= at % millisecond
		for range perSession {
			if g.full() {
				return
			}
			p := g.record(user, device, at)
			p.flags |= offline
			received += g.between(80, 400) * millisecond
			p.received = received - received%millisecond
			g.add(p)
			at += int64(p.ms)*millisecond + g.r.Int64N(5000)*millisecond
		}
	}
}

// record is a play that starts at the given true time, not sent yet.
func (g *generator) record(user int, device uint8, at int64) play {
	track := g.svc.byPlays.draw(g.r)
	p := play{
		event:  at,
		user:   int32(user),
		track:  int32(track),
		ms:     heard(g.r, g.svc.tracks[track].ms),
		device: device,
	}
	if device == phone {
		p.event += int64(g.svc.users[user].ahead) * millisecond
	}
	if g.r.IntN(33) == 0 {
		p.flags |= noTrackMs
	}
	if device == speaker && g.r.IntN(20) == 0 {
		p.flags |= noPlace
	}
	if device == laptop && g.r.IntN(4) == 0 {
		p.flags |= extraKeys
	}
	return p
}

// heard is how long a track of that length plays: 31 % under 30 s, of which a
// few 0; half to the end; a few beyond it, after a rewind.
func heard(r *rand.Rand, trackMs int32) int32 {
	switch x := r.IntN(1000); {
	case x < 2:
		return 0
	case x < 310:
		return 1 + min(r.Int32N(29_999), r.Int32N(29_999))
	case x < 815:
		return trackMs
	case x < 820:
		return trackMs + r.Int32N(60_000)
	default:
		return 30_000 + r.Int32N(trackMs-30_000)
	}
}

// sent is when the collector has a play that started at the given time:
// clients report when it ends, mostly within seconds.
func (g *generator) sent(at int64, ms int32) int64 {
	latency := 100 + g.r.Int64N(2400)
	if g.r.IntN(33) == 0 {
		latency = g.r.Int64N(600_000)
	}
	at += (int64(ms) + latency) * millisecond
	return at - at%millisecond
}
