package main

import (
	"context"

	"github.com/lakectl/lakectl/catalog/open"
)

func initVerb() verb {
	return verb{
		Name:  "init",
		Short: "Create what the lake lacks: catalog, tables, the key of the subject hash.",
		Long: `Safe to repeat, also while jobs run: it leaves what exists as it is. Run it after an upgrade too: it gives the tables
the columns of the new version.
Keep a copy of the subject key in your secret store. Without it no deletion request can be matched to listens.`,
		Examples: []string{"lakectl init", "LAKEHOUSE_CATALOG_WAREHOUSE=/data/warehouse lakectl init"},
		Text:     []teller{text(sayInit)},
		Run:      runInit,
	}
}

type initResult struct {
	Warehouse string   `json:"warehouse"`
	Created   []string `json:"created"`
}

func runInit(ctx context.Context, c *call) (any, error) {
	o, err := catalogOptions(c)
	if err != nil {
		return nil, err
	}
	made, err := open.Init(ctx, o)
	return initResult{Warehouse: o.Warehouse, Created: made}, unsupportedIsUsage(err)
}
