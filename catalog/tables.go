package catalog

import (
	"slices"

	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/lake"
)

// Namespace holds all tables.
const Namespace = "music"

// LakeIDProperty is the property of every table that says which lake it belongs to.
const LakeIDProperty = "lakectl.lake-id"

// Names of the tables.
const (
	Listens          = "listens"
	Quarantine       = "quarantine"
	DeletionRequests = "deletion_requests"
	DeletionLog      = "deletion_log"
	ErasedFiles      = "erased_files"
	ListensCounted   = "listens_counted"
	Duplicates       = "listens_duplicates"
	RoyaltyLines     = "royalty_lines"
	RoyaltyPayouts   = "royalty_payouts"
	RoyaltyRuns      = "royalty_runs"
	RoyaltyRules     = "royalty_rules"
	RoyaltyPools     = "royalty_pools"
	RoyaltySplits    = "royalty_splits"
	RoyaltyShares    = "royalty_shares"
	RoyaltyCloses    = "royalty_closes"
	Adjustments      = "royalty_adjustments"
	Tracks           = "tracks"
	PlaysByHour      = "plays_by_hour"
	PlaysByDay       = "plays_by_day"
	AudienceByDay    = "audience_by_day"
	ListenersByDay   = "listeners_by_day"
	PlaysChanges     = "plays_changes"
	Sources          = "sources"
	AccessTokens     = "access_tokens"
	RunLease         = "run_lease"
)

// LeaseProperty is the property of run_lease that says which process runs the jobs; "" is none.
const LeaseProperty = "lakectl.run.lease"

// SlotProperty is the property of run_lease that says, RFC 3339, for which moment of its time of day a job ran last.
func SlotProperty(job string) string { return "lakectl.run.slot." + job }

// What columns of several tables are. Comments are one sentence: every commit writes them again.
const (
	aListen    = "Id that the app gave the listen; copies of one listen share it."
	aUser      = "Listener."
	aTrack     = "Track that was played."
	anArtist   = "Artist of the track."
	aDevice    = "Kind of device as it was sent: phone, desktop, tv and others."
	aPlay      = "Start of playback by the device's clock; its UTC day and month count."
	heard      = "Milliseconds heard."
	trackLong  = "Length of the track in milliseconds."
	aCountry   = "Territory of the listener, two letters; ZZ where none was sent."
	aTier      = "Product of the listener, as premium or free; unknown where none was sent."
	anArrival  = "When the collector had the record."
	aPeriod    = "UTC month of the plays, as 2026-03."
	anyCountry = "Territory of the pool, or * for any."
	anyTier    = "Product of the pool, or * for any."
	aCurrency  = "Currency of the amount, as EUR."
	someMoney  = "Amount in minor units of the currency, as cents."
	aParty     = "Who gets the share."
	aRole      = "What the party gets it as."
	aCount     = "Listens, each counted once."
	qualified  = "Listens that qualify by the rules."
	aVersion   = "Version of the whole set, from 1; the newest decides."
	aStore     = "When the version was stored."
	validFrom  = "First UTC day on which it holds; null is since ever."
	validTo    = "UTC day on which it holds no more; null is for ever."
	aRequest   = "Id that the sender gave the request."
	anArchive  = "Snapshot of listens that it was made from."
)

// Where a record came from. Unique for one archived copy.
func position(needed func(string, iceberg.Type, string) column) []column {
	return []column{
		needed("source_topic", text, "Topic or file that the record came from."),
		needed("source_partition", integer, "Partition of the topic; 0 of a file."),
		needed("source_offset", long, "Offset in the partition, or line of the file."),
	}
}

// long: every table of the lake is in one list

// Specs lists every table of the lake, in one place however long, listens first as package maintain needs it. Tables
// that DuckDB writes have optional columns only: its Parquet writer marks no column required.
func Specs() []lake.Spec {
	return slices.Concat(archiveAndPaid(), dashboard(), kept())
}

// archiveAndPaid are the archive, what is made of it to be paid, and what people say about both.
func archiveAndPaid() []lake.Spec {
	return []lake.Spec{
		table{
			name: Listens, partition: by("event_time", iceberg.DayTransform{}), sort: []string{"user_id", "event_time"},
			comment: "Archive: every valid copy of every listen as it was sent, duplicates included; count distinct listen_id, or use listens_counted.",
			key:     []string{"source_topic", "source_partition", "source_offset"},
			columns: append([]column{
				must("listen_id", text, aListen),
				must("user_id", text, aUser),
				must("track_id", text, aTrack),
				must("artist_id", text, anArtist),
				must("device", text, aDevice),
				must("event_time", instant, aPlay),
				must("ms_played", integer, heard),
				may("track_ms", integer, trackLong),
				must("country", text, aCountry),
				must("tier", text, aTier),
				may("client", text, "App and version."),
				may("offline", boolean, "Whether the app kept the listen back while it was offline."),
				must("received_time", instant, anArrival),
				may("extra", text, "All other keys of the record, as one JSON object."),
			}, position(must)...),
		}.spec(),
		table{
			name: Quarantine, partition: by("received_time", iceberg.DayTransform{}),
			comment: "Records that were refused, with the reason; they are kept for a while and can be replayed.",
			columns: append(append([]column{
				may("raw", binary, "The record as it was sent."),
				may("reason", text, "Which check failed, as missing_field."),
				may("detail", text, "What failed it, as the name of the field."),
				may("received_time", instant, "When the record arrived, by its own word or its topic's."),
				may("user_id", text, "Listener, where the record says one."),
				may("event_time", instant, "Start of playback, where the record says it."),
			}, position(may)...),
				may("source_time", instant, "Time that the topic has for the record."),
				may("outcome", text, "What a replay made of it: archived, deletion_requested or suppressed; null while it is refused."),
				may("outcome_at", instant, "When the replay did."),
			),
		}.spec(),
		table{
			name:    DeletionRequests,
			comment: "Requests to erase what a listener played in a window of time; each binds for ever.",
			columns: append([]column{
				may("request_id", text, aRequest),
				may("subject", text, "Keyed hash of the user id; it finds the listener when the id is wiped."),
				may("user_id", text, "Listener; null once the erasure is verified."),
				may("requested_at", instant, "When the listener asked."),
				may("received_time", instant, "When the collector had the request."),
				may("from", instant, "First start of playback to erase; null is since ever."),
				may("to", instant, "Start of playback from which nothing is erased; null is up to the request."),
				may("reason", text, "Reason that was sent."),
			}, position(may)...),
		}.spec(),
		table{
			name:    DeletionLog,
			comment: "What was done for each deletion request: one row a step, told by the request's place in its source; no user ids.",
			columns: append(append([]column{
				may("request_id", text, aRequest),
				may("state", text, "Step that is done: located, rows_deleted, recomputed, purged, verified; or held, released, withdrawn by an operator."),
				may("at", instant, "When; each step is later than all before it."),
			}, position(may)...),
				may("listens", long, "Rows of listens that are to go or went."),
				may("quarantine", long, "Rows of quarantine that are to go or went."),
				may("listens_counted", long, "Rows of listens_counted that are to go or went."),
				may("listens_duplicates", long, "Rows of listens_duplicates that are to go or went."),
				may("listens_snapshot_id", long, "Snapshot of listens up to which it holds."),
				may("ledger_snapshot_id", long, "Snapshot of listens_counted without the rows; of located the last with all of them."),
				may("days", text, "UTC days to recompute, separated by commas."),
				may("periods", text, "Months to recompute, separated by commas."),
				may("ledger_rows", text, "Rows of listens_counted by month, as 2026-03:4,2026-04:1."),
				may("plays_erased", text, "Plays that all requests of the step took of a track on a day, as JSON; only where they are of at least five people."),
				may("why", text, "Why an operator held or withdrew the request, in the operator's words."),
			),
		}.spec(),
		table{
			name: ListensCounted, partition: by("event_time", iceberg.MonthTransform{}),
			comment: "Ledger: each listen once, the copy that counts; royalties are summed from it.",
			columns: append([]column{
				may("listen_id", text, "Id of the listen; unique here."),
				may("user_id", text, aUser),
				may("track_id", text, aTrack),
				may("artist_id", text, anArtist),
				may("device", text, aDevice),
				may("event_time", instant, aPlay),
				may("ms_played", integer, heard),
				may("track_ms", integer, trackLong),
				may("country", text, aCountry),
				may("tier", text, aTier),
				may("received_time", instant, anArrival),
			}, position(may)...),
		}.spec(),
		table{
			name: Duplicates, partition: by("event_time", iceberg.MonthTransform{}),
			comment: "Copies of listens that do not count because another copy does.",
			columns: append(append([]column{
				may("listen_id", text, aListen),
				may("user_id", text, aUser),
				may("event_time", instant, aPlay),
				may("received_time", instant, anArrival),
			}, position(may)...),
				may("winner_event_time", instant, "Start of playback of the copy that counts."),
				may("payload", text, "Hash of what the copy says."),
				may("payload_conflict", boolean, "Whether it says something else than the copy that counts."),
				may("other_user", boolean, "Whether it names another listener than the copy that counts."),
			),
		}.spec(),
		table{
			name: RoyaltyLines, partition: by("period", iceberg.IdentityTransform{}),
			comment: "Listens of each month by artist, track, country and tier, as of the newest run; statements of closed periods are under their tags.",
			columns: []column{
				may("period", text, aPeriod),
				may("artist_id", text, anArtist),
				may("track_id", text, aTrack),
				may("country", text, aCountry),
				may("tier", text, aTier),
				may("listens", long, aCount),
				may("qualified_listens", long, qualified),
			},
		}.spec(),
		table{
			name: RoyaltyPayouts, partition: by("period", iceberg.IdentityTransform{}),
			comment: "What each track gets of each pool; the parts of a pool sum to it.",
			columns: []column{
				may("period", text, aPeriod),
				may("country", text, anyCountry),
				may("tier", text, anyTier),
				may("currency", text, aCurrency),
				may("artist_id", text, anArtist),
				may("track_id", text, aTrack),
				may("qualified_listens", long, qualified),
				may("amount_minor", long, someMoney),
			},
		}.spec(),
		table{
			name:    RoyaltyRuns,
			comment: "Each run of the royalties job, one row a month: what it read and made; a row here publishes the run.",
			columns: []column{
				may("run_id", text, "Run and month."),
				may("period", text, aPeriod),
				may("cause", text, "Why the month was computed again."),
				may("started_at", instant, "When the run began."),
				may("finished_at", instant, "When it was published; the newest of a month holds."),
				may("engine", text, "What computed it."),
				may("code_version", text, "Version of lakectl."),
				may("listens_snapshot_id", long, anArchive),
				may("ledger_snapshot_id", long, "Snapshot of listens_counted."),
				may("duplicates_snapshot_id", long, "Snapshot of listens_duplicates."),
				may("positions", text, "How far each source was archived then."),
				may("rules_version", long, "Version of royalty_rules; 0 is none."),
				may("pools_version", long, "Version of royalty_pools that has the month; 0 is none."),
				may("lines_snapshot_id", long, "Snapshot of royalty_lines; 0 is an empty table."),
				may("payouts_snapshot_id", long, "Snapshot of royalty_payouts; 0 is an empty table."),
				may("rows_read", long, "Copies of listens of the month."),
				may("duplicates", long, "Those of them that do not count."),
				may("payload_conflicts", long, "Copies that say something else than the one that counts."),
				may("other_users", long, "Copies that name another listener than the one that counts."),
				may("lines", long, "Royalty lines of the month."),
				may("listens", long, aCount),
				may("qualified_listens", long, qualified),
				may("undistributed", text, "Pools that nobody earned, as JSON."),
				may("checksum", text, "SHA-256 over the lines; the same lines give the same one anywhere."),
				may("rules_snapshot_id", long, "Snapshot of royalty_rules."),
				may("pools_snapshot_id", long, "Snapshot of royalty_pools."),
				may("splits_version", long, "Version of royalty_splits; 0 is none."),
				may("splits_snapshot_id", long, "Snapshot of royalty_splits."),
				may("shares_snapshot_id", long, "Snapshot of royalty_shares; 0 is an empty table."),
				may("adjustments_snapshot_id", long, "Snapshot of royalty_adjustments; 0 is an empty table."),
				may("closed_version", long, "Version of the statement that the run knew to be closed; 0 is an open period."),
				may("listens_committed_at", instant, "When the snapshot of listens was committed."),
				may("replays", long, "Replays of refused records that listens had."),
				may("posted_run_id", text, "Run through whose inputs differences of the closed period are posted."),
				may("settled_run_id", text, "Newest run of the closed period of which no difference waits."),
				may("listens_sequence", long, "Sequence number of the snapshot of listens."),
			},
		}.spec(),
		table{
			name:    RoyaltyRules,
			comment: "Rules that say which listens qualify: of the newest version the first that matches decides.",
			columns: []column{
				may("version", long, aVersion),
				may("applied_at", instant, aStore),
				may("position", integer, "Place of the rule in its version."),
				may("id", text, "Name of the rule."),
				may("track_id", text, "Track it is for; null is any."),
				may("artist_id", text, "Artist it is for; null is any."),
				may("country", text, "Territory it is for; null is any."),
				may("tier", text, "Product it is for; null is any."),
				may("device", text, "Device it is for; null is any."),
				may("effective_from", date, validFrom),
				may("effective_to", date, validTo),
				may("counts", boolean, "Whether what matches may qualify at all."),
				may("min_ms_played", long, "Fewest milliseconds heard that qualify."),
				may("min_fraction_e4", long, "Or: least part of the track heard that qualifies, in ten-thousandths."),
			},
		}.spec(),
		table{
			name:    RoyaltyPools,
			comment: "Money to share for each month; the newest version that has a month decides, nulls take it back.",
			columns: []column{
				may("version", long, "Version, from 1."),
				may("applied_at", instant, aStore),
				may("period", text, aPeriod),
				may("country", text, anyCountry),
				may("tier", text, anyTier),
				may("currency", text, aCurrency),
				may("amount_minor", long, someMoney),
			},
		}.spec(),
		table{
			name:    RoyaltySplits,
			comment: "Who shares a track's payout; the newest version that has a track decides, nulls take it back.",
			columns: []column{
				may("version", long, "Version, from 1."),
				may("applied_at", instant, aStore),
				may("track_id", text, "Track whose payout is shared."),
				may("party", text, aParty),
				may("role", text, aRole),
				may("basis_points", long, "Part of the payout in ten-thousandths."),
				may("effective_from", date, validFrom),
				may("effective_to", date, validTo),
			},
		}.spec(),
		table{
			name: RoyaltyShares, partition: by("period", iceberg.IdentityTransform{}),
			comment: "What each party gets of a track's payout; payouts without shares go whole to the artist.",
			columns: []column{
				may("period", text, aPeriod),
				may("country", text, anyCountry),
				may("tier", text, anyTier),
				may("currency", text, aCurrency),
				may("artist_id", text, anArtist),
				may("track_id", text, aTrack),
				may("party", text, aParty),
				may("role", text, aRole),
				may("amount_minor", long, someMoney),
			},
		}.spec(),
		table{
			name: Adjustments, partition: by("posted_period", iceberg.IdentityTransform{}),
			comment: "Signed differences between the statement of a closed period and what holds today, posted to an open one.",
			columns: []column{
				may("posted_period", text, "Month that pays the difference."),
				may("origin_period", text, "Closed month that the difference is of."),
				may("kind", text, "What differs: line, payout or share."),
				may("artist_id", text, anArtist),
				may("track_id", text, aTrack),
				may("country", text, "Territory of the line, or of the pool."),
				may("tier", text, "Product of the line, or of the pool."),
				may("currency", text, aCurrency),
				may("party", text, aParty),
				may("role", text, aRole),
				may("listens", long, "Difference in listens."),
				may("qualified_listens", long, "Difference in listens that qualify."),
				may("amount_minor", long, "Difference in minor units of the currency."),
				may("cause", text, "What changed: late listens, deletions, rules, pools, splits and others."),
				may("run_id", text, "Run that posted it."),
				may("posted_at", instant, "When it was posted."),
				may("subjects_through", long, "Of deletions: how many people the differences are about."),
			},
		}.spec(),
		table{
			name:    RoyaltyCloses,
			comment: "Decisions that make a published run the statement of a month.",
			columns: []column{
				may("period", text, aPeriod),
				may("version", long, "Version of the statement, from 1."),
				may("closed_at", instant, "When it was decided."),
				may("closed_by", text, "Who decided."),
				may("run_id", text, "Run whose numbers are the statement."),
				may("tag", text, "Tag of the snapshots that the statement is read from."),
				may("checksum", text, "Checksum of that run."),
				may("missing", text, "What was missing when it was closed all the same."),
				may("pinned", text, "Snapshot of each table that the statement is read from."),
			},
		}.spec(),
		table{
			name:    Tracks,
			comment: "What tracks and labels are called; it has no part in what is paid.",
			columns: []column{
				may("track_id", text, "Track."),
				may("title", text, "Title of the track."),
				may("artist_name", text, "Name of its artist."),
				may("label_id", text, "Label that has the track."),
				may("label_name", text, "Name of the label."),
				may("isrc", text, "International Standard Recording Code."),
				may("valid_from", date, validFrom),
				may("valid_to", date, validTo),
			},
		}.spec(),
	}
}
