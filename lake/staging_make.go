package lake

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/apache/iceberg-go"
	icecatalog "github.com/apache/iceberg-go/catalog"
	icetable "github.com/apache/iceberg-go/table"
)

// makeStaging makes the table that is on record. A catalog numbers the columns of a new table by their order: where
// those of t have other ids, the table is made without partitions and gets columns, partition spec and sort order once
// more.
func (l *Lake) makeStaging(ctx context.Context, t *Table, s Staging, props iceberg.Properties, order *icetable.SortOrder) (icetable.Metadata, error) {
	beside := l.stagings()
	if err := beside.ensureNamespace(ctx); err != nil {
		return nil, err
	}
	schema := t.writeSchema()
	fresh, err := iceberg.AssignFreshSchemaIDs(schema, nil)
	if err != nil {
		return nil, err
	}
	inOrder := sameFields(fresh, schema)
	location := t.Location() + "/" + s.Folder()
	options := []icecatalog.CreateTableOpt{icecatalog.WithLocation(location), icecatalog.WithProperties(props)}
	if inOrder && t.spec.NumFields() > 0 {
		options = append(options, icecatalog.WithPartitionSpec(&t.spec))
	}
	if inOrder && order != nil {
		options = append(options, icecatalog.WithSortOrder(*order))
	}
	made, err := l.catalog.CreateTable(ctx, beside.identifier(s.Name()), schema, options...)
	if err != nil {
		return nil, fmt.Errorf("create it: %w", err)
	}
	if made.Location() != location {
		return nil, WithHint(fmt.Errorf("the catalog put it at %s: %w", made.Location(), ErrUnsupported), "let the catalog take the location that a table is created with")
	}
	meta := made.Metadata()
	if !inOrder {
		if meta, err = beside.renumber(ctx, s, meta, schema, t.spec, order); err != nil {
			return nil, fmt.Errorf("give its columns their ids: %w", err)
		}
	}
	if !sameFields(meta.CurrentSchema(), schema) {
		return nil, WithHint(fmt.Errorf("the catalog gave its columns other ids than those of %s have: %w", t.name, ErrUnsupported), "run it with the engine of lakectl")
	}
	return meta, nil
}

// renumber gives a new table that has no partitions the columns, the partition spec and the sort order of another.
func (l *Lake) renumber(ctx context.Context, s Staging, made icetable.Metadata, schema *iceberg.Schema, spec iceberg.PartitionSpec, order *icetable.SortOrder) (icetable.Metadata, error) {
	updates := []icetable.Update{icetable.NewAddSchemaUpdate(iceberg.NewSchema(made.CurrentSchema().ID+1, schema.Fields()...)), icetable.NewSetCurrentSchemaUpdate(-1)}
	if spec.NumFields() > 0 {
		var fields []iceberg.PartitionField
		for _, f := range spec.Fields() {
			fields = append(fields, f)
		}
		next := iceberg.NewPartitionSpecID(made.DefaultPartitionSpec()+1, fields...)
		updates = append(updates, icetable.NewAddPartitionSpecUpdate(&next, false), icetable.NewSetDefaultSpecUpdate(-1))
	}
	if order != nil {
		updates = append(updates, icetable.NewAddSortOrderUpdate(order), icetable.NewSetDefaultSortOrderUpdate(-1))
	}
	meta, _, err := l.catalog.CommitTable(ctx, l.identifier(s.Name()), []icetable.Requirement{icetable.AssertTableUUID(made.TableUUID())}, updates)
	return meta, err
}

func sameFields(a, b *iceberg.Schema) bool {
	return slices.EqualFunc(a.Fields(), b.Fields(), func(a, b iceberg.NestedField) bool {
		return a.ID == b.ID && a.Name == b.Name && a.Required == b.Required && a.Type.Equals(b.Type)
	})
}

// stagingProperties are those of the table that say how files are written. The engine may try its commit again, and
// deletes no metadata: all of it goes at once.
func (t *Table) stagingProperties() iceberg.Properties {
	props := t.metricsProperties()
	maps.DeleteFunc(props, func(key, _ string) bool {
		return !strings.HasPrefix(key, "write.metadata.metrics.") && !strings.HasPrefix(key, "write.parquet.") && !strings.HasPrefix(key, "write.format.")
	})
	props["format-version"], props["commit.retry.num-retries"], props["write.metadata.delete-after-commit.enabled"] = fmt.Sprint(formatVersion), "4", "false"
	return props
}
