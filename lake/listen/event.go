package listen

import "time"

// MicrosPerDay is the length of a UTC day in the unit of all times here.
const MicrosPerDay = 86_400_000_000

// Values of the fields that a listen may leave out.
const (
	DefaultCountry = "ZZ"
	DefaultTier    = "unknown"
)

// Kind says which result of a [Decoder] holds.
type Kind uint8

// The results of a decode. The zero Kind is none of them.
const (
	IsListen Kind = iota + 1
	IsDeletion
	IsRefused
)

// Clock says whose time came with a record, and with it what that time counts for.
type Clock uint8

// The clocks. Either of the last two stands in for a received_time that the record lacks.
const (
	NoClock   Clock = iota // no time came
	GivenTime              // of whoever ingests a file; says nothing about a received_time that is there
	LogClock               // of the log, in milliseconds; a received_time lies at most 1 h after it
)

// Flag is an optional bool.
type Flag uint8

// An optional bool is absent, false or true.
const (
	Unset Flag = iota
	False
	True
)

// Listen is one copy of one playback, as the collector passed it on. Times are microseconds since 1970 UTC.
type Listen struct {
	ListenID, UserID, TrackID, ArtistID, Device string

	EventTime    int64 // start of playback, on the device's clock
	MsPlayed     int64
	ReceivedTime int64
	TrackMs      int64  // length of the track; 0 = absent
	Country      string // two upper-case letters, or DefaultCountry
	Tier         string // or DefaultTier
	Client       string // "" = absent
	Offline      Flag
	Extra        string // the keys unknown here, one JSON object in the order sent; "" = none
}

// Deletion asks for a user's events to be erased. From and To are as sent; [Deletion.Window] says what they mean.
type Deletion struct {
	RequestID, UserID         string
	RequestedAt, ReceivedTime int64
	Reason                    string // "" = absent
	From, To                  *int64
}

// Reason is why a record was refused.
type Reason string

// The reasons in the order in which they are checked; the first that applies is given.
const (
	MalformedJSON     Reason = "malformed_json"
	UnknownType       Reason = "unknown_type"
	MissingField      Reason = "missing_field"
	InvalidField      Reason = "invalid_field"
	EventTimeInFuture Reason = "event_time_in_future"
	EventTimeTooOld   Reason = "event_time_too_old"
)

// Reasons lists all of them, in that order.
func Reasons() []Reason {
	return []Reason{MalformedJSON, UnknownType, MissingField, InvalidField, EventTimeInFuture, EventTimeTooOld}
}

// Refusal is a record that is neither a valid listen nor a valid deletion, with what could still be read of it, so that
// a deletion reaches it too. A field that appears twice counts as unreadable.
type Refusal struct {
	Reason          Reason
	Detail          string // names the field and the rule; for missing_field just the field
	UserID          string // "" = unreadable
	EventTime       int64
	ReceivedTime    int64
	HasEventTime    bool
	HasReceivedTime bool
}

// Limits bound the distance between a device's clock and the time of arrival. The bounds themselves are accepted.
type Limits struct {
	MaxAhead time.Duration
	MaxLate  time.Duration
}

// DefaultLimits accepts one hour ahead and 365 days late.
func DefaultLimits() Limits {
	return Limits{MaxAhead: time.Hour, MaxLate: 365 * 24 * time.Hour}
}
