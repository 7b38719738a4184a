package listen

// field is a top-level key that the contract knows. A key known for one type only is an unknown key in the other.
type field uint8

const (
	fieldType field = iota
	fieldListenID
	fieldUserID
	fieldTrackID
	fieldArtistID
	fieldDevice
	fieldEventTime
	fieldMsPlayed
	fieldReceivedTime
	fieldTrackMs
	fieldCountry
	fieldTier
	fieldClient
	fieldOffline
	fieldRequestID
	fieldRequestedAt
	fieldReason
	fieldFrom
	fieldTo
	fieldCount

	unknown = fieldCount
)

var fieldNames = [fieldCount]string{
	fieldType:         "type",
	fieldListenID:     "listen_id",
	fieldUserID:       "user_id",
	fieldTrackID:      "track_id",
	fieldArtistID:     "artist_id",
	fieldDevice:       "device",
	fieldEventTime:    "event_time",
	fieldMsPlayed:     "ms_played",
	fieldReceivedTime: "received_time",
	fieldTrackMs:      "track_ms",
	fieldCountry:      "country",
	fieldTier:         "tier",
	fieldClient:       "client",
	fieldOffline:      "offline",
	fieldRequestID:    "request_id",
	fieldRequestedAt:  "requested_at",
	fieldReason:       "reason",
	fieldFrom:         "from",
	fieldTo:           "to",
}

func (f field) String() string { return fieldNames[f] }

// ofListen tells whether f is a field of a listen. The fields of listens come first above.
func (f field) ofListen() bool { return f <= fieldOffline }

// The required fields of each type, in the order in which a missing one is named; received_time is last, and only
// required where the record brings no time of its own.
var (
	listenRequired   = []field{fieldListenID, fieldUserID, fieldTrackID, fieldArtistID, fieldDevice, fieldEventTime, fieldMsPlayed, fieldReceivedTime}
	deletionRequired = []field{fieldRequestID, fieldUserID, fieldRequestedAt, fieldReceivedTime}
)

// fieldOf is a switch, one case per field, and not a map because it runs for every key of every record.
func fieldOf(key []byte) field {
	switch string(key) {
	case "type":
		return fieldType
	case "listen_id":
		return fieldListenID
	case "user_id":
		return fieldUserID
	case "track_id":
		return fieldTrackID
	case "artist_id":
		return fieldArtistID
	case "device":
		return fieldDevice
	case "event_time":
		return fieldEventTime
	case "ms_played":
		return fieldMsPlayed
	case "received_time":
		return fieldReceivedTime
	case "track_ms":
		return fieldTrackMs
	case "country":
		return fieldCountry
	case "tier":
		return fieldTier
	case "client":
		return fieldClient
	case "offline":
		return fieldOffline
	case "request_id":
		return fieldRequestID
	case "requested_at":
		return fieldRequestedAt
	case "reason":
		return fieldReason
	case "from":
		return fieldFrom
	case "to":
		return fieldTo
	}
	return unknown
}
