package listen

import "fmt"

// keepScratch is how much of the scratch buffer is kept for the next record.
const keepScratch = 64 << 10

// Decoder turns records into events. Kind says which of the results is set; the next Decode
// overwrites all of them, while the strings in them stay valid.
type Decoder struct {
	Kind     Kind
	Listen   Listen
	Deletion Deletion
	Refusal  Refusal

	limits     Limits
	recordTime int64
	clock      Clock // whose recordTime is
	object     object
	invalid    string // detail of the first invalid field
	strings    arena
	scratch    []byte
}

// NewDecoder returns a Decoder for one goroutine.
func NewDecoder(limits Limits) *Decoder { return &Decoder{limits: limits} }

// Decode reads one record. recordTime, in microseconds, came with it; clock says what it counts for. raw is not written
// to, and not needed once Decode has returned.
func (d *Decoder) Decode(raw []byte, recordTime int64, clock Clock) Kind {
	d.Listen, d.Deletion, d.Refusal = Listen{}, Deletion{}, Refusal{}
	d.recordTime, d.clock = recordTime, clock
	d.invalid = ""
	if cap(d.scratch) > keepScratch {
		d.scratch = nil
	}
	d.Kind = d.decode(raw)
	return d.Kind
}

func (d *Decoder) decode(raw []byte) Kind {
	if fault := d.object.parse(raw); fault != "" {
		return d.refuse(MalformedJSON, fault)
	}
	name, ok := d.readable(fieldType)
	switch {
	case ok && string(name) == "listen":
		return d.listen()
	case ok && string(name) == "deletion":
		return d.deletion()
	case d.object.value(fieldType) == nil:
		return d.refuse(UnknownType, "type is absent")
	}
	return d.refuse(UnknownType, "type is neither listen nor deletion")
}

func (d *Decoder) listen() Kind {
	if f, missing := d.missing(listenRequired); missing {
		return d.refuse(MissingField, f.String())
	}
	l := Listen{
		ListenID:     d.text(fieldListenID),
		UserID:       d.text(fieldUserID),
		TrackID:      d.text(fieldTrackID),
		ArtistID:     d.text(fieldArtistID),
		Device:       d.text(fieldDevice),
		EventTime:    d.instant(fieldEventTime),
		MsPlayed:     d.integer(fieldMsPlayed, 0, maxPlayMs),
		ReceivedTime: d.received(),
		TrackMs:      d.integer(fieldTrackMs, 1, maxPlayMs),
		Country:      d.country(),
		Tier:         d.text(fieldTier),
		Client:       d.text(fieldClient),
		Offline:      d.flag(fieldOffline),
	}
	if d.invalid != "" {
		return d.refuse(InvalidField, d.invalid)
	}
	if exceeds(l.EventTime, l.ReceivedTime, d.limits.MaxAhead.Microseconds()) {
		return d.refuse(EventTimeInFuture, fmt.Sprint("event_time is more than ", d.limits.MaxAhead, " after received_time"))
	}
	if exceeds(l.ReceivedTime, l.EventTime, d.limits.MaxLate.Microseconds()) {
		return d.refuse(EventTimeTooOld, fmt.Sprint("event_time is more than ", d.limits.MaxLate, " before received_time"))
	}
	if l.Tier == "" {
		l.Tier = DefaultTier
	}
	l.Extra = d.extra()
	d.Listen = l
	return IsListen
}

func (d *Decoder) deletion() Kind {
	if f, missing := d.missing(deletionRequired); missing {
		return d.refuse(MissingField, f.String())
	}
	del := Deletion{
		RequestID:    d.text(fieldRequestID),
		UserID:       d.text(fieldUserID),
		RequestedAt:  d.instant(fieldRequestedAt),
		ReceivedTime: d.received(),
		Reason:       d.text(fieldReason),
		From:         d.bound(fieldFrom),
		To:           d.bound(fieldTo),
	}
	if del.From != nil && *del.From >= del.Window().To {
		d.reject(fieldFrom, "not before the end of the window")
	}
	if d.invalid != "" {
		return d.refuse(InvalidField, d.invalid)
	}
	d.Deletion = del
	return IsDeletion
}

// exceeds tells whether a is later than b by more than limit. A Kafka timestamp can be any number at all, so the
// difference is taken where it cannot overflow.
func exceeds(a, b, limit int64) bool {
	return a > b && uint64(a)-uint64(b) > uint64(limit)
}

func (d *Decoder) missing(required []field) (f field, missing bool) {
	for _, f := range required {
		if d.object.empty(f) && !(f == fieldReceivedTime && d.clock != NoClock) {
			return f, true
		}
	}
	return 0, false
}

func (d *Decoder) refuse(reason Reason, detail string) Kind {
	r := Refusal{Reason: reason, Detail: detail, ReceivedTime: d.recordTime, HasReceivedTime: d.clock != NoClock}
	if b, ok := d.readable(fieldUserID); ok {
		r.UserID = d.strings.copy(b)
	}
	if b, ok := d.readable(fieldEventTime); ok {
		r.EventTime, r.HasEventTime = parseInstant(b)
	}
	if b, ok := d.readable(fieldReceivedTime); ok {
		if t, ok := parseInstant(b); ok {
			r.ReceivedTime, r.HasReceivedTime = t, true
		}
	}
	d.Refusal = r
	return IsRefused
}
