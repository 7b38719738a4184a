package catalog

import (
	"fmt"
	"slices"

	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/lake"
)

// personal are the columns that say who listened to what. They get no bounds in manifests.
var personal = []string{"user_id", "listen_id", "raw", "extra", "detail", "client", "subject", "payload", "listeners", "why"}

// Positioned are the tables whose state says how far sources were read, listens first. No job can do without; see
// package ingest.
var Positioned = []string{Listens, Quarantine, DeletionRequests}

// table is one table of the lake.
type table struct {
	name, comment string
	partition     partitioning
	sort          []string // columns by which files are written sorted
	key           []string // required columns that no two rows share; no engine holds anybody to it
	columns       []column
}

// column is one column of a table. Field ids follow the order; columns are only ever added at the end.
type column struct {
	name     string
	typ      iceberg.Type
	required bool
	comment  string
}

func must(name string, typ iceberg.Type, comment string) column {
	return column{name, typ, true, comment}
}

func may(name string, typ iceberg.Type, comment string) column {
	return column{name, typ, false, comment}
}

var (
	text    = iceberg.PrimitiveTypes.String
	long    = iceberg.PrimitiveTypes.Int64
	integer = iceberg.PrimitiveTypes.Int32
	boolean = iceberg.PrimitiveTypes.Bool
	instant = iceberg.PrimitiveTypes.TimestampTz
	date    = iceberg.PrimitiveTypes.Date
	binary  = iceberg.PrimitiveTypes.Binary
)

// partitioning names the one column a table is partitioned by; the zero value is none.
type partitioning struct {
	column    string
	transform iceberg.Transform
}

func by(column string, transform iceberg.Transform) partitioning {
	return partitioning{column, transform}
}

func (t table) spec() lake.Spec {
	fields := make([]iceberg.NestedField, len(t.columns))
	var key []int
	for i, c := range t.columns {
		fields[i] = iceberg.NestedField{ID: i + 1, Name: c.name, Type: c.typ, Required: c.required, Doc: c.comment}
		if slices.Contains(t.key, c.name) {
			key = append(key, i+1)
		}
	}
	s := lake.Spec{
		Name: t.name, Comment: t.comment, Schema: iceberg.NewSchemaWithIdentifiers(0, key, fields...), Sort: t.sort, Properties: properties(t.columns),
		StartsOver: !slices.Contains(Positioned, t.name),
	}
	if t.partition.column == "" {
		return s
	}
	target := t.partition.column
	if _, identity := t.partition.transform.(iceberg.IdentityTransform); !identity {
		target += "_" + t.partition.transform.String()
	}
	part, err := iceberg.NewPartitionSpecOpts(iceberg.AddPartitionFieldByName(t.partition.column, target, t.partition.transform, s.Schema, nil))
	if err != nil {
		panic(fmt.Sprintf("partition spec of %s: %v", t.name, err)) // the specs are constants
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
