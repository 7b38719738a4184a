package catalog_test

import (
	"strings"
	"testing"

	"github.com/lakectl/lakectl/catalog"
)

// The words are in every metadata file of a table: one short sentence each.
func TestEveryTableAndColumnSaysWhatItIs(t *testing.T) {
	sentence := func(of, text string) {
		if !strings.HasSuffix(text, ".") || strings.Count(text, ". ") > 0 || len(text) > 150 {
			t.Errorf("%s: %q is no short sentence", of, text)
		}
	}
	for _, spec := range catalog.Specs() {
		sentence(spec.Name, spec.Comment)
		for _, f := range spec.Schema.Fields() {
			sentence(spec.Name+"."+f.Name, f.Doc)
		}
		for _, name := range spec.Sort {
			if _, ok := spec.Schema.FindFieldByName(name); !ok {
				t.Errorf("%s is sorted by %s, which it has not", spec.Name, name)
			}
		}
		for _, id := range spec.Schema.IdentifierFieldIDs {
			if f, ok := spec.Schema.FindFieldByID(id); !ok || !f.Required {
				t.Errorf("%s: key column %d", spec.Name, id)
			}
		}
	}
}

// Package maintain loads the tables in this order, and judges the snapshots of listens by what came after.
func TestListensAreTheFirstTable(t *testing.T) {
	if first := catalog.Specs()[0].Name; first != catalog.Listens {
		t.Errorf("the first table is %s", first)
	}
}
