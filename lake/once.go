package lake

import (
	"maps"
	"strings"

	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"
)

// retryProperties are the table's properties for the retry of commits. They are for other engines: the library would
// replay a commit without asking whether its base still holds, and end one whose properties make no sense to it.
const retryProperties = "commit.retry."

// once is a table whose commits go to a catalog and are tried once, whatever its properties say; see [rounds].
func once(t *icetable.Table, catalog icetable.CatalogIO) *icetable.Table {
	meta := t.Metadata()
	for key := range t.Properties() {
		if strings.HasPrefix(key, retryProperties) {
			meta = withoutRetry{meta}
			break
		}
	}
	return icetable.New(t.Identifier(), meta, t.MetadataLocation(), t.FS, catalog)
}

// withoutRetry is a table's metadata as seen by the library. What is committed are changes, so the properties stay.
type withoutRetry struct{ icetable.Metadata }

// properties are all of a table's.
func properties(m icetable.Metadata) iceberg.Properties {
	if hidden, ok := m.(withoutRetry); ok {
		return hidden.Metadata.Properties()
	}
	return m.Properties()
}

// Properties are those of the table but for its retry.
func (m withoutRetry) Properties() iceberg.Properties {
	props := maps.Clone(m.Metadata.Properties())
	maps.DeleteFunc(props, func(key, _ string) bool { return strings.HasPrefix(key, retryProperties) })
	return props
}
