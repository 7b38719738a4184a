package catalog

import (
	"fmt"
	"slices"

	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/lake"
)

// Names of the tables.
const (
	Listens          = "listens"
	Quarantine       = "quarantine"
	DeletionRequests = "deletion_requests"
	DeletionLog      = "deletion_log"
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
	Sources          = "sources"
)

// personal are the columns that say who listened to what. They get no bounds in manifests.
var personal = []string{"user_id", "listen_id", "raw", "extra", "detail", "client", "subject", "payload"}

// positioned are the tables whose state says how far sources were read. No job can do without; see package ingest.
var positioned = []string{Listens, Quarantine, DeletionRequests}

// column is one column of a table. Field ids follow the order; columns are only ever added at the end.
type column struct {
	name     string
	typ      iceberg.Type
	required bool
}

func must(name string, typ iceberg.Type) column { return column{name, typ, true} }
func may(name string, typ iceberg.Type) column  { return column{name, typ, false} }

var (
	text    = iceberg.PrimitiveTypes.String
	long    = iceberg.PrimitiveTypes.Int64
	integer = iceberg.PrimitiveTypes.Int32
	boolean = iceberg.PrimitiveTypes.Bool
	instant = iceberg.PrimitiveTypes.TimestampTz
	date    = iceberg.PrimitiveTypes.Date
	binary  = iceberg.PrimitiveTypes.Binary
)

// Where a record came from. Unique for one archived copy.
func position() []column {
	return []column{may("source_topic", text), may("source_partition", integer), may("source_offset", long)}
}

// Specs lists every table of the lake, in one place however long. Tables that DuckDB writes have optional columns only: its Parquet
// writer marks no column required.
func Specs() []lake.Spec {
	return []lake.Spec{
		spec(Listens, by("event_time", iceberg.DayTransform{}),
			must("listen_id", text), must("user_id", text), must("track_id", text), must("artist_id", text), must("device", text),
			must("event_time", instant), must("ms_played", integer), may("track_ms", integer), must("country", text), must("tier", text),
			may("client", text), may("offline", boolean), must("received_time", instant), may("extra", text),
			must("source_topic", text), must("source_partition", integer), must("source_offset", long)),
		spec(Quarantine, by("received_time", iceberg.DayTransform{}), append([]column{
			may("raw", binary), may("reason", text), may("detail", text), may("received_time", instant),
			may("user_id", text), may("event_time", instant),
		}, append(position(), may("source_time", instant), may("outcome", text), may("outcome_at", instant))...)...),
		spec(DeletionRequests, unpartitioned, append([]column{
			may("request_id", text), may("subject", text), may("user_id", text), may("requested_at", instant), may("received_time", instant),
			may("from", instant), may("to", instant), may("reason", text),
		}, position()...)...),
		spec(DeletionLog, unpartitioned, append(append([]column{may("request_id", text), may("state", text), may("at", instant)}, position()...),
			may("listens", long), may("quarantine", long), may("listens_counted", long), may("listens_duplicates", long),
			may("listens_snapshot_id", long), may("ledger_snapshot_id", long), may("days", text), may("periods", text),
			may("ledger_rows", text))...),
		spec(ListensCounted, by("event_time", iceberg.MonthTransform{}), append([]column{
			may("listen_id", text), may("user_id", text), may("track_id", text), may("artist_id", text), may("device", text),
			may("event_time", instant), may("ms_played", integer), may("track_ms", integer), may("country", text), may("tier", text),
			may("received_time", instant),
		}, position()...)...),
		spec(Duplicates, by("event_time", iceberg.MonthTransform{}), append(append([]column{
			may("listen_id", text), may("user_id", text), may("event_time", instant), may("received_time", instant),
		}, position()...),
			may("winner_event_time", instant), may("payload", text), may("payload_conflict", boolean), may("other_user", boolean))...),
		spec(RoyaltyLines, by("period", iceberg.IdentityTransform{}),
			may("period", text), may("artist_id", text), may("track_id", text), may("country", text), may("tier", text),
			may("listens", long), may("qualified_listens", long)),
		spec(RoyaltyPayouts, by("period", iceberg.IdentityTransform{}),
			may("period", text), may("country", text), may("tier", text), may("currency", text), may("artist_id", text), may("track_id", text),
			may("qualified_listens", long), may("amount_minor", long)),
		spec(RoyaltyRuns, unpartitioned,
			may("run_id", text), may("period", text), may("cause", text), may("started_at", instant), may("finished_at", instant),
			may("engine", text), may("code_version", text), may("listens_snapshot_id", long), may("ledger_snapshot_id", long),
			may("duplicates_snapshot_id", long), may("positions", text), may("rules_version", long), may("pools_version", long),
			may("lines_snapshot_id", long), may("payouts_snapshot_id", long), may("rows_read", long), may("duplicates", long),
			may("payload_conflicts", long), may("other_users", long), may("lines", long), may("listens", long), may("qualified_listens", long),
			may("undistributed", text), may("checksum", text), may("rules_snapshot_id", long), may("pools_snapshot_id", long),
			may("splits_version", long), may("splits_snapshot_id", long), may("shares_snapshot_id", long), may("adjustments_snapshot_id", long),
			may("closed_version", long), may("listens_committed_at", instant), may("replays", long), may("posted_run_id", text),
			may("settled_run_id", text), may("listens_sequence", long)),
		spec(RoyaltyRules, unpartitioned,
			may("version", long), may("applied_at", instant), may("position", integer), may("id", text), may("track_id", text),
			may("artist_id", text), may("country", text), may("tier", text), may("device", text), may("effective_from", date),
			may("effective_to", date), may("counts", boolean), may("min_ms_played", long), may("min_fraction_e4", long)),
		spec(RoyaltyPools, unpartitioned,
			may("version", long), may("applied_at", instant), may("period", text), may("country", text), may("tier", text),
			may("currency", text), may("amount_minor", long)),
		spec(RoyaltySplits, unpartitioned,
			may("version", long), may("applied_at", instant), may("track_id", text), may("party", text), may("role", text),
			may("basis_points", long), may("effective_from", date), may("effective_to", date)),
		spec(RoyaltyShares, by("period", iceberg.IdentityTransform{}),
			may("period", text), may("country", text), may("tier", text), may("currency", text), may("artist_id", text), may("track_id", text),
			may("party", text), may("role", text), may("amount_minor", long)),
		spec(Adjustments, by("posted_period", iceberg.IdentityTransform{}),
			may("posted_period", text), may("origin_period", text), may("kind", text), may("artist_id", text), may("track_id", text),
			may("country", text), may("tier", text), may("currency", text), may("party", text), may("role", text),
			may("listens", long), may("qualified_listens", long), may("amount_minor", long), may("cause", text), may("run_id", text),
			may("posted_at", instant), may("subjects_through", long)),
		spec(RoyaltyCloses, unpartitioned,
			may("period", text), may("version", long), may("closed_at", instant), may("closed_by", text), may("run_id", text),
			may("tag", text), may("checksum", text), may("missing", text), may("pinned", text)),
		spec(Tracks, unpartitioned,
			may("track_id", text), may("title", text), may("artist_name", text), may("label_id", text), may("label_name", text),
			may("isrc", text), may("valid_from", date), may("valid_to", date)),
		spec(PlaysByHour, by("hour", iceberg.DayTransform{}),
			may("hour", instant), may("artist_id", text), may("track_id", text), may("country", text), may("device", text),
			may("plays", long), may("ms_played", long)),
		spec(Sources, unpartitioned, may("source", text), may("next_line", long), may("finished_at", instant),
			may("listens_snapshot_id", long), may("listens_sequence", long)),
	}
}

// partitioning names the one column a table is partitioned by.
type partitioning struct {
	column    string
	transform iceberg.Transform
}

var unpartitioned partitioning

func by(column string, transform iceberg.Transform) partitioning {
	return partitioning{column, transform}
}

func spec(name string, p partitioning, columns ...column) lake.Spec {
	fields := make([]iceberg.NestedField, len(columns))
	for i, c := range columns {
		fields[i] = iceberg.NestedField{ID: i + 1, Name: c.name, Type: c.typ, Required: c.required}
	}
	s := lake.Spec{Name: name, Schema: iceberg.NewSchema(0, fields...), Properties: properties(columns), StartsOver: !slices.Contains(positioned, name)}
	if p.column == "" {
		return s
	}
	target := p.column
	if _, identity := p.transform.(iceberg.IdentityTransform); !identity {
		target += "_" + p.transform.String()
	}
	part, err := iceberg.NewPartitionSpecOpts(iceberg.AddPartitionFieldByName(p.column, target, p.transform, s.Schema, nil))
	if err != nil {
		panic(fmt.Sprintf("partition spec of %s: %v", name, err)) // the specs are constants
	}
	s.Partition = &part
	return s
}

func properties(columns []column) iceberg.Properties {
	props := iceberg.Properties{
		"format-version":                             "2",
		"write.format.default":                       "parquet",
		"write.parquet.compression-codec":            "zstd",
		"write.delete.mode":                          "merge-on-read",
		"write.update.mode":                          "merge-on-read",
		"write.merge.mode":                           "merge-on-read",
		"write.delete.isolation-level":               "serializable",
		"commit.manifest-merge.enabled":              "true",
		"write.metadata.delete-after-commit.enabled": "true",
		"write.metadata.previous-versions-max":       "20",
		"write.metadata.compression-codec":           "gzip",
		"write.metadata.metrics.default":             "full",
		"history.expire.min-snapshots-to-keep":       "1",
	}
	for _, c := range columns {
		if slices.Contains(personal, c.name) {
			props["write.metadata.metrics.column."+c.name] = "none"
		}
	}
	return props
}
