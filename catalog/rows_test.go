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

// structs are those of the tables whose rows Go makes.
var structs = map[string]reflect.Type{
	Quarantine: reflect.TypeFor[RefusedRow](), DeletionRequests: reflect.TypeFor[RequestRow](), DeletionLog: reflect.TypeFor[StepRow](),
	RoyaltyRuns: reflect.TypeFor[RunRow](), RoyaltyRules: reflect.TypeFor[RuleRow](), RoyaltyPools: reflect.TypeFor[PoolRow](),
	RoyaltySplits: reflect.TypeFor[SplitRow](), RoyaltyCloses: reflect.TypeFor[CloseRow](), Tracks: reflect.TypeFor[TrackRow](),
	ErasedFiles: reflect.TypeFor[ErasedRow](), Sources: reflect.TypeFor[SourceRow](), AccessTokens: reflect.TypeFor[AccessRow](),
}

// withoutStruct are the tables whose rows are never one value in Go: the day files hold listens by column, statements
// make the rest, and run_lease has none.
var withoutStruct = []string{
	Listens, ListensCounted, Duplicates, RoyaltyLines, RoyaltyPayouts, RoyaltyShares, Adjustments,
	PlaysByHour, PlaysByDay, AudienceByDay, ListenersByDay, PlaysChanges, RunLease,
}

func TestEveryTableThatGoMakesRowsOfHasAStruct(t *testing.T) {
	named := slices.Sorted(slices.Values(slices.Concat(withoutStruct, slices.Collect(maps.Keys(structs)))))
	var tables []string
	for _, spec := range Specs() {
		tables = append(tables, spec.Name)
	}
	slices.Sort(tables)
	if diff := cmp.Diff(tables, named); diff != "" {
		t.Errorf("name each table once, with its struct or as one that has none (-tables +named)\n%s", diff)
	}
}

func TestEveryStructOfATableHasItsColumns(t *testing.T) {
	for _, spec := range Specs() {
		name := spec.Name
		of, is := structs[name]
		if !is {
			continue
		}
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
