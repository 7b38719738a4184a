package catalog

import (
	"slices"
	"strings"

	"github.com/apache/iceberg-go"
)

// Personal tells whether a table holds rows of single listeners, which an erasure must reach. One that is not of this
// lake may.
func Personal(table string) bool {
	for _, spec := range Specs() {
		if spec.Name == table {
			return slices.ContainsFunc(spec.Schema.Fields(), func(f iceberg.NestedField) bool { return slices.Contains(personal, f.Name) })
		}
	}
	return true
}

// PersonalColumns are the columns of a table that say who listened to what. No manifest may have bounds of them.
func PersonalColumns(table string) (names []string) {
	for _, spec := range Specs() {
		for _, f := range spec.Schema.Fields() {
			if spec.Name == table && slices.Contains(personal, f.Name) {
				names = append(names, f.Name)
			}
		}
	}
	return names
}

// ErasedFrom are the tables that an erasure deletes rows of listeners from, in the order in which it does.
var ErasedFrom = []string{Listens, Quarantine, Duplicates, ListensCounted}

// StatementTagPrefix starts the names of tags that closing a period gives. They are the royalties job's own.
const StatementTagPrefix = "royalty-"

// IsStatementTag tells whether a tag of a table is one that closing a period gives.
func IsStatementTag(table, tag string) bool {
	return strings.HasPrefix(tag, StatementTagPrefix) && !Personal(table)
}
