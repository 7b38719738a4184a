package lake

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"time"

	"github.com/apache/iceberg-go"
	icecatalog "github.com/apache/iceberg-go/catalog"
	icetable "github.com/apache/iceberg-go/table"
)

// Lake is one namespace of an Iceberg catalog.
type Lake struct {
	catalog   icecatalog.Catalog
	namespace string
	known     Known
	log       *slog.Logger
	unused    *unusedNames
	kept      *keptManifests
	grace     time.Duration // see [DefaultGrace]
}

// New returns the lake of a namespace. It contacts nothing.
func New(catalog icecatalog.Catalog, namespace string, known Known, log *slog.Logger) *Lake {
	return &Lake{catalog: catalog, namespace: namespace, known: known, log: log, unused: &unusedNames{}, kept: newKeptManifests(), grace: DefaultGrace}
}

// Namespace is the name under which the tables lie in the catalog.
func (l *Lake) Namespace() string { return l.namespace }

// Spec is what a table looks like when it is created.
type Spec struct {
	Name       string
	Comment    string
	Schema     *iceberg.Schema        // with what its columns are, for readers, and the columns that no two rows share
	Partition  *iceberg.PartitionSpec // nil: not partitioned
	Sort       []string               // columns by which files are sorted that say so ([Table.SortedDataFile]); nil: none
	Properties iceberg.Properties
	// StartsOver says that whoever goes by the table's state starts over where there is none: state that can no longer
	// be told counts as never set.
	StartsOver bool
}

// Create makes the table when it is missing and reports whether it did. An existing table is left as it is.
func (l *Lake) Create(ctx context.Context, spec Spec) (bool, error) {
	if err := l.ensureNamespace(ctx); err != nil {
		return false, err
	}
	id := l.identifier(spec.Name)
	exists, err := l.catalog.CheckTableExists(ctx, id)
	if err != nil || exists {
		return false, wrap(err, "look up table "+spec.Name)
	}
	properties := iceberg.Properties{columnsKey: columnIDs(spec.Schema.Fields()), wordsKey: wordsOf(spec).text()}
	if spec.Comment != "" {
		properties[commentKey] = spec.Comment
	}
	maps.Copy(properties, spec.Properties)
	options := []icecatalog.CreateTableOpt{icecatalog.WithProperties(properties)}
	if spec.Partition != nil {
		options = append(options, icecatalog.WithPartitionSpec(spec.Partition))
	}
	if len(spec.Sort) > 0 {
		order, err := sortOrder(spec.Sort, spec.Schema.FindFieldByName)
		if err != nil {
			return false, wrap(err, "sort order of "+spec.Name)
		}
		options = append(options, icecatalog.WithSortOrder(order))
	}
	_, err = l.catalog.CreateTable(ctx, id, spec.Schema, options...)
	if errors.Is(err, icecatalog.ErrTableAlreadyExists) {
		return false, nil // another init was faster
	}
	return err == nil, wrap(err, "create table "+spec.Name)
}

func (l *Lake) ensureNamespace(ctx context.Context) error {
	id := icetable.Identifier{l.namespace}
	exists, err := l.catalog.CheckNamespaceExists(ctx, id)
	if err != nil || exists {
		return wrap(err, "look up namespace "+l.namespace)
	}
	err = l.catalog.CreateNamespace(ctx, id, nil)
	if errors.Is(err, icecatalog.ErrNamespaceAlreadyExists) {
		return nil
	}
	return wrap(err, "create namespace "+l.namespace)
}

// Table loads a table as it is now. Load it again for each use: a kept handle goes stale and holds on to
// the manifests it has read. One of the lake's own that does not fit its spec is [ErrUnfit].
func (l *Lake) Table(ctx context.Context, name string) (*Table, error) {
	t, err := l.load(ctx, name)
	if err != nil {
		return nil, err
	}
	if err := t.fit(l.known); err != nil {
		return nil, err
	}
	return t, nil
}

// load loads a table, fit or not.
func (l *Lake) load(ctx context.Context, name string) (*Table, error) {
	t, err := l.catalog.LoadTable(ctx, l.identifier(name))
	if errors.Is(err, icecatalog.ErrNoSuchTable) || errors.Is(err, icecatalog.ErrNoSuchNamespace) {
		return nil, WithHint(fmt.Errorf("table %s.%s: %w", l.namespace, name, ErrNotFound), "list the tables with 'lakectl snapshots'; 'lakectl init' creates those that are missing")
	}
	if err != nil {
		return nil, fmt.Errorf("load table %s: %w", name, err)
	}
	loaded := newTable(name, once(t, afterSweep{l.catalog, sameSwept(t.Properties()[SweptProperty])}))
	loaded.unused, loaded.kept = l.unused, l.kept
	if spec := l.known.spec(name); spec != nil {
		loaded.startsOver = spec.StartsOver
	}
	return loaded, loaded.recall(ctx)
}

// Tables lists the names of the tables there are.
func (l *Lake) Tables(ctx context.Context) ([]string, error) {
	var names []string
	for id, err := range l.catalog.ListTables(ctx, icetable.Identifier{l.namespace}) {
		if errors.Is(err, icecatalog.ErrNoSuchNamespace) {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("list tables: %w", err)
		}
		names = append(names, id[len(id)-1])
	}
	return names, nil
}

func (l *Lake) identifier(name string) icetable.Identifier {
	return icetable.Identifier{l.namespace, name}
}

func wrap(err error, doing string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, err)
}
