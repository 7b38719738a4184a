package catalog

// State of the replays of refused records. A replay commits to listens and deletion_requests first and marks the
// rows of quarantine afterwards; these numbers tell whether one was cut off in between.
const (
	// Replays counts the commits that brought refused records into the table. Tables: listens, deletion_requests.
	Replays = "replays"
	// MarkedListens and MarkedRequests are the [Replays] of listens and deletion_requests whose records are marked in
	// quarantine. Table: quarantine.
	MarkedListens  = "replays.listens"
	MarkedRequests = "replays.deletion_requests"
	// ReplaysSuppressed counts refused records that turned out to be covered by a deletion request. On quarantine:
	// those that were marked so. On listens: those that [Suppressed] includes.
	ReplaysSuppressed = "replays.suppressed"
)
