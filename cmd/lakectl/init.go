package main

import (
	"context"
	"strings"

	"github.com/lakectl/lakectl/catalog/open"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/reach"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
)

func initVerb() frame.Verb {
	return frame.Verb{
		Name:  "init",
		Short: "Create what the lake lacks: catalog, tables, the key of the subject hash.",
		Long: `Safe to repeat, also while jobs run: it leaves what exists as it is. Run it after an upgrade too: it gives the tables
the columns of the new version.
Keep a copy of the subject key in your secret store. Without it no deletion request can be matched to listens.`,
		Examples: []string{"lakectl init", "LAKEHOUSE_CATALOG_WAREHOUSE=/data/warehouse lakectl init"},
		Text:     []frame.Teller{frame.Text(sayInit)},
		Run:      runInit,
	}
}

type initResult struct {
	Warehouse string   `json:"warehouse"`
	Created   []string `json:"created"`
}

func runInit(ctx context.Context, c *frame.Call) (any, error) {
	o, err := reach.CatalogOptions(c)
	if err != nil {
		return nil, err
	}
	made, err := open.Init(ctx, o)
	return initResult{Warehouse: o.Warehouse, Created: made}, usage.UnsupportedIsUsage(err)
}

func sayInit(p *frame.Page, r initResult) {
	if len(r.Created) == 0 {
		p.Idle("the lake in %s is complete", r.Warehouse)
		return
	}
	p.Say("created in %s: %s", r.Warehouse, strings.Join(r.Created, ", "))
}
