package catalog

// State keys: what one table says about another. Jobs meet in tables, and this is the part of that meeting
// which lies in snapshot summaries.
const (
	// CoversListens is the id of the snapshot of listens that the rows of a derived table account for.
	// Tables: listens_counted, listens_duplicates, and those of the dashboard but plays_changes.
	CoversListens = "covers.listens"
	// ChangedByOthers is the sequence number of the newest snapshot of listens with which another engine took rows away
	// or changed them, or before which nobody can tell whether one did. A run over one with a smaller number may never
	// come out the same again. Tables: listens_counted, listens_duplicates.
	ChangedByOthers = "changed-by-others"
	// HandsOver is 1 on listens_duplicates while copies that count are still in it, until the ledger has them.
	HandsOver = "hands-over"
	// CoversDeletionLog is the id of the snapshot of deletion_log whose marked days a table of the dashboard has seen.
	CoversDeletionLog = "covers.deletion_log"
	// CoversLedger is the id of a snapshot of listens_counted. On royalty_runs: through which every period was judged,
	// also the periods in which nothing changed. On tables of the dashboard: with which the marked days were compared.
	CoversLedger = "covers.listens_counted"
	// MarkedDays lists the days (2026-03-01,...) of a table of the dashboard that wait to be compared with what counts.
	MarkedDays = "marked-days"
	// ProvisionalDays lists the days (2026-03-01..2026-03-04,2026-03-06,...) of a table of the dashboard that are not
	// exact: they have rows that the ledger had not counted when they were last compared.
	ProvisionalDays = "provisional-days"
	// FormKey is, on tables of the dashboard, the version of what their rows say; see package rollup.
	FormKey = "form"
	// CutKey names the snapshots of the other tables of the dashboard that belong to one of plays_by_day; see [CutOf].
	CutKey = "cut"
	// ChangesOf is, on plays_changes, the id of the snapshot of plays_by_day on top of which the newest changes come.
	// While plays_by_day is still at it, those of NoticedAt were not published.
	ChangesOf = "changes-of"
	// NoticedAt is, on plays_changes, the noticed_at of the newest changes, in microseconds since 1970.
	NoticedAt = "noticed-at"
	// Erasures counts the commits with which the deletions job took rows out of listens. On listens: those of its line.
	// On deletion_log: how many listens had when all requests were last swept; fewer on listens mean that rows came
	// back.
	Erasures = "erasures"
	// ExplainedErasures is, on tables of the dashboard, when the newest rows_deleted row of deletion_log was written
	// whose days were compared with the ledger, in microseconds since 1970.
	ExplainedErasures = "explained-erasures"
	// NewestEvent is, on tables of the dashboard, the newest event time of the snapshot of listens that they account
	// for, by its [Watermarks], in microseconds since 1970; left out where that has none.
	NewestEvent = "newest-event"
	// Suppressed counts, over the life of listens, records that an earlier deletion request kept out.
	Suppressed = "suppressed"
	// Watermarks holds, as JSON, the newest event time that listens has from each partition of each topic; see
	// [EventTimes].
	Watermarks = "watermarks"
)

// DashboardForm is the value of [FormKey] that this version writes and reads.
const DashboardForm = "2"

// FlushBegan is a summary property (not carried forward) of the snapshots of listens that ingest makes: when
// the batch began to be written, RFC 3339. The snapshot's own time is when it was committed.
const FlushBegan = "lakectl.flush-began"

// MovedDays is a summary property (not carried forward) of the snapshots of listens_counted that an update makes: the
// days in which another copy of a listen counts than before it; see [MovedDaysOf].
const MovedDays = "lakectl.moved-days"

// RequestsThrough is a summary property (not carried forward) of the snapshots of listens that ingest makes:
// the sequence number of the snapshot of deletion_requests against which every row of the commit was
// filtered. A request committed later may cover rows of it, so an erasure sweeps those files.
const RequestsThrough = "lakectl.requests-through"

// RequestsPassed is a summary property (not carried forward) beside [RequestsThrough]: the requests up to there that
// rows of the commit were not filtered against, because they are held or their delay is not over; see [Sequences].
const RequestsPassed = "lakectl.requests-passed"
