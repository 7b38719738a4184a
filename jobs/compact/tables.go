package compact

import (
	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/lake"
)

// Tables are the tables whose files are compacted, in the order in which a maintenance does: those of which there is
// little first, for they cost next to nothing, and then by how often they are read.
var Tables = []string{
	catalog.DeletionLog, catalog.ErasedFiles, catalog.Sources, catalog.Adjustments,
	catalog.Listens, catalog.ListensCounted, catalog.Duplicates, catalog.Quarantine,
}

// orders says by which statement DuckDB puts the rows of a table in order, as those want them who read it. Listens have
// none: their files are sorted and merged as streams.
var orders = map[string]string{
	catalog.Quarantine:     "compact/refused",
	catalog.ListensCounted: "compact/counted",
	catalog.Duplicates:     "compact/copies",
	catalog.DeletionLog:    "compact/steps",
	catalog.ErasedFiles:    "compact/erased",
	catalog.Sources:        "compact/sources",
	catalog.Adjustments:    "compact/adjustments",
}

// partOf is the partition of a file as [lake.PartitionValue] has it; false where the file does not say it, or lies
// under a partition spec that is not lakectl's.
func partOf(spec iceberg.PartitionSpec, f lake.File) (part any, known bool) {
	if int(f.SpecID()) != spec.ID() {
		return nil, false
	}
	part = lake.PartitionValue(f)
	switch part.(type) {
	case int, string:
		return part, true
	}
	return nil, spec.NumFields() == 0
}

// number tells partitions of the table apart: days and months by their own number, texts by when the run met them
// first.
func (r *run) number(part any) int {
	if n, is := part.(int); is {
		return n
	}
	n, met := r.numbers[part]
	if !met {
		n = len(r.numbers)
		r.numbers[part] = n
	}
	return n
}

// named is a partition as people write it: a day, a month or a text, and "all" where a table has none.
func (r *run) named(g Group) string {
	switch part := g.Part.(type) {
	case int:
		if r.months {
			return lake.Month(part).String()
		}
		return dayText(part)
	case string:
		return part
	}
	return "all"
}

// byMonth tells whether a table is partitioned by the month of a column.
func byMonth(spec iceberg.PartitionSpec) bool {
	if spec.NumFields() == 0 {
		return false
	}
	_, is := spec.Field(0).Transform.(iceberg.MonthTransform)
	return is
}
