package open

import (
	"encoding/json"
	"testing"

	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"
	"github.com/google/go-cmp/cmp"
)

// A log that a server cannot be told to empty shrinks to one file for one commit, and a process that is killed then
// leaves the next commit to put things right.
func TestALogIsEmptiedInWordsThatServersKnow(t *testing.T) {
	schema := iceberg.NewSchema(0, iceberg.NestedField{ID: 1, Name: "a", Type: iceberg.PrimitiveTypes.Int32})
	for name, kept := range map[string]string{"as many as the table says": "20", "as many as usual": ""} {
		props := iceberg.Properties{}
		if kept != "" {
			props[versionsKept] = kept
		}
		meta, err := icetable.NewMetadata(schema, iceberg.UnpartitionedSpec, icetable.UnsortedSortOrder, "file:///t", props)
		if err != nil {
			t.Fatal(err)
		}
		after := func(meta icetable.Metadata, updates ...icetable.Update) icetable.Metadata {
			t.Helper()
			next, err := icetable.UpdateTableMetadata(meta, translated(meta, updates), "")
			if err != nil {
				t.Fatal(err)
			}
			return next
		}
		emptied := after(meta, icetable.NewSetPropertiesUpdate(iceberg.Properties{"x": "1"}), unknown{})
		if got := emptied.Properties(); got[versionsKept] != "1" || got["x"] != "1" {
			t.Errorf("%s: %v", name, got)
		}
		again := after(emptied, unknown{})
		next := after(again, icetable.NewSetPropertiesUpdate(iceberg.Properties{"x": "2"}))
		props["x"] = "2"
		if diff := cmp.Diff(props, next.Properties()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// unknown is a change that no server knows.
type unknown struct{ icetable.Update }

func (unknown) Action() string { return "lakectl-empty-metadata-log" }

func (unknown) MarshalJSON() ([]byte, error) { return json.Marshal("never sent") }
