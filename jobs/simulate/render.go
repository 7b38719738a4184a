package simulate

import "time"

// pages hands out memory for records without an allocation each. What it handed
// out is never reused.
type pages struct{ free []byte }

const pageBytes = 64 << 10

// start returns an empty slice with room for a usual record.
func (p *pages) start() []byte {
	if cap(p.free) < 1024 {
		p.free = make([]byte, 0, pageBytes)
	}
	return p.free[:0]
}

// keep gives b, built on the last start, to the caller of the package.
func (p *pages) keep(b []byte) []byte {
	if len(b) <= cap(p.free) {
		p.free = p.free[len(b):len(b):cap(p.free)]
	}
	return b[:len(b):len(b)]
}

func (m *Month) event(p *pages, d *delivery) Event {
	key := p.keep(appendUser(p.start(), m.svc.users[d.user].number))
	b := p.start()
	switch d.kind {
	case ofPlay:
		b = m.svc.appendListen(b, m.svc.listenID(int(d.index)), &m.plays[d.index], d)
	case ofRefusal:
		f := &m.refusals[d.index]
		b = m.svc.appendListen(b, m.svc.listenID(f.serial), &f.play, d)
		if f.fault.spoil != nil {
			b = f.fault.spoil(b)
		}
	case ofRequest:
		b = m.requests[d.index].append(b, m.svc.users[d.user].number, d.received)
	}
	return Event{ReceivedTime: d.received, Key: key, Value: p.keep(b)}
}

// appendListen renders one copy of a play.
func (s *service) appendListen(b []byte, id uint64, p *play, d *delivery) []byte {
	u, t := &s.users[d.user], &s.tracks[p.track]
	b = append(b, `{"type":"listen","listen_id":"`...)
	b = appendHex(b, id)
	b = append(b, `","user_id":"`...)
	b = appendUser(b, u.number)
	b = append(b, `","track_id":"t`...)
	b = appendDigits(b, int(t.number), 6)
	b = append(b, `","artist_id":"a`...)
	b = appendDigits(b, int(t.artist), 5)
	b = append(b, `","event_time":"`...)
	b = appendEventTime(b, p, u)
	b = append(b, `","received_time":"`...)
	b = appendTime(b, d.received, 3)
	b = append(b, `Z","ms_played":`...)
	b = appendInt(b, int(d.ms))
	if p.flags&noTrackMs == 0 {
		b = append(b, `,"track_ms":`...)
		b = appendInt(b, int(t.ms))
	}
	b = append(b, `,"device":"`...)
	b = append(b, deviceNames[p.device]...)
	b = append(b, '"')
	b = s.appendOptional(b, p, u)
	return append(b, '}')
}

func (s *service) appendOptional(b []byte, p *play, u *user) []byte {
	if p.flags&noPlace == 0 {
		code := countries[u.country].code
		if p.device == laptop {
			code = countries[u.country].lower
		}
		b = append(append(append(b, `,"country":"`...), code...), '"')
		b = append(append(append(b, `,"tier":"`...), tiers[u.tier]...), '"')
	}
	if p.flags&lean != 0 {
		return b
	}
	if c := s.client(u, p); c != "" {
		b = append(append(append(b, `,"client":"`...), c...), '"')
	}
	switch {
	case p.flags&offline != 0:
		b = append(b, `,"offline":true`...)
	case p.device == phone && u.ios:
		b = append(b, `,"offline":false`...)
	}
	if p.flags&extraKeys != 0 {
		b = append(b, `,"shuffle":true,"context":{"kind":"playlist","name":"Caf\u00e9 \u2615 für später","position":`...)
		b = append(appendInt(b, int(p.track%100)), '}')
	}
	return b
}

// appendEventTime renders what the kind of device sends: phones and tablets
// their local time, speakers nanoseconds, the others UTC to the millisecond.
func appendEventTime(b []byte, p *play, u *user) []byte {
	switch p.device {
	case phone, tablet:
		offset := countries[u.country].offset
		b = appendTime(b, p.event+offset*minute, 3)
		return appendOffset(b, int(offset))
	case speaker:
		b = appendTime(b, p.event, 6)
		return append(b, "789Z"...)
	default:
		return append(appendTime(b, p.event, 3), 'Z')
	}
}

func (q *request) append(b []byte, user int32, received int64) []byte {
	b = append(append(b, `{"type":"deletion","request_id":"`...), q.id...)
	b = appendUser(append(b, `","user_id":"`...), user)
	b = append(appendTime(append(b, `","requested_at":"`...), q.requested, 3), "Z\""...)
	b = append(appendTime(append(b, `,"received_time":"`...), received, 3), "Z\""...)
	if q.reason != "" {
		b = append(append(append(b, `,"reason":"`...), q.reason...), '"')
	}
	if q.from != sinceEver {
		b = append(appendTime(append(b, `,"from":"`...), q.from, 3), "Z\""...)
	}
	switch {
	case q.to != upToRequest:
		b = append(appendTime(append(b, `,"to":"`...), q.to, 3), "Z\""...)
	case q.nullTo:
		b = append(b, `,"to":null`...)
	}
	return append(b, '}')
}

func appendUser(b []byte, number int32) []byte { return appendDigits(append(b, 'u'), int(number), 6) }

// appendTime renders a time without its offset, with at least the given number
// of fractional digits (3 or 6), and 6 when it has microseconds.
func appendTime(b []byte, us int64, digits int) []byte {
	t := time.UnixMicro(us).UTC()
	year, month, dayOfMonth := t.Date()
	h, m, s := t.Clock()
	b = append(appendDigits(b, year, 4), '-')
	b = append(appendDigits(b, int(month), 2), '-')
	b = append(appendDigits(b, dayOfMonth, 2), 'T')
	b = append(appendDigits(b, h, 2), ':')
	b = append(appendDigits(b, m, 2), ':')
	b = append(appendDigits(b, s, 2), '.')
	fraction := t.Nanosecond() / 1000
	if digits == 3 && fraction%1000 == 0 {
		return appendDigits(b, fraction/1000, 3)
	}
	return appendDigits(b, fraction, 6)
}

// appendOffset renders minutes east of UTC.
func appendOffset(b []byte, minutes int) []byte {
	sign := byte('+')
	if minutes < 0 {
		sign, minutes = '-', -minutes
	}
	b = append(appendDigits(append(b, sign), minutes/60, 2), ':')
	return appendDigits(b, minutes%60, 2)
}

// appendDigits renders n with leading zeros, and in full if it is longer.
func appendDigits(b []byte, n, width int) []byte {
	var digits [20]byte
	i := len(digits)
	for ; n > 0 || width > 0; width-- {
		i--
		digits[i] = byte('0' + n%10)
		n /= 10
	}
	return append(b, digits[i:]...)
}

func appendInt(b []byte, n int) []byte { return appendDigits(b, n, 1) }

func appendHex(b []byte, x uint64) []byte {
	for shift := 60; shift >= 0; shift -= 4 {
		b = append(b, "0123456789abcdef"[x>>shift&15])
	}
	return b
}
