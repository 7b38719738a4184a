package lake

import (
	"strings"

	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"
)

// ChunkStatistics are the statistics of a column chunk as a footer has them; arrow-go does not name their type.
type ChunkStatistics interface {
	IsSetMin() bool
	IsSetMax() bool
	IsSetMinValue() bool
	IsSetMaxValue() bool
	IsSetNullCount() bool
	GetNullCount() int64
}

// BothEnds tells whether statistics of so many values have both bounds, or need none. Writers leave out a bound that is
// long. Readers of arrow-go then take the text "" for it.
func BothEnds(s ChunkStatistics, values int64) bool {
	least, most := s.IsSetMin() || s.IsSetMinValue(), s.IsSetMax() || s.IsSetMaxValue()
	return least && most || s.IsSetNullCount() && s.GetNullCount() == values
}

// withoutHalfBounds are the metrics properties under which a file gets no bounds of the columns of which a row group
// lacks one. iceberg-go would take those of the other row groups alone, or "", and whoever prunes by them would miss
// rows.
func withoutHalfBounds(props iceberg.Properties, schema *iceberg.Schema, footer *metadata.FileMetaData) iceberg.Properties {
	if props == nil {
		props = iceberg.Properties{}
	}
	for _, group := range footer.RowGroups {
		for i, column := range group.Columns {
			meta := column.MetaData
			if meta == nil || meta.Statistics == nil || BothEnds(meta.Statistics, meta.NumValues) {
				continue
			}
			of := footer.Schema.Column(i)
			name, known := schema.FindColumnName(int(of.SchemaNode().FieldID()))
			if !known {
				name = of.Path()
			}
			const prefix = icetable.MetricsModeColumnConfPrefix + "."
			if !strings.EqualFold(strings.TrimSpace(props[prefix+name]), "none") {
				props[prefix+name] = "counts"
			}
		}
	}
	return props
}
