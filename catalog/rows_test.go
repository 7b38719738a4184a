package catalog

import (
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/apache/iceberg-go"
	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/lake"
)

// fits are the types of fields that a column's values come from.
var fits = map[iceberg.Type][]reflect.Type{
	text:    {reflect.TypeFor[string](), reflect.TypeFor[*string]()},
	binary:  {reflect.TypeFor[[]byte]()},
	boolean: {reflect.TypeFor[bool]()},
	integer: {reflect.TypeFor[int](), reflect.TypeFor[int64]()},
	long:    {reflect.TypeFor[int64](), reflect.TypeFor[*int64]()},
	instant: {reflect.TypeFor[time.Time](), reflect.TypeFor[*time.Time]()},
	date:    {reflect.TypeFor[*time.Time]()},
}

func TestEveryStructOfATableHasItsColumns(t *testing.T) {
	for name, of := range map[string]reflect.Type{
		Quarantine: reflect.TypeFor[RefusedRow](), DeletionRequests: reflect.TypeFor[RequestRow](), DeletionLog: reflect.TypeFor[StepRow](),
		RoyaltyRuns: reflect.TypeFor[RunRow](), RoyaltyRules: reflect.TypeFor[RuleRow](), RoyaltyPools: reflect.TypeFor[PoolRow](),
		RoyaltySplits: reflect.TypeFor[SplitRow](), RoyaltyCloses: reflect.TypeFor[CloseRow](), Tracks: reflect.TypeFor[TrackRow](),
		Sources: reflect.TypeFor[SourceRow](), AccessTokens: reflect.TypeFor[AccessRow](),
	} {
		specs := Specs()
		spec := specs[slices.IndexFunc(specs, func(s lake.Spec) bool { return s.Name == name })]
		fields := lake.RecordColumns(of)
		var columns []string
		for _, f := range spec.Schema.Fields() {
			columns = append(columns, f.Name)
			index, is := fields[f.Name]
			if is && !slices.Contains(fits[f.Type], of.FieldByIndex(index).Type) {
				t.Errorf("%s.%s is %s in the table and %s in %s", name, f.Name, f.Type, of.FieldByIndex(index).Type, of)
			}
		}
		slices.Sort(columns)
		if diff := cmp.Diff(columns, slices.Sorted(maps.Keys(fields))); diff != "" {
			t.Errorf("%s (-columns +fields of %s)\n%s", name, of, diff)
		}
	}
}
